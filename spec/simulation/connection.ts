/** The client's side of one connection: it speaks the session protocol in bytes, over a socket without a kernel. */
import type { Buffer } from 'node:buffer';
import { ReceivedMessage } from '../../lib/mailbox/received-message.js';
import { checkDelivery } from '../../lib/wire/delivery.js';
import { FrameReader } from '../../lib/wire/frame-reader.js';
import { ClientHandshake } from '../../lib/wire/handshake/client-handshake.js';
import type { SimulatedDaemon } from './daemon.js';
import { FakeSocket } from './fake-socket.js';
import type { Loop } from '../../daemon/testing/time/loop.js';

export interface ConnectionPlan {
  readonly name: string;
  readonly membership: boolean;
  /** Milliseconds to its daemon. */
  readonly latency: number;
  /** Bytes that it reads at once. */
  readonly chunk: number;
  /** Milliseconds between two reads. */
  readonly pause: number;
  /** Bytes that may be on their way to it. */
  readonly socketBytes: number;
}

export interface ConnectionHandler {
  accepted(privateGroup: string): void;
  refused(): void;
  frame(arrival: ReceivedMessage): void;
  /** Comes once, behind everything that was read. */
  ended(): void;
}

export class SimulatedConnection {
  /** Empty until the daemon has accepted it. */
  privateGroup = '';
  isStopped = false;
  private readonly socket: FakeSocket;
  private readonly handshake: ClientHandshake;
  private readonly reader: FrameReader;
  /** Requests that wait for the end of the handshake. */
  private early: (() => void)[] = [];
  private hasEnded = false;
  private isReading = false;
  private lastArrival: number;

  constructor(
    daemon: SimulatedDaemon,
    private readonly plan: ConnectionPlan,
    private readonly loop: Loop,
    private readonly handler: ConnectionHandler,
  ) {
    const { name, membership, socketBytes } = plan;
    this.lastArrival = loop.now;
    this.handshake = new ClientHandshake({ name: name, membership, priority: 0 });
    this.reader = new FrameReader({
      header: checkDelivery,
      frame: (bytes, start, end) => handler.frame(new ReceivedMessage(bytes, start, end)),
    });
    const far = { readable: () => this.readSoon(), ended: () => this.readSoon() };
    this.socket = new FakeSocket(daemon.process, socketBytes, far);
    daemon.accept(this.socket);
    this.write(this.handshake.request());
  }

  /** Nothing is on its way to it. */
  get isIdle(): boolean {
    return this.socket.readableBytes === 0 && this.socket.writableLength === 0;
  }

  /** Does it as soon as the daemon has accepted the connection. */
  whenAccepted(act: () => void): void {
    if (this.privateGroup === '') this.early.push(act);
    else act();
  }

  write(bytes: Buffer): void {
    this.arrive(bytes);
  }

  /** Breaks off: closes its side, or resets the connection. */
  close(how: 'end' | 'reset'): void {
    this.arrive(how);
    this.end();
  }

  stopReading(): void {
    this.isStopped = true;
  }

  readAgain(): void {
    this.isStopped = false;
    this.readSoon();
  }

  /** In the order of the calls. */
  private arrive(what: Buffer | 'end' | 'reset'): void {
    this.lastArrival = Math.max(this.lastArrival, this.loop.now + this.plan.latency);
    this.loop.after(this.lastArrival - this.loop.now, () => this.socket.arrive(what));
  }

  private readSoon(): void {
    if (this.isReading || this.isStopped || this.hasEnded) return;
    this.isReading = true;
    this.loop.after(this.plan.latency + this.plan.pause, () => {
      this.isReading = false;
      if (!this.hasEnded && !this.isStopped) this.read();
    });
  }

  private read(): void {
    for (const chunk of this.socket.take(this.plan.chunk)) {
      if (this.privateGroup === '') this.shake(chunk);
      else this.reader.push(chunk);
      if (this.hasEnded) return;
    }
    if (this.socket.readableBytes > 0) this.readSoon();
    else if (this.socket.destroyed) this.end();
  }

  private shake(chunk: Buffer): void {
    const step = this.handshake.push(chunk);
    if (step.kind === 'refused') {
      this.handler.refused();
      this.end();
      return;
    }
    if (step.write) this.write(step.write);
    if (step.kind !== 'accepted') return;
    this.privateGroup = step.accept.privateGroup;
    this.handler.accepted(this.privateGroup);
    for (const act of this.early.splice(0)) act();
    if (step.rest.length > 0) this.reader.push(step.rest);
  }

  private end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.handler.ended();
  }
}
