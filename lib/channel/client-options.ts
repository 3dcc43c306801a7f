/** What a client's calls take and give [channels 18]. */
import type { WaitLimits } from './check.js';

export interface CallOptions extends WaitLimits {
  /** Longest reply body wanted; the server's library cuts the rest off. Default: all of it. */
  readonly maxReply?: number | undefined;
  /** What happens while the server is in another part of the network. Default `fail`. */
  readonly partition?: 'fail' | 'wait' | undefined;
}

export interface PostOptions extends WaitLimits {
  readonly partition?: 'fail' | 'wait' | undefined;
  /** Resolve only when the post is in the server's queue. Default false. */
  readonly confirm?: boolean | undefined;
}

export interface PingOptions extends WaitLimits {
  /** Who answers: the library as soon as its process runs (default), or the application when it receives next. */
  readonly depth?: 'library' | 'application' | undefined;
}

export interface Reply {
  readonly status: number;
  readonly body: Uint8Array;
  /** Bytes of the body that the server gave. */
  readonly fullLength: number;
  /** Whether `maxReply` cut it. */
  readonly truncated: boolean;
  /** Private name of the server. */
  readonly from: string;
}

export type ClientState = 'open' | 'unreachable' | 'gone' | 'closed';
