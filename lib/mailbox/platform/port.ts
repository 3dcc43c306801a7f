/** What a connection has of the world outside. */
import type { Clock } from '../../util/clock.js';
import type { Address } from '../address.js';
import type { DialFailure, Dialled, FailureFacts } from '../dial-failure.js';
import type { Resolver } from '../resolver.js';
import type { OpenTransport, WebAddress } from '../transport.js';

export interface Platform {
  readonly open: OpenTransport;
  /** The address that is in a text; null for a text that is none. @param unixDir directory of the local sockets */
  readonly parse: (text: string, unixDir?: string) => Address | WebAddress | null;
  /** What a failed attempt is in words. */
  readonly explain: (failure: DialFailure, options: Dialled) => FailureFacts;
  readonly clock: Clock;
  /** For names that stand for several daemons. */
  readonly resolver: Resolver;
  /** That many bytes by chance. */
  readonly random: (length: number) => Uint8Array;
}
