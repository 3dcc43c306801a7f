/** What a session needs of the daemon around it, and tells it. */
import type { Clock } from '../../lib/util/clock.js';
import type { Access } from '../access/access.js';
import type { Core } from '../core/core.js';
import type { Attachments } from './attachments.js';
import type { Counters } from '../counters.js';
import type { Logins } from './logins.js';
import type { SessionLimits } from './limits.js';
import type { EndReason } from './end-reason.js';
import type { BatchTick } from './batch-tick.js';
import type { RecordPace } from './record-pace.js';

/** A code of the handshake, or what ended it without one. */
export type Rejection = number | 'timeout' | 'crowded' | 'tls';

/** Whoever wants to know which connections end or are refused. */
export interface SessionWatcher {
  /** Once for each connection; one without `local` never got through its handshake. */
  ended(
    session: { readonly name: string; readonly peer: { readonly from: string }; readonly local: unknown },
    reason: EndReason,
    detail?: string,
  ): void;
  /** A connection was one too many. */
  refused(address: string, reason: string): void;
}

/** @typeParam Session the session itself, which it passes to name itself */
export interface SessionContext<Session> {
  readonly core: Core;
  readonly tick: BatchTick;
  readonly limits: SessionLimits;
  readonly access: Access;
  readonly counters: Counters;
  readonly logins: Logins;
  readonly clock: Clock;
  readonly pace: RecordPace;
  readonly attachments: Attachments;
  /** The session's handshake waits for a name that is not free yet; `nameFreed` is called when one is. */
  awaitsName(session: Session): void;
  /** The session's disconnect has its place in the order. */
  nameFreed(): void;
  accepted(session: Session): void;
  /** Its handshake is over, well or not. */
  handshakeEnded(session: Session): void;
  /** The handshake was refused with this code, or took too long. */
  rejected(code: Rejection): void;
  /** Called once for each connection, with the first reason there was. */
  ended(session: Session, reason: EndReason, detail?: string): void;
  /** The connection is gone. */
  closed(session: Session): void;
  /** `bytes` were read from the session in this turn. */
  wasRead(session: Session, bytes: number): void;
  /** The session's backlog was written, as far as its socket took it. */
  wrote(session: Session): void;
}
