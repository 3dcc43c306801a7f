/** A simulated client: speaks the session protocol in bytes and writes down what it sent and saw. */
import { Buffer } from 'node:buffer';
import {
  CAUSED_BY_DISCONNECT,
  CAUSED_BY_JOIN,
  CAUSED_BY_LEAVE,
  checkDelivery,
  ClientHandshake,
  Delivery,
  encodeMessage,
  encodeRequest,
  FrameReader,
  groupIdText,
  isRegularMembership,
  isSelfLeave,
  isTransition,
  JOIN_MESS,
  KILL_MESS,
  LEAVE_MESS,
  readGroupId,
  readMembershipBody,
  readVsSet,
} from '../../lib/wire/index.js';
import type { Entry, SessionLog, ViewEntry } from '../support/checks/log.js';
import type { SimulatedDaemon } from './daemon.js';
import { FakeSocket } from './fake-socket.js';
import type { Loop } from './loop.js';
import type { ClientPlan } from './plan.js';
import { tellEntry } from './tell.js';
import type { Trace } from './trace.js';

interface Connection {
  readonly socket: FakeSocket;
  readonly handshake: ClientHandshake;
  readonly reader: FrameReader;
  log: SessionLog | null;
  /** Requests that wait for the end of the handshake. */
  early: (() => void)[];
  hasEnded: boolean;
  isReading: boolean;
}

const SEPARATOR = '\n';

export class SimulatedClient {
  readonly logs: SessionLog[] = [];
  /** Connections that the daemon refused. */
  refusals = 0;
  isStopped = false;
  private connection: Connection | null = null;
  private connections = 0;
  private messages = 0;
  private lastArrival = 0;

  constructor(
    readonly plan: ClientPlan,
    private readonly loop: Loop,
    private readonly socketBytes: number,
    private readonly trace: Trace,
  ) {}

  get log(): SessionLog | null {
    return this.connection?.log ?? null;
  }

  get isConnected(): boolean {
    return this.connection !== null;
  }

  /** Nothing is on its way to it. */
  get isIdle(): boolean {
    const { connection } = this;
    if (connection === null) return true;
    return connection.socket.readableBytes === 0 && connection.socket.writableLength === 0;
  }

  connect(daemon: SimulatedDaemon | null): void {
    if (this.connection || !daemon) return;
    const { name, membership } = this.plan;
    this.connections++;
    const far = { readable: () => this.readSoon(), ended: () => this.readSoon() };
    const socket = new FakeSocket(daemon.process, this.socketBytes, far);
    const connection: Connection = {
      socket,
      handshake: new ClientHandshake({ privateName: name, membership, priority: 0 }),
      reader: new FrameReader({
        header: checkDelivery,
        frame: (bytes, start, end) => this.frame(new Delivery(bytes, start, end)),
      }),
      log: null,
      early: [],
      hasEnded: false,
      isReading: false,
    };
    this.connection = connection;
    this.lastArrival = this.loop.now;
    daemon.accept(socket);
    this.write(connection.handshake.request());
  }

  join(group: string): void {
    this.request(() => {
      this.note({ kind: 'join', group });
      this.write(encodeRequest(JOIN_MESS, this.privateGroup, [group]));
    });
  }

  leave(group: string): void {
    this.request(() => {
      this.note({ kind: 'leave', group });
      this.write(encodeRequest(LEAVE_MESS, this.privateGroup, [group]));
    });
  }

  send(groups: readonly string[], service: number, size: number, count: number): void {
    this.request(() => {
      const frames: Buffer[] = [];
      for (let i = 0; i < count; i++) {
        const id = `${this.log?.session}:${++this.messages}`;
        const body = Buffer.alloc(Math.max(size, id.length + 1), 0x2e);
        body.write(id + SEPARATOR, 'latin1');
        this.note({ kind: 'send', id, groups, service });
        frames.push(encodeMessage(service, this.privateGroup, groups, 0, [body]));
      }
      this.write(Buffer.concat(frames));
    });
  }

  disconnect(): void {
    this.request(() => {
      this.note({ kind: 'disconnect' });
      if (this.log) this.log.end = 'disconnected';
      this.write(encodeRequest(KILL_MESS, this.privateGroup, [this.privateGroup]));
    });
  }

