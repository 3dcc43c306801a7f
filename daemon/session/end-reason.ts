/** Why a connection ended: logged and counted. The protocol has no word for it, the client only sees the end. */
import type { FaultReason } from '../../lib/wire/fault.js';

/** Why a session ended, in one word. */
export type EndReason =
  /** The client sent a disconnect request. */
  | 'requested'
  /** The client closed, or died and the system closed for it. */
  | 'closed'
  /** The connection broke. */
  | 'broken'
  /** Its other end gave no sign of life. */
  | 'silent'
  /** Too many messages, or bytes, waited for it. */
  | 'slow-messages'
  | 'slow-bytes'
  /** Too many bytes waited for all sessions, and most of them for this one. */
  | 'slow-total'
  | 'too-many-groups'
  /** The handshake was refused, or took too long. */
  | 'rejected'
  | 'handshake-timeout'
  /** There were too many connections, most of them unfinished and from its address, and this one the oldest of those. */
  | 'handshake-crowded'
  /** The session has returned at another connection, or another daemon. */
  | 'taken-over'
  /** What was known of the session is gone. */
  | 'forgotten'
  /** Another part of the network has ordered requests of the session: it comes back, with a gap. */
  | 'parted'
  /** The daemon stops. */
  | 'stopping'
  /** The token of the client has expired. */
  | 'not-permitted'
  /** What came was no message of the WebSocket protocol as it is spoken here, or too large. */
  | 'illegal-websocket'
  /** A frame broke the protocol. */
  | `illegal-${FaultReason}`;
