/** The lines of the feed: one JSON object each, told apart by `t`. Times are milliseconds since 1970 by the daemon's clock. */

/** First, and again when new options are in force. */
export interface HelloLine {
  readonly t: 'hello';
  /** Of the daemon. */
  readonly name: string;
  readonly id: number;
  readonly version: string;
  /** Of Node. */
  readonly node: string;
  readonly started: number;
  /** `solo` or `corosync`. */
  readonly engine: string;
  readonly configurationHash: string;
  /** Where the consoles of other daemons are. */
  readonly links: readonly { readonly name: string; readonly url: string }[];
  readonly limits: {
    readonly maxSessionMessages: number;
    readonly maxSessionBytes: number;
    readonly maxTotalBytes: number;
  };
}

/** With each daemon view. */
export interface DaemonsLine {
  readonly t: 'daemons';
  /** Id of the daemon view; empty while there is none. */
  readonly view: string;
  /** When it was installed, or the monitor opened; null while there is none. */
  readonly since: number | null;
  /** Names of its daemons, in its order. */
  readonly here: readonly string[];
  /** The same by common past. */
  readonly sets: readonly (readonly string[])[];
  /** Daemons that were seen, or are known by name, and are not in the view. */
  readonly away: readonly AwayDaemon[];
}

export interface AwayDaemon {
  readonly name: string;
  /** When the first view without it came; null for one that was never seen. */
  readonly since: number | null;
}

export interface GroupRow {
  readonly name: string;
  readonly id: string;
  /** Numbers of members, in the cluster and at this daemon. */
  readonly members: number;
  readonly local: number;
  /** Messages that came to it; only differences mean something. */
  readonly messages: number;
  /** Null: older than the monitor. */
  readonly lastView: LastView | null;
}

export interface LastView {
  readonly cause: string;
  /** Id of one who came or went; empty for none. */
  readonly who: string;
  readonly at: number;
}

/** The largest groups: all of them at first, then those that have changed. */
export interface GroupsLine {
  readonly t: 'groups';
  /** Groups in the cluster. */
  readonly total: number;
  readonly list: readonly GroupRow[];
  /** Names of those that are no longer among the largest. */
  readonly left: readonly string[];
}

/** The group that was asked for, when it changes. */
export interface GroupLine {
  readonly t: 'group';
  readonly name: string;
  /** Empty where there is no such group. */
  readonly id: string;
  /** Ids of its members in their order, the first 2000. */
  readonly members: readonly string[];
  /** Of its members. */
  readonly total: number;
}

export interface SessionRow {
  readonly number: number;
  /** Empty while the handshake runs. */
  readonly id: string;
  readonly from: string;
  readonly tls: boolean;
  readonly principal: string;
  readonly version: string;
  readonly groups: number;
  readonly since: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly waitingMessages: number;
  readonly waitingBytes: number;
  readonly held: readonly string[];
}

/** Each second. The first one ends what a feed begins with. */
export interface SessionsLine {
  readonly t: 'sessions';
  /** Connections of this daemon. */
  readonly total: number;
  /** Those with the most waiting bytes. */
  readonly top: readonly SessionRow[];
}

/** Each second; numbers per second unless something else is said. */
export interface RatesLine {
  readonly t: 'rates';
  readonly at: number;
  readonly state: 'operational' | 'draining' | 'no-view';
  readonly in: number;
  readonly out: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly ordered: number;
  /** Views of groups in this second. */
  readonly views: number;
  /** Milliseconds by which the event loop is late, 99th percentile. */
  readonly loopP99: number;
  /** Bytes that wait for all sessions. */
  readonly waiting: number;
  /** Sessions for which more than half of the messages wait that may. */
  readonly behind: number;
  readonly sessions: number;
  readonly rss: number;
  /** Counted since the daemon started. */
  readonly refused: number;
  readonly damaged: number;
  readonly illegal: number;
}

interface Happened {
  readonly t: 'event';
  /** Rises by one with each event of the daemon. */
  readonly n: number;
  readonly at: number;
}

export interface ViewEvent extends Happened {
  readonly kind: 'view';
  readonly group: string;
  readonly gid: string;
  readonly cause: string;
  readonly members: number;
  readonly came: readonly string[];
  readonly gone: readonly string[];
  readonly more: number;
}

export interface DaemonViewEvent extends Happened {
  readonly kind: 'daemon-view';
  readonly id: string;
  readonly daemons: readonly string[];
  readonly sets: readonly (readonly string[])[];
  /** Those of the view before; empty for the first. */
  readonly before: readonly string[];
}

export interface SessionEndedEvent extends Happened {
  readonly kind: 'session-ended';
  readonly id: string;
  readonly from: string;
  readonly reason: string;
  readonly detail: string;
}

export interface RefusedEvent extends Happened {
  readonly kind: 'refused';
  readonly from: string;
  readonly reason: string;
}

export interface DamagedEvent extends Happened {
  readonly kind: 'damaged';
  /** Invalid payloads of other daemons in the last second. */
  readonly count: number;
}

export interface ReloadEvent extends Happened {
  readonly kind: 'reload';
}

/** There were too many at once. */
export interface SkippedEvent extends Happened {
  readonly kind: 'skipped';
  readonly count: number;
}

export type EventLine =
  ViewEvent | DaemonViewEvent | SessionEndedEvent | RefusedEvent | DamagedEvent | ReloadEvent | SkippedEvent;

export type FeedLine =
  HelloLine | DaemonsLine | GroupsLine | GroupLine | SessionsLine | RatesLine | EventLine;
