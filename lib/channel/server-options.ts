/** What a server's calls take [channels 18]. */
import type { WaitLimits } from './check.js';

export interface CloseOptions {
  /** Close although there are clients; they are told `server-gone`. Default false. */
  readonly force?: boolean | undefined;
}

export type ReceiveOptions = WaitLimits;
