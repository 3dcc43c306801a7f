/** What the checkers of view synchrony read: a log for each membership, in the words of the layer. */

/** One membership of one session in the group: from its join to its leave, or to its end. */
export interface MembershipLog {
  /** Unique: id, `~`, number of the membership. */
  readonly name: string;
  /** `#name#daemon`; several memberships have it, one after the other. */
  readonly id: string;
  /** It is of the C library, which loses transitional signals. */
  readonly isOfC: boolean;
  readonly entries: Entry[];
  /** How it ended; `leaving`: it has asked to leave. */
  end: 'open' | 'leaving' | 'left' | 'died';
  /** How it stands when everything is quiet. */
  final: FinalState | null;
}

export interface FinalState {
  readonly member: 'joining' | 'joined' | 'leaving';
  readonly state: 'steady' | 'verify' | 'authorize' | 'agree';
  /** Changes that are not installed. */
  readonly isSettled: boolean;
  /** Sends that wait for a view. */
  readonly held: number;
  /** What the surroundings were told of it last. */
  readonly saidSettled: boolean;
}

/** A message to the group, by its number in the run. */
export interface SendEntry {
  readonly kind: 'send';
  readonly id: string;
  /** The installed view, as the layer has it. */
  readonly view: string;
  readonly service: number;
  /** Null: all members. */
  readonly receivers: readonly string[] | null;
}

export interface DataEntry {
  readonly kind: 'data';
  readonly id: string;
  readonly sender: string;
  /** Of a subgroup cast: who else was to get it. */
  readonly receivers: readonly string[] | null;
}

export interface ViewEntry {
  readonly kind: 'view';
  readonly view: string;
  readonly cause: string;
  readonly changed: string | null;
  readonly members: readonly string[];
  readonly index: number;
  readonly cameWithMe: readonly string[];
}

/** A plain view that the layer was given. */
export interface PlainViewEntry {
  readonly kind: 'plain-view';
  readonly view: string;
  readonly members: readonly string[];
}

export interface SignalEntry {
  readonly kind: 'request' | 'flush' | 'transition' | 'leave' | 'self-leave';
}

export type Entry = SendEntry | DataEntry | ViewEntry | PlainViewEntry | SignalEntry;

export interface Violation {
  /** One of [flush-layer VS1 to VS14]. */
  readonly property: string;
  readonly text: string;
}

/** @param logs all memberships of honest members, complete: nothing is added to them any more */
export type Checker = (logs: readonly MembershipLog[]) => Violation[];
