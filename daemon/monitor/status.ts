/** What can be seen of a running daemon. Read by the HTTP pages, the metrics and the specs; nothing here can change it. */
import type { EngineStats } from '../engine/port.js';
import type { Counters } from '../counters.js';

export interface SessionInfo {
  /** Number of the connection since the daemon started. */
  readonly id: number;
  /** Private group; empty while the handshake runs. */
  readonly name: string;
  /** Where it came from: `address:port`, or `unix`. */
  readonly from: string;
  readonly tls: boolean;
  /** The user or certificate that it proved to be; empty for none. */
  readonly principal: string;
  /** Library version; empty while the handshake runs. */
  readonly version: string;
  readonly membership: boolean;
  readonly groups: number;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly messagesIn: number;
  readonly bytesIn: number;
  readonly messagesOut: number;
  readonly bytesOut: number;
  /** Its backlog. */
  readonly waitingMessages: number;
  readonly waitingBytes: number;
  /** Not read at present, and why: `flood` by the brake, `engine` because the engine is behind, `change`: a join or leave waits. */
  readonly held: readonly string[];
}

export interface GroupInfo {
  readonly name: string;
  /** Group id, the three words unsigned, with dots between them. */
  readonly id: string;
  readonly members: number;
  /** Of this daemon. */
  readonly local: number;
}

export interface DaemonStatus {
  readonly name: string;
  /** 32-bit identity. */
  readonly id: number;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  /** SHA-256 of the configuration in force, in hex. */
  readonly configurationHash: string;
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  readonly unixPath: string | null;
  /** Names of the daemons in the daemon view, in its order; empty while there is none. */
  readonly daemons: readonly string[];
  readonly counters: Readonly<Counters>;
  /**
   * Requests taken, frames ordered, requests refused, joins beyond a limit, joins of illegal names; exchanges of group tables completed,
   * requests put off behind them, damaged payloads of other daemons.
   */
  readonly core: {
    readonly submitted: number;
    readonly ordered: number;
    readonly refused: number;
    readonly limited: number;
    readonly illegalGroupNames: number;
    readonly exchanges: number;
    readonly deferred: number;
    readonly damaged: number;
  };
  readonly engine: EngineStats & { readonly kind: string };
  /** Connections now, those in their handshake included. */
  readonly sessionCount: number;
  readonly handshakes: number;
  readonly groupCount: number;
  /** Memberships of all groups. */
  readonly membershipCount: number;
  /** Bytes that wait for all sessions together. */
  readonly waitingBytes: number;
  /** Sessions above the soft mark: half of the messages they may have waiting. */
  readonly behindCount: number;
  sessions(): SessionInfo[];
  groups(): GroupInfo[];
  /** The same one by one, each as it is when it is asked for. */
  eachSession(): Iterable<SessionInfo>;
  eachGroup(): Iterable<GroupInfo>;
  /** Private names of a group's members in order; null for a group that is not there. */
  members(group: string): string[] | null;
}
