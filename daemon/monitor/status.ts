/** What can be seen of a running daemon. Read by the HTTP pages, the metrics and the specs; nothing here can change it. */
import type { EngineStats } from '../engine/port.js';
import type { Counters } from '../counters.js';

/** One connection of a client. */
export interface SessionInfo {
  /** Number of the connection since the daemon started. */
  readonly number: number;
  /** Its id, `#bob#d1`; empty while the handshake runs. */
  readonly id: string;
  /** The name in it, `bob`; empty while the handshake runs. */
  readonly name: string;
  /** Where it came from: `address:port`, or `unix`. */
  readonly from: string;
  /** Whether it came in by TLS. */
  readonly tls: boolean;
  /** The user or certificate that it proved to be; empty for none. */
  readonly principal: string;
  /** Library version; empty while the handshake runs. */
  readonly version: string;
  /** Whether it wants membership messages. */
  readonly membership: boolean;
  /** Groups that it has joined. */
  readonly groups: number;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Frames taken from it. */
  readonly messagesIn: number;
  /** Bytes of these frames. */
  readonly bytesIn: number;
  /** Frames handed to it. */
  readonly messagesOut: number;
  /** Bytes of these frames. */
  readonly bytesOut: number;
  /** Messages that wait for it. */
  readonly waitingMessages: number;
  /** Bytes that wait for it. */
  readonly waitingBytes: number;
  /** Not read at present, and why: `flood`: throttled, `engine`: the engine is behind, `change`: a join or leave waits. */
  readonly held: readonly string[];
}

/** One group. */
export interface GroupInfo {
  /** Its name. */
  readonly name: string;
  /** Group id, the three words unsigned, with dots between them. */
  readonly id: string;
  /** Number of its members. */
  readonly members: number;
  /** Of this daemon. */
  readonly local: number;
  /** Data messages that came to it in the order since a beginning of its own: only differences mean something. */
  readonly messages: number;
}

/** A session with the groups that it is in. */
export interface SessionWithGroups extends SessionInfo {
  /** Names of these groups, sorted. */
  readonly groupNames: readonly string[];
}

/** A group with its members. */
export interface GroupWithMembers extends GroupInfo {
  /** Ids of its first members, in order. */
  readonly memberIds: readonly string[];
}

/** One daemon view. */
export interface DaemonViewInfo {
  /** Never used twice, and equal at all its daemons. */
  readonly id: string;
  /** Names of its daemons, in its order. */
  readonly daemons: readonly string[];
  /** The same by common past: `sets[0]` came along with this daemon. */
  readonly sets: readonly (readonly string[])[];
}

/** Something that happens in a daemon, by `kind`. */
export type StatusEvent =
  /** A view of a group, with members here or elsewhere. */
  | {
      /** A view of a group. */
      readonly kind: 'view';
      /** Name of the group. */
      readonly group: string;
      /** Group id, as `GroupInfo.id`. */
      readonly gid: string;
      /** Why there is another view. */
      readonly cause: 'join' | 'leave' | 'disconnect' | 'network';
      /** Number of its members. */
      readonly members: number;
      /** Ids of members who came, at most ten. */
      readonly came: readonly string[];
      /** Ids of members who went, at most ten. */
      readonly gone: readonly string[];
      /** Number of members who came or went and are not named. */
      readonly more: number;
    }
  | ({
      /** A daemon view. */
      readonly kind: 'daemon-view';
    } & DaemonViewInfo)
  | {
      /** A session has ended that was through its handshake. */
      readonly kind: 'session-ended';
      /** Its id, `#bob#d1`. */
      readonly id: string;
      /** Where it came from, as `SessionInfo.from`. */
      readonly from: string;
      /** An `EndReason`. */
      readonly reason: string;
      /** More on it; empty for nothing. */
      readonly detail: string;
    }
  | {
      /** A connection was not let in. */
      readonly kind: 'refused';
      /** Where it came from: an address, with or without port, or `unix`. */
      readonly from: string;
      /** Why: a code of the protocol, or words. */
      readonly reason: string;
    }
  | {
      /** New options are in force. */
      readonly kind: 'reload';
    };

