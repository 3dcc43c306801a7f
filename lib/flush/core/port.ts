/**
 * What lies between the flush layer and its surroundings. The layer is a state machine: plain views, transitional
 * signals and data come in as calls, in the one order of the connection, and what it wants goes out through a sink.
 * It knows no clock and no timer; time is handed in.
 */
import type { Buffer } from '#buffer';
import type { Cause } from '../../mailbox/view.js';
import type { GroupId } from '../../wire/group-id.js';

/** A regular membership as the daemon sends it, read; not a frame, so that other forms of views can feed the layer. */
export interface PlainView {
  readonly group: string;
  readonly id: GroupId;
  readonly cause: Cause;
  /** Ids of all members, in the order that every member sees. */
  readonly members: readonly string[];
  /** The one who came or went; null for a network view. */
  readonly changed: string | null;
  /** Of a network view: those who came along with this connection from the last plain view. Else not looked at. */
  readonly vsSet: readonly string[];
}

/** A data message as the daemon sends it. */
export interface PlainData {
  readonly sender: string;
  /** The service word, without the marker of the byte order. */
  readonly service: number;
  /** Where it was sent to, as the sender wrote it. */
  readonly groups: readonly string[];
  readonly type: number;
  /** Byte order of the sender. */
  readonly senderLittle: boolean;
  readonly body: Buffer;
}

/** What the application sends. It is up to the caller that the service, the type and the size are legal. */
export interface FlushMessage {
  readonly service: number;
  readonly type: number;
  readonly pieces: readonly Uint8Array[];
  /** Only these members get it; absent: all. */
  readonly receivers?: readonly string[] | undefined;
}

/** Data, without what the layer appends. */
export interface FlushData extends PlainData {
  readonly kind: 'data';
  /** Of a subgroup cast: the receivers, and then the group whose members they are. */
  readonly groups: readonly string[];
  /** The groups of this layer in whose present view it stands; none for private data. */
  readonly inGroups: readonly string[];
}

/** An agreed view. */
export interface FlushView {
  readonly kind: 'view';
  readonly group: string;
  /** Id of the plain view that was agreed on. */
  readonly id: GroupId;
  readonly cause: Cause;
  readonly members: readonly string[];
  /** Place of this connection among the members, from 0. */
  readonly index: number;
  /** The one who came or went; null for a network view, and for changes that were agreed on as one. */
  readonly changed: string | null;
  /** Members of the last view that are still present, in its order; alone this connection in its first view. */
  readonly cameWithMe: readonly string[];
  /** Members of the last view: this connection alone before its first one. */
  readonly previousMembers: readonly string[];
}

/** The application may send in this view until it answers with `flush`. */
export interface FlushRequest {
  readonly kind: 'flush-request';
  readonly group: string;
}

/** What follows in this view is known to reach only those who come along. At most once in a view. */
export interface FlushTransition {
  readonly kind: 'transition';
  readonly group: string;
  /** Id of the view, as agreed on. */
  readonly id: GroupId;
}

/** This connection has left the group: nothing of it follows. */
export interface FlushSelfLeave {
  readonly kind: 'self-leave';
  readonly group: string;
  /** Id of the last agreed view; zeros if there was none. */
  readonly id: GroupId;
}

/** A change waits for these members for too long. */
export interface FlushStall {
  readonly kind: 'stalled';
  readonly group: string;
  readonly waitingFor: readonly string[];
}

/** What the layer hands out; `kind` tells which one it is. */
export type FlushEvent = FlushData | FlushView | FlushRequest | FlushTransition | FlushSelfLeave | FlushStall;

/** Why a message of the network does not count. */
export type DropReason =
  /** Its sender is not present in the view, or not a member of the change that it answers. */
  | 'stranger'
  /** It is shorter than what the layer appends, or stands where no message of its type may stand. */
  | 'malformed'
  /** Its group is not joined. */
  | 'unknown-group'
  /** It belongs to a view that is over, or answers what the sender has answered already. */
  | 'outdated'
  /** Too much waits for its view already. */
  | 'too-many';

/** Where everything goes. `Sent` is what the connection answers to a send. */
export interface FlushSink<Sent> {
  deliver(event: FlushEvent): void;
  /** Sends a plain message; the pieces are the body, one behind the other. */
  transmit(service: number, groups: readonly string[], type: number, pieces: readonly Uint8Array[]): Sent;
  /** Whether no change of any group is under way; said when it changes. */
  settled(isSettled: boolean): void;
  drop(reason: DropReason): void;
}
