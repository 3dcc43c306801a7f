/**
 * Clients that come back, to any server. What was broadcast is kept by all servers alike. The session of a client is at the server that it was connected to: when asked
 * for it, that server hands it over at one place in the order, with what the client has missed up to there.
 */
import type { Origin, Placement } from '../ordered-link.js';
import type { LinkMessage, WireOptions } from '../message.js';
import { encodeMessage, KINDS } from '../message.js';
import { offsetOf, placeOf } from './place.js';
import { Ring } from './ring.js';
import { type Session, Sessions } from './sessions.js';

/** What recovery needs of the adapter. */
export interface RecoveryPort {
  now(): number;
  /** Ends the connection of a client that is here, which persists its session. */
  endLive(pid: string): void;
  /** Asks all other servers; resolves with the first session that is there, or null. */
  ask(pid: string, offset: string): Promise<Taken | null>;
  /** @throws for what cannot be sent */
  submit(message: LinkMessage): void;
  /** @throws for what cannot be sent */
  answer(to: string, message: LinkMessage): void;
  /** The next messages wait until the client is in. */
  hold(): void;
  /** Something cannot be sent. @param kind of each, the first becomes a warning */
  warn(kind: string, why: unknown): void;
}

/** A session that another server has handed over. */
export interface Taken {
  readonly session: Session;
  /** Null: its server cannot say what the client has missed. */
  readonly missed: readonly (readonly unknown[])[] | null;
  /** Messages of this server's count at the place of the question. */
  readonly count: number;
}

/** What the host wants: the arguments of each event, its name first and its offset last. */
export interface Restored {
  readonly sid: string;
  readonly pid: string;
  readonly rooms: readonly string[];
  readonly data: unknown;
  readonly missedPackets: (readonly unknown[])[];
}

export interface RecoveryOptions {
  /** Milliseconds that sessions and packets are kept. */
  readonly maxAgeMs: number;
  /** Bytes of packets that are kept. */
  readonly bytes: number;
  /** Whether sessions are announced, so that they outlive their server. */
  readonly crash: boolean;
}

interface Packet {
  readonly type: number;
  readonly id?: number;
  readonly data: unknown[];
}

/** A packet that carries an event, in the numbers of the host. */
const EVENT = 2;

/** What an entry takes beside its packet: without it, many tiny packets would take several times what they are counted as. */
const ENTRY_BYTES = 200;

/** The size that it would have; null for what cannot be sent: as nobody knows its size, it is not kept. */
function sizeOf(message: LinkMessage): number | null {
  try {
    return encodeMessage(message).length;
  } catch {
    return null;
  }
}

export class Recovery {
  private readonly ring: Ring;
  private readonly sessions: Sessions;

  constructor(
    private readonly port: RecoveryPort,
    private readonly options: RecoveryOptions,
  ) {
    this.ring = new Ring(options.maxAgeMs, options.bytes);
    this.sessions = new Sessions(options.maxAgeMs, (pid) => this.gone(pid));
  }

  /** Messages up to here, in the count of this server. */
  get count(): number {
    return this.ring.count;
  }

  /** A message has its place. */
  placed(how: Placement): void {
    this.ring.step();
    // One that has acted here is at the place where it did. Clients of this server have had it; those of one that is gone need not.
    if (how === 'headless' || (how === 'acted' && this.options.crash)) this.ring.miss();
  }

  begin(view: string): void {
    this.ring.begin(view);
  }

  gap(): void {
    this.ring.clear();
  }

