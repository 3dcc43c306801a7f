/** What the checkers read: one log for each session, in the words of the clients. Nothing of a daemon's inside. */

/** What one session (one connection; a reconnect is another session) sent and saw, in order. */
export interface SessionLog {
  /** Unique: private group, `~`, number of the connection. */
  readonly session: string;
  readonly privateGroup: string;
  readonly daemon: string;
  /** Whether it asked for membership messages. */
  readonly membership: boolean;
  readonly entries: Entry[];
  /** How it ended: by the daemon, at its own request, or because its client broke off. */
  end: 'open' | 'closed' | 'disconnected' | 'killed';
}

/** Requests of the session. */
export interface RequestEntry {
  readonly kind: 'join' | 'leave' | 'disconnect';
  readonly group?: string;
}

/** A message; its id is unique in the run and travels in the body. */
export interface SendEntry {
  readonly kind: 'send';
  readonly id: string;
  readonly groups: readonly string[];
  readonly service: number;
}

export interface DataEntry {
  readonly kind: 'data';
  readonly id: string;
  readonly sender: string;
  readonly groups: readonly string[];
  readonly service: number;
}

export interface ViewEntry {
  readonly kind: 'view';
  readonly group: string;
  readonly gid: string;
  readonly cause: 'join' | 'leave' | 'disconnect' | 'network';
  /** Who joined, left or was disconnected; null for a network change. */
  readonly changed: string | null;
  readonly members: readonly string[];
  readonly sets: readonly (readonly string[])[];
  /** Index of the receiver's own set. */
  readonly own: number;
}

export interface TransitionEntry {
  readonly kind: 'transition';
  readonly group: string;
  readonly gid: string;
}

export interface SelfLeaveEntry {
  readonly kind: 'self-leave';
  readonly group: string;
}

export type Entry = RequestEntry | SendEntry | DataEntry | ViewEntry | TransitionEntry | SelfLeaveEntry;

export interface Violation {
  /** One of [daemon E1 to E13], or a name for what stands elsewhere. */
  readonly property: string;
  readonly text: string;
}

export type Checker = (logs: readonly SessionLog[]) => Violation[];
