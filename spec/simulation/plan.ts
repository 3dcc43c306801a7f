/** A run as data: what the world is like, and what is done to it when. It can be kept, changed and cut down. */
import type { ViewsOptions } from '../../daemon/engine/views/ports.js';
import type { SessionLimits } from '../../daemon/session/limits.js';
import type { CpgOptions } from './cpg/options.js';
import type { IdealOptions } from '../../daemon/testing/network/options.js';

export type Kind = 'ideal' | 'cpg';

export interface ClientPlan {
  readonly name: string;
  readonly daemon: number;
  readonly membership: boolean;
  /** Milliseconds to its daemon. */
  readonly latency: number;
  /** Bytes that it reads at once. */
  readonly chunk: number;
  /** Milliseconds between two reads. */
  readonly pause: number;
}

export type Act =
  // of a client
  | { readonly do: 'connect'; readonly client: number }
  | { readonly do: 'join' | 'leave'; readonly client: number; readonly group: string }
  /** Joins that many groups, which have the name and a number. */
  | { readonly do: 'join-many'; readonly client: number; readonly group: string; readonly count: number }
  | {
      readonly do: 'send';
      readonly client: number;
      readonly groups: readonly string[];
      readonly service: number;
      /** Bytes of each. */
      readonly size: number;
      readonly count: number;
    }
  | { readonly do: 'disconnect' | 'close' | 'reset' | 'stop-reading' | 'read'; readonly client: number }
  // of the world
  | { readonly do: 'connect-sides'; readonly sides: readonly (readonly number[])[] }
  | { readonly do: 'crash' | 'start' | 'stop' | 'freeze' | 'thaw'; readonly daemon: number }
  /** The daemon does not hear another one, which hears it; or does again. */
  | { readonly do: 'deafen' | 'hear'; readonly daemon: number; readonly from: number }
  /** What the daemon sends in exchanges from now on. */
  | { readonly do: 'report'; readonly daemon: number; readonly kind: ReportKind }
  /** It ends, and starts again as another release with another version of its reports, or as this one. */
  | { readonly do: 'replace'; readonly daemon: number; readonly isOther: boolean }
  | {
      readonly do: 'corosync';
      readonly daemon: number;
      readonly what: 'kill' | 'start' | 'freeze' | 'thaw';
    };

/** `mute`: nothing at all. */
export type ReportKind = 'good' | 'garbage' | 'cut-short' | 'other-version' | 'mute';

export interface Step {
  /** Milliseconds from the beginning. */
  readonly at: number;
  readonly act: Act;
}

export interface Plan {
  readonly seed: number;
  readonly kind: Kind;
  /** What kind of trouble it is made for. */
  readonly profile: string;
  readonly daemons: number;
  readonly clients: readonly ClientPlan[];
  readonly limits: Partial<SessionLimits>;
  /** Bytes between daemon and client. */
  readonly socketBytes: number;
  readonly ideal: IdealOptions;
  readonly cpg: CpgOptions;
  readonly views: Partial<ViewsOptions>;
  /** Units of work in one slice of a daemon's core, at most; null for all at once. */
  readonly slice: number | null;
  /** In order of time. */
  readonly steps: readonly Step[];
  readonly end: number;
}