  /**
   * Gives the packet of a broadcast its offset, and keeps it. An event that waits for an answer has none, as with the host.
   * @param bytes size of its message; 0 when it was not sent
   */
  broadcast(packet: Packet, opts: WireOptions, bytes: number): void {
    const { rooms, except, flags } = opts;
    if (packet.type !== EVENT || packet.id !== undefined) return;
    // A volatile event is not repeated. It has an offset all the same: a client takes any text at its end for one.
    packet.data.push(offsetOf(this.ring.place));
    if (flags['volatile'] === true) return;
    const size = bytes > 0 ? bytes : sizeOf({ type: KINDS.broadcast, data: { packet, opts } });
    if (size === null) return this.ring.miss();
    this.ring.keep({ rooms, except }, [...packet.data], size + ENTRY_BYTES, this.port.now());
  }

  /** A client has gone that may come back. */
  persist(session: Session): void {
    this.sessions.persist(session, this.port.now());
  }

  /** A client is here, or its rooms have changed. */
  changed(session: Session): void {
    if (!this.options.crash) return;
    try {
      this.port.submit({ type: KINDS.announce, data: { session } });
    } catch (error) {
      this.port.warn('a session cannot be announced', error);
      // What the others have of it is old.
      this.gone(session.pid);
    }
  }

  /** A client has gone that does not come back. */
  gone(pid: string): void {
    if (this.options.crash) this.port.submit({ type: KINDS.forget, data: { pid } });
  }

  /** Null: the client begins as a new one. */
  async restore(pid: string, offset: string): Promise<Restored | null> {
    return this.restoreHere(pid, offset) ?? (await this.restoreThere(pid, offset));
  }

  /** A message at its place in the order. @returns whether it was one of recovery */
  act({ type, data }: LinkMessage, { sender, fromMe }: Origin): boolean {
    switch (type) {
      case KINDS.take:
        this.give(data as { requestId: string; pid: string; offset: string }, sender, fromMe);
        return true;
      case KINDS.announce:
        if (!fromMe) this.sessions.announce(data['session'] as Session, sender);
        return true;
      case KINDS.forget:
        this.sessions.forget(data['pid'] as string);
        return true;
      default:
        return false;
    }
  }

  members(isMember: (id: string) => boolean, returned: ReadonlyMap<string, string>): void {
    this.sessions.left(isMember, returned, this.port.now());
  }

  private restoreHere(pid: string, offset: string): Restored | null {
    // From what is missed up to the socket that gets it, nothing may come in between.
    this.port.hold();
    const session = this.takeHere(pid);
    if (session === null) return null;
    const missed = this.missed(session, offset);
    return missed && restored(session, missed);
  }

  private async restoreThere(pid: string, offset: string): Promise<Restored | null> {
    if (placeOf(offset) === null) return null;
    const taken = await this.port.ask(pid, offset);
    this.port.hold();
    if (taken?.missed == null) return null;
    const { session, missed, count } = taken;
    const since = this.ring.after(count, session.rooms);
    return since && restored(session, [...missed, ...since]);
  }

  private give(
    request: { requestId: string; pid: string; offset: string },
    sender: string,
    fromMe: boolean,
  ): void {
    const { requestId, pid, offset } = request;
    if (fromMe) return;
    const session = this.takeHere(pid);
    const missed = session && this.missed(session, offset);
    try {
      this.port.answer(sender, { type: KINDS.taken, data: { requestId, session, missed } });
    } catch (error) {
      this.port.warn('a session cannot be handed over', error);
      // The client begins as a new one there.
      this.port.answer(sender, { type: KINDS.taken, data: { requestId, session: null, missed: null } });
    }
  }

  /** The client may be back before its old connection was noticed to be gone. */
  private takeHere(pid: string): Session | null {
    this.port.endLive(pid);
    return this.sessions.take(pid, this.port.now());
  }

  private missed(session: Session, offset: string): (readonly unknown[])[] | null {
    const place = placeOf(offset);
    return place && this.ring.since(place, session.rooms, this.port.now());
  }
}

const restored = ({ sid, pid, rooms, data }: Session, missed: readonly (readonly unknown[])[]): Restored => ({
  sid,
  pid,
  rooms,
  data,
  missedPackets: missed.map((each) => [...each]),
});
