/** Operations that somebody may follow from their beginning to their end, in Node by `tracingChannel`. */

/** What a subscriber of `start` may write into the message of an operation. */
export interface TracedOperation {
  /** The trace that the operation belongs to, as in W3C Trace Context: what the operation sends has it. */
  traceparent?: string | undefined;
  /** Runs the operation, within whatever it wants around it: calls it once, and returns what that returns. */
  run?: (<T>(operation: () => T) => T) | undefined;
}

/** Operations of one kind. */
export interface Tracing<Message extends TracedOperation> {
  /** Whether anybody follows them. Where nobody does, an operation is called without a message. */
  readonly isHeard: boolean;
  /** @returns what the operation returns */
  follow<T>(message: Message, operation: () => Promise<T>): Promise<T>;
  /** The same for one that is over when it returns. */
  followNow<T>(message: Message, operation: () => T): T;
}
