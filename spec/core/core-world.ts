/** The core with nothing around it: an order that is a queue, sessions that keep what they get. */
import { Buffer } from 'node:buffer';
import type { Sequencer } from '../../daemon/core/batcher.js';
import { Core } from '../../daemon/core/core.js';
import type { Authorize, LocalSession, SessionSink, SessionTraits } from '../../daemon/core/group.js';
import { type Fault, encodeHead } from '../../daemon/core/report.js';
import type { Slices } from '../../daemon/core/work.js';
import type { SendOptions } from '../../daemon/engine/port.js';
import { Delivery, checkDelivery } from '../../lib/wire/delivery.js';
import { privateGroup } from '../../lib/wire/name.js';
import { checkRequest, encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, KILL_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import { tell } from '../support/describe-frame.js';
import { FIXED_KEY } from '../support/fixed-key.js';

export interface Payload {
  readonly payload: Buffer;
  readonly safe: boolean;
}

/** Keeps what it is given until it is asked for it. */
export class QueueOrder implements Sequencer {
  queue: Payload[] = [];
  /** What `send` answers. */
  more = true;
  /** How often the core said that an exchange is over. */
  proceeded = 0;
  /** Whom the core wants to leave out, and why. */
  readonly excluded: string[] = [];

  send(payload: Buffer, { safe = false }: SendOptions): boolean {
    this.queue.push({ payload, safe });
    return this.more;
  }

  exchangeDone(): void {
    this.proceeded++;
  }

  exclude(faults: readonly Fault[]): void {
    this.excluded.push(...faults.map(({ daemon, text }) => `${daemon}: ${text}`));
  }

  take(): Payload[] {
    const { queue } = this;
    this.queue = [];
    return queue;
  }
}

/** Where a session's frames arrive. */
export class Inbox implements SessionSink {
  isBehind = false;
  isFarBehind = false;
  hasDeferred = false;
  /** What `retry` does. */
  onTurn: () => boolean = () => false;
  /** Called for each frame that came. */
  onFrame: (frame: Delivery, bytes: Buffer) => void = () => undefined;
  readonly frames: Delivery[] = [];
  /** Each call of `deliver` with the number of messages it was said to be. */
  readonly calls: { readonly bytes: Buffer; readonly messages: number }[] = [];
  closed = 0;
  /** The beginning of a frame of which there is more to come. */
  private rest: Buffer | null = null;

  deliver(bytes: Buffer, start: number, end: number, messages: number): void {
    this.calls.push({ bytes: bytes.subarray(start, end), messages });
    if (this.rest !== null) this.cut(Buffer.concat([this.rest, bytes.subarray(start, end)]), 0);
    else this.cut(bytes.subarray(0, end), start);
  }

  private cut(bytes: Buffer, start: number): void {
    let at = start;
    for (; at < bytes.length;) {
      const length = checkDelivery(bytes, at);
      if (at + length > bytes.length) break;
      const frame = new Delivery(bytes, at, at + length);
      this.frames.push(frame);
      this.onFrame(frame, bytes.subarray(at, at + length));
      at += length;
    }
    this.rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : null;
  }

  retry(): boolean {
    return this.onTurn();
  }

  close(): void {
    this.closed++;
  }

  /** Everything that came, in words. */
  get told(): string[] {
    return this.frames.map(tell);
  }
}

/** A session of the daemon under test. */
export class Client {
  readonly inbox = new Inbox();
  readonly session: LocalSession;

  constructor(
    private readonly world: { readonly core: Core },
    name: string,
    membership = true,
    permit: Authorize | null = null,
    address = '',
    traits: SessionTraits = {},
  ) {
    const group = world.core.roster.reserve(name);
    if (typeof group === 'number') throw new Error(`${name} is refused: ${group}`);
    this.session = world.core.open(group, membership, this.inbox, permit, address, traits);
  }

  get name(): string {
    return this.session.privateGroup;
  }

  get told(): string[] {
    return this.inbox.told;
  }

  /** The frame goes into the core as a chunk of its own. */
  submit(frame: Buffer): this {
    const { field, nameLength } = this.session;
    this.world.core.submit(this.session, frame, 0, checkRequest(frame, 0, field, nameLength));
    return this;
  }

  join(group: string): this {
    return this.submit(encodeRequest(JOIN_MESS, this.name, [group]));
  }

  leave(group: string): this {
    return this.submit(encodeRequest(LEAVE_MESS, this.name, [group]));
  }

  disconnect(): this {
    return this.submit(encodeRequest(KILL_MESS, this.name, [this.name]));
  }

  send(text: string, groups: readonly string[], service = AGREED_MESS): this {
    return this.submit(encodeMessage(service, this.name, groups, 0, [Buffer.from(text, 'latin1')]));
  }
}

/** One daemon's core in a daemon view of time 1000, whose first daemon is number 7; other daemons are names. */
export class CoreWorld {
  readonly order = new QueueOrder();
  readonly core: Core;

  constructor(
    readonly daemon = 'd',
    daemons: readonly string[] = [daemon],
    slices?: Slices,
  ) {
    const idOf = (name: string): number => 7 + daemons.indexOf(name);
    this.core = new Core({ name: daemon, id: idOf(daemon), hashKey: FIXED_KEY }, this.order, slices);
    this.core.install({ tag: 1n, daemons, set: [daemon], time: 1000 });
    for (const { payload } of this.order.take()) this.core.exchange(payload, daemon);
    for (const name of daemons.filter((each) => each !== daemon)) {
      const nothing = { past: 0n, times: [], groups: 0, features: 0, requests: [] };
      this.core.exchange(encodeHead(1n, { ...nothing, id: idOf(name), time: 1000 }), name);
    }
  }

  open(name: string, membership = true, permit: Authorize | null = null): Client {
    return new Client(this, name, membership, permit);
  }

  /** A session with compact views. @param subject whom the daemon states it to be */
  openCompact(name: string, subject?: string): Client {
    return new Client(this, name, true, null, '', {
      compact: true,
      ...(subject !== undefined && { subject }),
    });
  }

  /** Orders everything that was submitted, and delivers it. */
  run(): void {
    this.core.flush();
    for (const { payload } of this.order.take()) this.core.deliver(payload);
    this.core.endTurn();
  }

  /** Frames that come through the order from another daemon. */
  deliver(...frames: readonly Buffer[]): void {
    this.core.deliver(Buffer.concat(frames));
  }

  /** Opens sessions that are members of the group, and empties their inboxes of the views until then. */
  members(group: string, ...names: readonly string[]): Client[] {
    const clients = names.map((name) => this.open(name).join(group));
    this.run();
    for (const { inbox } of clients) {
      inbox.frames.length = 0;
      inbox.calls.length = 0;
    }
    return clients;
  }
}

/** Frames of a session of another daemon, as they stand in the order. */
export const remote = (name: string, daemon: string) => {
  const sender = privateGroup(name, daemon);
  return {
    sender,
    join: (group: string): Buffer => encodeRequest(JOIN_MESS, sender, [group]),
    leave: (group: string): Buffer => encodeRequest(LEAVE_MESS, sender, [group]),
    disconnect: (): Buffer => encodeRequest(KILL_MESS, sender, [sender]),
    send: (text: string, groups: readonly string[], service = AGREED_MESS): Buffer =>
      encodeMessage(service, sender, groups, 0, [Buffer.from(text, 'latin1')]),
  };
};
