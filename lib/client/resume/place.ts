/** Where a connection may go. */
import type { Address } from '../../mailbox/address.js';
import type { Resolver } from '../../mailbox/resolver.js';
import type { WebAddress } from '../../mailbox/transport.js';
import type { Target } from './machine.js';

/** Where a daemon is, or a name that stands for several of them. */
export interface Place extends Target {
  /** As it was given; of one that a service stands for, `host:port`. */
  readonly text: string;
  /** Null for a service. */
  readonly address: Address | WebAddress | null;
  /** Name of the service, `_sspd._tcp.example.org`. */
  readonly service: string | null;
  /** Whether it is one daemon: an address, or a name that was looked up. */
  readonly isFinal: boolean;
}

/** How more places are found than those that were given. */
export interface Finder {
  /**
   * The daemons that a name stands for, in the order in which they are tried.
   * @param random from 0 up to 1
   */
  lookUp(place: Place, resolver: Resolver, random: () => number): Promise<Place[]>;
  /** The places that a daemon tells, as far as they are reached as that daemon is. */
  told(texts: readonly string[], teller: Place): Place[];
}