/** What can be seen of a running daemon; read when it is asked for. */
export interface DaemonStatus {
  /** Name of the daemon. */
  readonly name: string;
  /** 32-bit identity. */
  readonly id: number;
  /** Version of the toolkit. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  /** SHA-256 of the configuration in force, in hex. */
  readonly configurationHash: string;
  /** Where it listens for TCP. */
  readonly addresses: readonly {
    /** Address or name of the host. */
    readonly host: string;
    /** The port. */
    readonly port: number;
  }[];
  /** Path of its local socket; null without one. */
  readonly unixPath: string | null;
  /** Names of the daemons in the daemon view, in its order; empty while there is none. */
  readonly daemons: readonly string[];
  /** The daemon view; null while there is none. */
  readonly view: DaemonViewInfo | null;
  /** Limits in force, as in `SessionLimits`. */
  readonly limits: {
    /** Messages that may wait for one session. */
    readonly maxSessionMessages: number;
    /** Bytes that may wait for one session. */
    readonly maxSessionBytes: number;
    /** Bytes that may wait for all sessions together. */
    readonly maxTotalBytes: number;
  };
  /** Whether it is about to stop, and its clients are asked to go to other daemons. */
  readonly isDraining: boolean;
  /** What it has counted since it started. */
  readonly counters: Readonly<Counters>;
  /** Counted by the core since the daemon started. */
  readonly core: {
    /** Requests taken from sessions. */
    readonly submitted: number;
    /** Frames that came back in the order. */
    readonly ordered: number;
    /** Requests refused by a policy. */
    readonly refused: number;
    /** Joins refused by a limit. */
    readonly limited: number;
    /** Joins refused by the size of the group. */
    readonly oversized: number;
    /** Memberships ended because the group outgrew whole views. */
    readonly outgrown: number;
    /** Changes of groups that were told as records. */
    readonly records: number;
    /** Joins with an illegal group name. */
    readonly illegalGroupNames: number;
    /** Exchanges of group tables that were completed. */
    readonly exchanges: number;
    /** Requests deferred until an exchange was over. */
    readonly deferred: number;
    /** Damaged payloads of other daemons. */
    readonly damaged: number;
  };
  /** What its engine does, and which one it is. */
  readonly engine: EngineStats & {
    /** `solo` or `corosync`. */
    readonly kind: string;
  };
  /** Clients that come back. */
  readonly resume: {
    /** Bytes that are kept for them. */
    readonly bufferBytes: number;
    /** Sessions in the cluster that a client has, or can come back to. */
    readonly sessions: number;
    /** Clients that are getting what they missed now. */
    readonly replays: number;
  };
  /** Connections now, those in their handshake included. */
  readonly sessionCount: number;
  /** WebSockets that are open now. */
  readonly webSocketCount: number;
  /** Sessions that are held without a connection now. */
  readonly heldCount: number;
  /** Connections in their handshake now. */
  readonly handshakes: number;
  /** Number of groups in the cluster that have members. */
  readonly groupCount: number;
  /** Memberships of all groups. */
  readonly membershipCount: number;
  /** Bytes that wait for all sessions together. */
  readonly waitingBytes: number;
  /** Sessions above the soft mark: half of the messages they may have waiting. */
  readonly behindCount: number;
  /** All connections now. */
  sessions(): SessionInfo[];
  /** All groups now. */
  groups(): GroupInfo[];
  /** The same one by one, each as it is when it is asked for. */
  eachSession(): Iterable<SessionInfo>;
  /** The same one by one, each as it is when it is asked for. */
  eachGroup(): Iterable<GroupInfo>;
  /**
   * Sessions by waiting bytes, those with the most first; where nothing waits the elder first.
   * @param most of them, at least 1
   */
  heaviest(most: number): SessionInfo[];
  /** The connection of this number and the names of the groups that it has joined; null when it is gone. */
  session(number: number): SessionWithGroups | null;
  /** A group and the ids of its first members in order, at most `most`; null for a group that is not there. */
  group(name: string, most: number): GroupWithMembers | null;
  /**
   * Calls `listener` with what happens from now on, in the middle of it: it takes no time and throws nothing.
   * @returns to be called when nothing more is wanted
   */
  watch(listener: (event: StatusEvent) => void): () => void;
  /** Ids of a group's members in order; null for a group that is not there. */
  members(group: string): string[] | null;
}
