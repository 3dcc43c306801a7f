/** Why somebody is not there any more. */

/**
 * `released`: the channel was closed. `left`: the connection gave up its channels in order. `disconnect`: process or
 * connection ended. `network`: in another part of the network, and may come back. `conflict`: two parts of the network
 * gave away the same name, and the other owner keeps it. `taken-over`: the name was given away while its owner was
 * unreachable for long.
 */
export type GoneReason = 'released' | 'left' | 'disconnect' | 'network' | 'conflict' | 'taken-over';
