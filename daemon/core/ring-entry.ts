/** What the ring keeps of one payload: its frames, and what came of it for groups and sessions. */
import type { Buffer } from 'node:buffer';
import type { Network } from '../../lib/wire/extension/network.js';
import type { ViewRecord } from '../../lib/wire/extension/view-changes.js';
import type { GroupId } from '../../lib/wire/group-id.js';

interface AtFrame {
  /** Offset in the payload of the frame that caused it. Without frames the order alone counts. */
  readonly at: number;
}

/** A view as its members get it. */
interface InView {
  readonly group: string;
  readonly id: GroupId;
  /** Number of members. */
  readonly members: number;
  /** Hash of the list. */
  readonly hash: bigint;
}

/** A member joined, left or was disconnected. The record of one that went has its subject too, which the wire leaves out. */
export interface MemberChange extends AtFrame, InView {
  readonly kind: 'member';
  readonly record: ViewRecord;
}

/** Somebody returned to a group that it is a member of: nothing changed for the others. */
export interface StillMember extends AtFrame, InView {
  readonly kind: 'still-member';
  readonly name: string;
}

/** Somebody left a group that it is not a member of. */
export interface NotMember extends AtFrame {
  readonly kind: 'not-member';
  readonly group: string;
  readonly name: string;
}

/** A view by a change of the daemon view; without members when the group has vanished by it. */
export interface NetworkChange extends AtFrame {
  readonly kind: 'network';
  readonly group: string;
  /** As those members of this daemon get it that were there before. */
  readonly view: Network;
  /** For each of those who are gone, in their order, whom the daemon stated it to be; none when it stated nothing of anybody. */
  readonly goneSubjects: readonly (string | null)[];
}

/** The transitional signal of a group. */
export interface Signal extends AtFrame {
  readonly kind: 'signal';
  readonly group: string;
  /** Of the view that loses members. */
  readonly id: GroupId;
}

/** Messages reach a session under other names: it has returned, one of its names has ended, or an exchange has changed them. */
export interface Renamed extends AtFrame {
  readonly kind: 'renamed';
  readonly sid: bigint;
  /** The names under which it is reached from here on. */
  readonly names: readonly string[];
  /** Those until then. */
  readonly before: readonly string[];
}

/** An exchange has brought requests of a session that were ordered in another part: they are not in this past, and come to it no more. */
export interface Elsewhere extends AtFrame {
  readonly kind: 'elsewhere';
  readonly sid: bigint;
}

/** The order of the members has changed, without a view. */
export interface Reordered extends AtFrame {
  readonly kind: 'reordered';
  readonly group: string;
  readonly id: GroupId;
  readonly hash: bigint;
}

export type Change =
  Reordered | MemberChange | StillMember | NotMember | NetworkChange | Signal | Renamed | Elsewhere;

/** A change without its place. */
export type NewChange = Change extends infer C ? (C extends Change ? Omit<C, 'at'> : never) : never;

/** Bytes that are used again when nothing in them is needed any more. */
export interface Segment {
  readonly bytes: Buffer;
  used: number;
  /** Entries that have their frames here. */
  entries: number;
}

/** Frames that stand side by side in a payload: offsets of the first and of the last one. */
export interface FrameRun {
  readonly first: number;
  last: number;
  /** The session that they are of; null where that does not matter. */
  readonly sid: bigint | null;
}

/** Whether the frame at that offset is in one of the runs of that session. */
export const hasFrame = (runs: readonly FrameRun[], at: number, sid: bigint | null): boolean =>
  runs.some((run) => run.first <= at && at <= run.last && run.sid === sid);

/** One payload, or the signals between two of them. */
export interface Entry {
  /** Index of the payload; of the one before for signals. */
  readonly index: number;
  readonly isPayload: boolean;
  /** Hash of the history up to the payload, in two words. */
  high: number;
  low: number;
  /** Hash behind the exchange that this payload has completed; null for all others. */
  behind: bigint | null;
  /** The frames stand in `bytes[start, end)`; null without frames. */
  readonly bytes: Buffer | null;
  readonly start: number;
  readonly end: number;
  /** Where the frames were copied to; null when they stand where they came. */
  readonly segment: Segment | null;
  readonly time: number;
  /** In their order. */
  changes: readonly Change[];
  /** Frames that were dropped as repeats. */
  dropped: readonly FrameRun[];
  /** Frames that their sender does not want back: by session, since it may have had several names. */
  discards: readonly FrameRun[];
  /** What it counts for, in bytes. */
  cost: number;
}

/** Hash up to the entry's payload. */
export const hashOf = ({ high, low }: Entry): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

/** A daemon view, of which something may be in the ring. */
export interface RingView {
  readonly tag: bigint;
  /** Names of its daemons: the first key of the order of members. */
  readonly daemons: readonly string[];
  /** Hash at its beginning. */
  readonly hash: bigint;
  /** Number of its first entry, also when that is evicted. */
  readonly first: number;
  /** Number of the entry that completed its exchange; infinite until then. */
  exchanged: number;
}
