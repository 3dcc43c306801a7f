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
}

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
  /** Connections now, those in their handshake included. */
  readonly sessionCount: number;
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
  /** Ids of a group's members in order; null for a group that is not there. */
  members(group: string): string[] | null;
}
