/** What a connection emits. */
import type { ConnectionEvent, DataEvent, RejectEvent } from './event.js';
import type { MovedEvent, ReconnectingEvent, ResumedEvent } from './resume/events.js';

/** Events of a connection, with their arguments. */
export interface ConnectionEvents {
  /** Everything that arrives, of all groups, in order. */
  event: [ConnectionEvent];
  /**
   * A message to this connection alone, or with its id among the groups. One with an id of before among them counts if it has not
   * come for a group that is joined here: the id may be another connection's by now. Those that come before anybody listens wait,
   * the newest hundred of them.
   */
  message: [DataEvent];
  /**
   * The daemon refused a request: `error` says what and why. A refused join or leave also rejects; a message that was
   * refused is heard of here only, since `send` has resolved by then. Where nobody listens and no loop runs, the first
   * one becomes a warning of the process.
   */
  reject: [RejectEvent];
  /**
   * The connection was lost and looks for a daemon; with `resume` only. Emitted at the moment of the loss: what arrived before
   * may still be on its way to the readers.
   */
  reconnecting: [ReconnectingEvent];
  /**
   * The daemon has asked the connection to go, and it goes to another one. Emitted before that one makes it a member: from here
   * on until `resumed`, which follows with the new id, `isMember` of each group is false. Nothing is missing in between.
   */
  moved: [MovedEvent];
  /** It is back; `id` may be another one. Each group in which something is or may be missing has the event `gap`. */
  resumed: [ResumedEvent];
  /**
   * The connection is gone; with an error unless it was closed on this side. With `resume`, when it has given up. Emitted once, after all events that had arrived.
   */
  close: [Error | undefined];
}