  /** Breaks off: closes its side, or resets the connection. */
  close(how: 'end' | 'reset'): void {
    const { connection } = this;
    if (!connection) return;
    if (connection.log?.end === 'open') connection.log.end = 'killed';
    this.trace.note(this.plan.name, () => (how === 'end' ? 'closes' : 'resets'));
    this.arrive(connection, how);
    this.end(connection);
  }

  stopReading(): void {
    this.isStopped = true;
  }

  readAgain(): void {
    this.isStopped = false;
    this.readSoon();
  }

  private get privateGroup(): string {
    return this.log?.privateGroup ?? '';
  }

  private request(act: () => void): void {
    const { connection } = this;
    if (!connection || connection.log?.end === 'disconnected') return;
    if (connection.log) act();
    else connection.early.push(act);
  }

  private write(bytes: Buffer): void {
    const { connection } = this;
    if (connection) this.arrive(connection, bytes);
  }

  /** In the order of the calls. */
  private arrive({ socket }: Connection, what: Buffer | 'end' | 'reset'): void {
    this.lastArrival = Math.max(this.lastArrival, this.loop.now + this.plan.latency);
    this.loop.after(this.lastArrival - this.loop.now, () => socket.arrive(what));
  }

  private readSoon(): void {
    const { connection } = this;
    if (!connection || connection.isReading || this.isStopped) return;
    connection.isReading = true;
    this.loop.after(this.plan.latency + this.plan.pause, () => {
      connection.isReading = false;
      if (this.connection === connection && !this.isStopped) this.read(connection);
    });
  }

  private read(connection: Connection): void {
    for (const chunk of connection.socket.take(this.plan.chunk)) {
      if (connection.log) connection.reader.push(chunk);
      else this.shake(connection, chunk);
      if (this.connection !== connection) return;
    }
    if (connection.socket.readableBytes > 0) this.readSoon();
    else if (connection.socket.destroyed) this.end(connection);
  }

  private shake(connection: Connection, chunk: Buffer): void {
    const step = connection.handshake.push(chunk);
    if (step.kind === 'refused') {
      this.refusals++;
      this.end(connection);
      return;
    }
    if (step.write) this.write(step.write);
    if (step.kind !== 'accepted') return;
    const { privateGroup } = step.accept;
    connection.log = {
      session: `${privateGroup}~${this.connections}`,
      privateGroup,
      daemon: `d${this.plan.daemon + 1}`,
      membership: this.plan.membership,
      entries: [],
      end: 'open',
    };
    this.logs.push(connection.log);
    for (const act of connection.early.splice(0)) act();
    if (step.rest.length > 0) connection.reader.push(step.rest);
  }

  private end(connection: Connection): void {
    if (connection.hasEnded) return;
    connection.hasEnded = true;
    if (connection.log?.end === 'open') connection.log.end = 'closed';
    this.trace.note(this.plan.name, () => 'is at the end of the stream');
    if (this.connection === connection) this.connection = null;
  }

  private note(entry: Entry): void {
    this.log?.entries.push(entry);
    this.trace.note(this.plan.name, () => tellEntry(entry));
  }

  private frame(delivery: Delivery): void {
    const { service, name } = delivery;
    if (isRegularMembership(service)) this.note(viewOf(delivery));
    else if (isTransition(service)) {
      this.note({
        kind: 'transition',
        group: name,
        gid: groupIdText(readGroupId(delivery.body, 0, delivery.little)),
      });
    } else if (isSelfLeave(service)) this.note({ kind: 'self-leave', group: name });
    else {
      const { body } = delivery;
      const id = body.toString('latin1', 0, body.indexOf(SEPARATOR));
      this.note({ kind: 'data', id, sender: name, groups: delivery.names(), service });
    }
  }
}

function viewOf(delivery: Delivery): ViewEntry {
  const { body, service, little } = delivery;
  const { id, sets, ownSet } = readMembershipBody(body, 0, body.length, little);
  const names = sets.map((set) => readVsSet(body, 0, set));
  const cause = causeOf(service);
  return {
    kind: 'view',
    group: delivery.name,
    gid: groupIdText(id),
    cause,
    changed: cause === 'network' ? null : (names[0]?.[0] ?? null),
    members: delivery.names(),
    sets: names,
    own: ownSet,
  };
}

function causeOf(service: number): ViewEntry['cause'] {
  if ((service & CAUSED_BY_JOIN) !== 0) return 'join';
  if ((service & CAUSED_BY_LEAVE) !== 0) return 'leave';
  return (service & CAUSED_BY_DISCONNECT) === 0 ? 'network' : 'disconnect';
}
