/** What the checkers of secure groups read: a log for each session, in the words of the layer. */

/** A secure view as it was shown. */
export interface ViewEntry {
  readonly kind: 'view';
  /** Id of the secure view, hexadecimal. */
  readonly id: string;
  readonly gid: string;
  readonly members: readonly string[];
  readonly index: number;
  readonly cause: string;
  readonly changed: string | null;
  readonly cameWithMe: readonly string[];
  readonly outsiders: readonly string[];
}

export interface RekeyedEntry {
  readonly kind: 'rekeyed';
  readonly id: string;
  readonly gid: string;
  readonly epoch: number;
}

/** A message that left this member, in the secure view that it was shown last. */
export interface SendEntry {
  readonly kind: 'send';
  readonly text: string;
  readonly view: string;
  readonly isSafe: boolean;
  readonly isDiscarded: boolean;
  /** Null: all members. */
  readonly receivers: readonly string[] | null;
}

export interface DataEntry {
  readonly kind: 'data';
  readonly text: string;
  readonly sender: string;
}

export interface ExcludedEntry {
  readonly kind: 'excluded';
  readonly reason: 'outside' | 'box' | 'clock';
  readonly sealer: string;
  readonly gid: string;
}

export interface TamperingEntry {
  readonly kind: 'tampering';
  readonly reason: string;
  readonly sender: string | null;
}

/** The SEAL that decided a view and epoch here. */
export interface DecisionEntry {
  readonly kind: 'decision';
  readonly gid: string;
  readonly epoch: number;
  readonly seal: string;
  /** How many members it names. */
  readonly boxes: number;
}

export interface DisagreementEntry {
  readonly kind: 'disagreement';
  readonly gid: string;
}

/** A flush view below. */
export interface FlushViewEntry {
  readonly kind: 'flush-view';
  readonly gid: string;
  /** Place among everything that happens. */
  readonly at: number;
}

export interface SignalEntry {
  readonly kind: 'transition' | 'rejoin' | 'leave' | 'self-leave' | 'decrypt-failed' | 'stalled';
}

export type Entry =
  | ViewEntry
  | RekeyedEntry
  | SendEntry
  | DataEntry
  | ExcludedEntry
  | TamperingEntry
  | DecisionEntry
  | DisagreementEntry
  | FlushViewEntry
  | SignalEntry;

/** One membership of one session, from its join to its leave or end; rejoins by itself belong to it. */
export interface SecureLog {
  /** `#name#daemon`, `~`, number: unique. */
  readonly name: string;
  readonly id: string;
  /** It does what it should. */
  readonly isHonest: boolean;
  /** The others authorise it. It counts itself in any case, so it may have a view of its own. */
  isAuthorized: boolean;
  /** Its daemon does what it should. */
  readonly isServed: boolean;
  readonly entries: Entry[];
  end: 'open' | 'leaving' | 'left' | 'died';
  /** How it stands when all is quiet. */
  final: FinalState | null;
}

export interface FinalState {
  readonly state: string;
  readonly held: number;
}

export interface Violation {
  /** One of SS1 to SS12; of SS3 with the property that it stands for. */
  readonly property: string;
  readonly text: string;
}

/** What checkers look at, when all is over. */
export interface Evidence {
  readonly logs: readonly SecureLog[];
  /** Members that can derive the secret of an id. */
  readonly holdersOf: (id: string) => ReadonlySet<string>;
  /** The secret of an id. */
  readonly secretOf: (id: string) => string | undefined;
  /** When a member lost its authorisation, as a place among everything that happens. */
  readonly revoked: ReadonlyMap<string, number>;
  /** Ids that came of two secrets. */
  readonly doubles: readonly string[];
  /** Whether authorisations may differ among members. */
  readonly mayDiffer: boolean;
  /** Whether the id of a view may come again. */
  readonly mayRepeat: boolean;
  /** Members lie. */
  readonly hasLiars: boolean;
}

export type Checker = (evidence: Evidence) => Violation[];
