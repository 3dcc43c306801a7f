/** What a session needs of the daemon around it, and tells it. */
import type { ConnectRequest } from '../../lib/wire/handshake/connect-request.js';
import type { HandshakePolicy } from '../../lib/wire/handshake/server-handshake.js';
import type { Core } from '../core/core.js';
import type { Counters } from '../monitor/counters.js';
import type { SessionLimits } from './limits.js';
import type { EndReason } from './reason.js';
import type { Session } from './session.js';
import type { Turn } from './turn.js';

export interface SessionHost {
  readonly core: Core;
  readonly turn: Turn;
  readonly limits: SessionLimits;
  readonly policy: HandshakePolicy;
  readonly counters: Counters;
  accepted(session: Session, request: ConnectRequest): void;
  /** The handshake was refused with this code, or took too long. */
  rejected(code: number | 'timeout'): void;
  /** Called once for each connection, with the first reason there was. */
  ended(session: Session, reason: EndReason, detail?: string): void;
  /** The connection is gone. */
  closed(session: Session): void;
  /** `bytes` were read from the session in this turn. */
  wasRead(session: Session, bytes: number): void;
  /** The session's backlog was written, as far as its socket took it. */
  wrote(session: Session): void;
}
