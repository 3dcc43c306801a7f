/** What the daemon counts. Plain numbers: an addition must cost nothing. */
import type { EndReason } from './session/end-reason.js';

/** What a daemon has counted since it started. */
export interface Counters {
  /** Connections accepted by a listener. */
  connections: number;
  /** Handshakes that ended well. */
  sessions: number;
  /** Refused handshakes by code; `timeout` for those that took too long. */
  readonly rejections: Record<string, number>;
  /** Ended connections by reason. */
  readonly ends: Partial<Record<EndReason, number>>;
  /** Clients that came back, by what became of their session. */
  readonly returns: Record<string, number>;
  /** Groups of such clients of which something was missing, by reason. */
  readonly gaps: Record<string, number>;
  /** Refused WebSockets by reason. */
  readonly webRefusals: Record<string, number>;
  /** Ended WebSockets by reason; among `ends`, too. */
  readonly webEnds: Partial<Record<EndReason, number>>;
  /** Bytes of frames taken from sessions. */
  bytesIn: number;
  /** Bytes of frames handed to sessions. */
  bytesOut: number;
  /** Frames taken from sessions. */
  messagesIn: number;
  /** Frames handed to sessions, one for each receiver. */
  messagesOut: number;
}

export const newCounters = (): Counters => ({
  connections: 0,
  sessions: 0,
  rejections: {},
  ends: {},
  returns: {},
  gaps: {},
  webRefusals: {},
  webEnds: {},
  bytesIn: 0,
  bytesOut: 0,
  messagesIn: 0,
  messagesOut: 0,
});
