/** A run as data: what the world is like, and what is done to it when. It can be kept, changed and cut down. */
import type { ViewsOptions } from '../../daemon/engine/corosync/views/limits.js';
import type { SessionLimits } from '../../daemon/session/limits.js';
import type { CpgOptions } from './cpg/options.js';
import type { IdealOptions } from './ideal/network.js';

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
  | {
      readonly do: 'corosync';
      readonly daemon: number;
      readonly what: 'kill' | 'start' | 'freeze' | 'thaw';
    };

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
  /** In order of time. */
  readonly steps: readonly Step[];
  readonly end: number;
}
