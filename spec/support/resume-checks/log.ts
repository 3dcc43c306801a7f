/** What the checkers of resuming connections read: a log for each client over all its links, and one for each run of a daemon. */
import type { Violation } from '../../../daemon/testing/checks/log.js';

/** A message that the client hands in; its id is unique in the run. */
export interface SendEntry {
  readonly kind: 'send';
  readonly id: string;
  readonly group: string;
  /** Sent with SELF_DISCARD. */
  readonly discard: boolean;
}

/** What became of a message: acknowledged, confirmed, or rejected because nobody knows or because it never went out. */
export interface SettledEntry {
  readonly kind: 'settled';
  readonly id: string;
  readonly how: 'acknowledged' | 'confirmed' | 'unknown' | 'not-sent';
}

/** A daemon has accepted the connection. */
export interface LinkedEntry {
  readonly kind: 'linked';
  /** Which run of which daemon: `DaemonLog.daemon`. */
  readonly daemon: string;
  /** The private group there. */
  readonly name: string;
  readonly attempt: number;
  /** `ahead`: whole, if the daemon gets to the position. */
  readonly verdict: 'new' | 'here' | 'whole' | 'ahead' | 'gap' | 'unknown';
  /** Number of entries that the log of the daemon had then. */
  readonly at: number;
}

/** A full list: of the own join, or of the present when there is a gap before it or the member did not follow. */
export interface ListEntry {
  readonly kind: 'list';
  readonly group: string;
  readonly gid: string;
  readonly members: readonly string[];
  readonly of: 'join' | 'present';
}

export interface ViewEntry {
  readonly kind: 'view';
  readonly group: string;
  readonly gid: string;
  readonly cause: 'join' | 'leave' | 'disconnect' | 'network';
  /** Null for a network change. */
  readonly changed: string | null;
  readonly members: readonly string[];
}

export interface DataEntry {
  readonly kind: 'data';
  readonly group: string;
  readonly id: string;
}

export type ClientEntry =
  | SendEntry
  | SettledEntry
  | LinkedEntry
  | ListEntry
  | ViewEntry
  | DataEntry
  /** Requests to join and to leave, the transitional signal, and the answer to a leave. */
  | { readonly kind: 'join' | 'leave' | 'signal' | 'left'; readonly group: string }
  | { readonly kind: 'gap'; readonly group: string; readonly reason: string }
  | { readonly kind: 'private'; readonly id: string }
  /** @see LinkedEntry.at */
  | { readonly kind: 'lost' | 'resumed'; readonly at: number }
  /** END 5, to the link of that attempt. */
  | { readonly kind: 'end'; readonly attempt: number };

/** One connection object, over all its links. */
export interface ClientLog {
  readonly client: string;
  readonly entries: readonly ClientEntry[];
  /** Whether everything came to rest with a link that stands. */
  readonly settled: boolean;
}

/** In its place in the order, for all groups, whoever listens. */
export type DaemonEntry =
  /** A daemon view begins. A daemon that comes into it without a past has no such entry for it. */
  | {
      readonly kind: 'installed';
      readonly tag: string;
      /** What it comes with: those who come to a view with one past have delivered the same before it. */
      readonly past?: string;
    }
  /** Its exchange is complete: from here on all of the view deliver the same. */
  | { readonly kind: 'exchanged'; readonly tag: string }
  | {
      readonly kind: 'data';
      readonly group: string;
      readonly id: string;
    }
  | ViewEntry
  /** A group as a daemon without a past finds it in its first exchange. */
  | {
      readonly kind: 'found';
      readonly group: string;
      readonly gid: string;
      readonly members: readonly string[];
    };

/** One run of one daemon. */
export interface DaemonLog {
  readonly daemon: string;
  /** Whether it runs at the end. */
  readonly alive: boolean;
  readonly entries: readonly DaemonEntry[];
}

export interface ResumeLogs {
  readonly clients: readonly ClientLog[];
  readonly daemons: readonly DaemonLog[];
}

export type ResumeChecker = (logs: ResumeLogs) => Violation[];

/** All names that a client has had. */
export const namesOf = ({ entries }: ClientLog): ReadonlySet<string> =>
  new Set(entries.flatMap((entry) => (entry.kind === 'linked' ? [entry.name] : [])));

/** Ids that it sent with SELF_DISCARD. */
export const discardedBy = ({ entries }: ClientLog): ReadonlySet<string> =>
  new Set(entries.flatMap((entry) => (entry.kind === 'send' && entry.discard ? [entry.id] : [])));
