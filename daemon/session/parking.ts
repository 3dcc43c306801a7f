/**
 * Sessions whose connection has ended, and that are kept for a while because their clients asked for it: they stay members, and
 * nobody sees anything of it. Nothing is queued for them: a client that comes back reads what it has missed from the ring.
 */
import type { Clock, Timer } from '../../lib/util/clock.js';
import { nameField, privateGroup } from '../../lib/wire/name.js';
import type { Core } from '../core/core.js';
import type { LocalSession, SessionSink } from '../core/group.js';
import type { ResumeSink } from '../core/resume-state.js';
import type { BatchTick } from './batch-tick.js';
import type { EndReason } from './end-reason.js';
import type { SessionLimits } from './limits.js';

interface ParkingHost {
  readonly core: Core;
  readonly clock: Clock;
  readonly limits: SessionLimits;
  readonly tick: BatchTick;
  /** The session's disconnect has its place in the order. */
  nameFreed(): void;
}

/** Milliseconds between two looks at a return that waits to take over a session whose time is over. */
export const HEIR_LOOK = 100;

/** Whether a connection that ended so may have been lost against the will of its client. */
const isLoss = (reason: EndReason): boolean => /^(closed|broken|silent|slow-.*)$/.test(reason);

export class Parking {
  private readonly parked = new Map<LocalSession, ParkedSession>();
  /** Those of each address, the one that was parked first first. */
  private readonly addresses = new Map<string, Set<LocalSession>>();
  /** Sessions that another connection is about to take over, with the number of these. */
  private readonly expected = new Map<LocalSession, number>();

  constructor(private readonly host: ParkingHost) {}

  /** Sessions without a connection. */
  get size(): number {
    return this.parked.size;
  }

  /** Another connection may take the session over: until it has said so, or has ended, it is worth waiting for. */
  expect(session: LocalSession): void {
    this.expected.set(session, (this.expected.get(session) ?? 0) + 1);
  }

  /** It has taken it over, or has ended: then the session that waited just for it has nothing to wait for. */
  settle(session: LocalSession): void {
    const left = (this.expected.get(session) ?? 0) - 1;
    if (left > 0) {
      this.expected.set(session, left);
      return;
    }
    this.expected.delete(session);
    if (this.parked.has(session) && session.resume?.holdMs === 0) this.end(session);
  }

  /** The connection of a session has ended. @returns whether the session is kept, and not to be ended */
  keep(session: LocalSession, reason: EndReason): boolean {
    const { resume } = session;
    if (resume === null || session.leaving || !isLoss(reason)) return false;
    const { limits } = this.host;
    const wait = this.expected.has(session) ? limits.handshakeTimeoutMs : 0;
    const milliseconds = Math.max(resume.holdMs, wait);
    if (milliseconds === 0) return false;
    this.makeRoomFor(session);
    const parked = new ParkedSession(
      () => {
        this.parked.delete(session);
        this.forget(session);
        this.host.tick.schedule();
      },
      () => this.host.nameFreed(),
    );
    this.endAfter(milliseconds, session, resume.sid, parked);
    this.parked.set(session, parked);
    this.of(session.address).add(session);
    session.outlet = parked;
    resume.sink = parked;
    resume.isCaughtUp = false;
    resume.onReplaced = () => parked.end();
    return true;
  }

  /**
   * A newcomer wants this private name: a session without a connection does not keep it. Nor does it from its own client, in a
   * newer try, which cannot take it over yet.
   * @param sid of the session that the newcomer has proved to be; null for none
   */
  yieldName(name: string, sid: bigint | null, attempt: number): void {
    const { roster, name: daemon } = this.host.core;
    const session = roster.find(nameField(privateGroup(name, daemon)), 0);
    if (!session?.resume || !this.parked.has(session)) return;
    const { resume } = session;
    if (resume.sid !== sid || attempt > resume.attempt) this.end(session);
  }

  /** Nobody is kept any more; the daemon stops. */
  stop(): void {
    for (const parked of Array.from(this.parked.values())) parked.end();
  }

  /** An address has as many as it may have connections. Where there are too many in all, the address with the most loses its oldest. */
  private makeRoomFor({ address }: LocalSession): void {
    const { maxSessions, maxSessionsPerAddress } = this.host.limits;
    const own = this.of(address);
    let loser = own;
    if (this.parked.size >= maxSessions) {
      for (const each of this.addresses.values()) if (each.size > loser.size) loser = each;
    } else if (maxSessionsPerAddress === 0 || own.size < maxSessionsPerAddress) return;
    const [oldest] = loser;
    if (oldest) this.end(oldest);
  }

  private of(address: string): Set<LocalSession> {
    const known = this.addresses.get(address);
    if (known) return known;
    const sessions = new Set<LocalSession>();
    this.addresses.set(address, sessions);
    return sessions;
  }

  /** Its time is over then, or when a return that waits to take it over has done so, or has given up. */
  private endAfter(milliseconds: number, session: LocalSession, sid: bigint, parked: ParkedSession): void {
    const { core, clock } = this.host;
    const end = (): void => {
      if (core.submission.returns.isWaiting(sid)) this.endAfter(HEIR_LOOK, session, sid, parked);
      else this.end(session);
    };
    parked.timer = clock.after(milliseconds, end).unref();
  }

  private forget(session: LocalSession): void {
    const sessions = this.addresses.get(session.address);
    sessions?.delete(session);
    if (sessions?.size === 0) this.addresses.delete(session.address);
  }

  private end(session: LocalSession): void {
    this.parked.get(session)?.end();
    this.host.core.disconnect(session, true);
  }
}

/** What is there of the session instead of a connection. */
class ParkedSession implements SessionSink, ResumeSink {
  readonly isBehind = false;
  readonly isFarBehind = false;
  readonly hasDeferred = false;
  /** At which its time is over. */
  timer: Timer | null = null;

  constructor(
    private readonly gone: () => void,
    private readonly nameFreed: () => void,
  ) {}

  deliver(): void {
    // The ring has it.
  }

  retry(): boolean {
    return false;
  }

  close(): void {
    this.nameFreed();
  }

  expel(): void {
    this.end();
  }

  returned(): void {
    // There is nobody to be told.
  }

  end(): void {
    this.timer?.cancel();
    this.gone();
  }
}
