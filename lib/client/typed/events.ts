/** What a group with a schema hands out in the place of messages. */
import type { Buffer } from '#buffer';
import type { ValueIssue } from '../../util/standard-schema.js';
import { DataEvent, type GroupEvent } from '../event.js';

/** A message that the schema has accepted. */
export class ValueEvent<Value> extends DataEvent {
  /** @internal */
  constructor(
    private readonly message: DataEvent,
    /** What the schema has made of the body. */
    readonly value: Value,
  ) {
    const { sender, groups, body, type, service, fromMe, endianMismatch } = message;
    super(sender, groups, body, type, service, fromMe, endianMismatch);
  }

  override get encrypted(): boolean {
    return this.message.encrypted;
  }

  override get toSome(): boolean {
    return this.message.toSome;
  }
}

/** A message whose type is not that of the codec: its body has not been read. */
export type UntypedEvent = DataEvent & {
  /** Tells it from a message with a value, where the schema gives no `undefined`. */
  readonly value?: undefined;
};

/**
 * A message that the codec cannot read, or the schema does not accept. Its sender has another schema or none, or it is hostile.
 */
export class InvalidEvent {
  /** Tells it from the other events. */
  readonly kind = 'invalid';

  /** Id of the sender, `#bob#d1`. */
  readonly sender: string;
  /** The body as it was sent. Shares its memory with messages that arrived with it. */
  readonly body: Buffer;

  /** @internal */
  constructor(
    /** The message, as a group without a schema hands it out. */
    readonly message: DataEvent,
    /** What is wrong: at least one issue, at most 100. */
    readonly issues: readonly ValueIssue[],
  ) {
    this.sender = message.sender;
    this.body = message.body;
  }
}

/** A message in a group with a schema. */
export type MessageEvent<Value> = ValueEvent<Value> | UntypedEvent;

/** What a group with a schema hands out; `kind` tells which one it is. */
export type TypedGroupEvent<Value> = Exclude<GroupEvent, DataEvent> | MessageEvent<Value> | InvalidEvent;
