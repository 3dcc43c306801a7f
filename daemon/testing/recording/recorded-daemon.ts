/**
 * The daemon of a replay: it says to its one client what a recording says, at the times of the recording, and keeps what the
 * client sends.
 */
import { Buffer } from 'node:buffer';
import type { ConnectionEvent, DataEvent } from '../../../lib/client/event.js';
import { serviceName, type Service } from '../../../lib/client/send.js';
import { Delivery } from '../../../lib/wire/delivery.js';
import { FrameReader } from '../../../lib/wire/frame-reader.js';
import { ServerHandshake } from '../../../lib/wire/handshake/server-handshake.js';
import { nameField } from '../../../lib/wire/name.js';
import { checkRequest } from '../../../lib/wire/request.js';
import { isRegular, JOIN_MESS, KILL_MESS, LEAVE_MESS, SELF_DISCARD } from '../../../lib/wire/service.js';
import type { PipeEnd } from '../pipe.js';
import type { VirtualTime } from '../time/virtual.js';
import type { PlayedFrame } from './perspective.js';

/** A message that a program has sent. */
export interface SentMessage {
  /** Where it was sent to. */
  readonly groups: readonly string[];
  /** Its body. */
  readonly body: Buffer;
  /** The sender's own number for the kind of message. */
  readonly type: number;
  /** Delivery service that the sender asked for. */
  readonly service: Service;
}

export class RecordedDaemon {
  /** Everything that the client has sent. */
  readonly sent: SentMessage[] = [];
  /** What of it comes back to the client. */
  readonly returning: SentMessage[] = [];
  /** What the recorded member has sent, as far as it came back. */
  readonly expected: SentMessage[] = [];
  /** Whether everything was delivered. */
  isOver = false;
  /** The group whose first view waits until the client asks to join; null: nothing waits. */
  heldFor: string | null = null;
  /** Milliseconds from the beginning of the recording to what was delivered last. */
  at = 0;
  private readonly handshake: ServerHandshake;
  private reader: FrameReader | null = null;
  private readonly wanted = new Set<string>();
  private readonly joined = new Set<string>();
  /** From the times of the recording to those of the replay. */
  private shift = 0;
  private next: PlayedFrame | null = null;
  private rest: (() => void) | null = null;

  constructor(
    private readonly far: PipeEnd,
    private readonly id: string,
    private readonly frames: Iterator<PlayedFrame, boolean>,
    private readonly time: VirtualTime,
  ) {
    this.handshake = new ServerHandshake({
      allowed: ['NULL'],
      required: [],
      reserve: () => id,
      passes: () => true,
    });
    far.on('data', (bytes: Buffer) => this.take(bytes));
    far.on('error', () => undefined);
    far.on('close', () => this.finish());
  }

  private take(bytes: Buffer): void {
    if (this.reader) return this.reader.push(bytes);
    const step = this.handshake.push(bytes);
    if (step.write) this.far.write(step.write);
    if (step.kind !== 'accepted') return;
    const own = nameField(this.id);
    this.reader = new FrameReader({
      header: (chunk, at) => checkRequest(chunk, at, own, this.id.length),
      frame: (chunk, start, end) => this.request(new Delivery(chunk, start, end)),
    });
    this.reader.push(step.rest);
    this.shift = this.time.now;
    this.play();
  }

  private request(request: Delivery): void {
    const { service } = request;
    const groups = request.names();
    if ((service & JOIN_MESS) !== 0) {
      for (const group of groups) this.wanted.add(group);
      if (this.heldFor !== null && this.wanted.has(this.heldFor)) this.release();
    } else if ((service & LEAVE_MESS) !== 0) {
      for (const group of groups) this.wanted.delete(group);
    } else if ((service & KILL_MESS) !== 0) {
      this.finish();
    } else if (isRegular(service)) {
      const sent = {
        groups,
        body: Buffer.from(request.body),
        type: request.messType,
        service: serviceName(service),
      };
      this.sent.push(sent);
      const comesBack = groups.some((group) => this.wanted.has(group)) && (service & SELF_DISCARD) === 0;
      if (comesBack) this.returning.push(sent);
    }
  }

  /** Delivers the next frame when its time has come, and those after it. */
  private play(): void {
    if (this.isOver) return;
    if (this.next === null) {
      const { done, value } = this.frames.next();
      if (done) {
        // The member was lost, as the recorder saw it.
        if (value) this.far.destroySoon();
        return this.finish();
      }
      this.next = value;
    }
    const { at, event } = this.next;
    if (event.kind === 'view' && !this.joined.has(event.group) && !this.wanted.has(event.group)) {
      this.heldFor = event.group;
      this.stand();
      return;
    }
    this.move();
    this.time.timer(Math.max(0, at + this.shift - this.time.now), () => this.deliver());
  }

  private release(): void {
    this.heldFor = null;
    this.shift = this.time.now - (this.next?.at ?? 0);
    this.play();
  }

  private deliver(): void {
    const { next } = this;
    if (next === null || this.isOver) return;
    this.next = null;
    const { at, event, frame } = next;
    this.at = at;
    if (event.kind === 'view') this.joined.add(event.group);
    else if (event.kind === 'data') this.own(event);
    this.leave(event);
    // What does not fit on the way is waited for: a program that does not read stops the replay.
    this.far.write(frame, () => this.play());
  }

  /** The member has left a group, if the event says so. */
  private leave(event: ConnectionEvent): void {
    const isOther = event.kind === 'view' && event.cause === 'leave' && event.changed === this.id;
    if (event.kind !== 'self-leave' && !isOther) return;
    this.joined.delete(event.group);
    this.wanted.delete(event.group);
  }

  private own({ sender, groups, body, type, service }: DataEvent): void {
    if (sender === this.id && groups.some((group) => this.joined.has(group)))
      this.expected.push({ groups, body: Buffer.from(body), type, service });
  }

  private finish(): void {
    this.isOver = true;
    this.stand();
  }

  /** Time passes, whoever waits for it. */
  private move(): void {
    if (this.rest) return;
    void this.time.whilePending(
      new Promise<void>((resolve) => {
        this.rest = resolve;
      }),
    );
  }

  private stand(): void {
    this.rest?.();
    this.rest = null;
  }
}
