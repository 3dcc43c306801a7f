/** Groups with a schema, as the compiler sees them. */
import type { EventEmitter } from 'eventemitter3';
import type { InputOf, OutputOf, StandardSchema } from '../../util/standard-schema.js';
import type { DataEvent, SecureView, ViewEvent } from '../event.js';
import type { Group, GroupEvents } from '../group.js';
import type { JoinOptions } from '../options.js';
import type { SecureGroup } from '../secure-group.js';
import type { MembersSendOptions, SendOptions } from '../send.js';
import type { Codec } from './codec.js';
import type { InvalidEvent, MessageEvent, TypedGroupEvent } from './events.js';

/** The options of `Connection.join` for a group whose messages are values. */
export interface TypedJoinOptions<S extends StandardSchema> extends JoinOptions {
  /**
   * Reads what arrives, and checks what is sent. It must answer at once: one that answers with a promise ends the join with
   * IllegalParamError.
   */
  readonly schema: S;
  /** How values are encoded; default: JSON, in messages of the type 0. */
  readonly codec?: Codec<InputOf<S>> | undefined;
}

/** The options of `TypedGroup.send`: the type is that of the codec. */
export type TypedSendOptions = Omit<SendOptions, 'type'>;
/** The options of `TypedGroup.sendToMembers`. */
export type TypedMembersSendOptions = Omit<MembersSendOptions, 'type'>;

/** Events of a group with a schema, with their arguments. */
export interface TypedGroupEvents<Value> extends Omit<GroupEvents, 'data' | 'event'> {
  /** A message: with a value, or of another type than that of the codec. */
  data: [MessageEvent<Value>];
  /** A message of the type of the codec that does not carry a valid value. */
  invalid: [InvalidEvent];
  /** Each event, in order. */
  event: [TypedGroupEvent<Value>];
}

/** What a typed group says of itself: getters lose their docstrings on the way through `Omit`. */
type Own =
  | keyof EventEmitter
  | 'send'
  | 'sendToMembers'
  | 'members'
  | 'isMember'
  | 'isViewSynchronous'
  | 'view'
  | 'confirmedMembers'
  | typeof Symbol.asyncIterator;

/** What a group with a schema does in other ways, or besides. */
interface Typed<Value, Input>
  extends EventEmitter<TypedGroupEvents<Value>>, AsyncIterable<TypedGroupEvent<Value>> {
  /** As `Group.members`. @throws IllegalStateError as `Group.members` */
  readonly members: readonly string[];
  /** As `Group.isMember`. */
  readonly isMember: boolean;
  /** As `Group.isViewSynchronous`. */
  readonly isViewSynchronous: boolean;
  /**
   * Sends a value to this group, as `Group.send` does.
   * @throws InvalidValueError for a value that the receivers' schema would not accept, and as `Group.send`
   */
  send(value: Input, options?: TypedSendOptions): Promise<void>;
  /**
   * Sends a value to some members of a view-synchronous group, as `Group.sendToMembers` does.
   * @throws InvalidValueError for a value that the receivers' schema would not accept, and as `Group.sendToMembers`
   */
  sendToMembers(members: readonly string[], value: Input, options?: TypedMembersSendOptions): Promise<void>;
  /**
   * Sends a value to one connection, such as the sender of a message, which reads it with `parse`.
   * @param to its id, `#bob#d1`
   * @throws InvalidValueError, IllegalGroupError for what is not an id, and as `Connection.sendTo`
   */
  sendTo(to: string, value: Input, options?: TypedSendOptions): Promise<void>;
  /**
   * Reads by the schema of this group a message that came in another way, such as one of `sendTo` in the event `message` of the
   * connection. Never throws.
   */
  parse(message: DataEvent): MessageEvent<Value> | InvalidEvent;
  /** The events one by one, as those of `Group`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<TypedGroupEvent<Value>>;
}

/**
 * A group that was joined with a schema: its messages are values. `Value` is what the schema makes of a message, `Input` what it
 * reads, which is what is sent.
 *
 * A message whose value the schema does not accept is the event `invalid` in its place in the order. One whose type is not that of the
 * codec is a plain `data` event without a value.
 */
export interface TypedGroup<Value, Input = Value> extends Omit<Group, Own>, Typed<Value, Input> {
  /** As `Group.view`. */
  readonly view: ViewEvent;
}

/** A secure group that was joined with a schema. */
export interface TypedSecureGroup<Value, Input = Value> extends Omit<SecureGroup, Own>, Typed<Value, Input> {
  /** As `SecureGroup.view`. */
  readonly view: SecureView;
  /** As `SecureGroup.confirmedMembers`. */
  readonly confirmedMembers: ReadonlySet<string>;
}

/** What `join` gives for a schema. */
export type TypedGroupOf<S extends StandardSchema> = TypedGroup<OutputOf<S>, InputOf<S>>;
/** What `join` gives for a schema and `secure`. */
export type TypedSecureGroupOf<S extends StandardSchema> = TypedSecureGroup<OutputOf<S>, InputOf<S>>;
