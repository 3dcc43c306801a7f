/** `#platform` in Node: the operating system's sockets, clock, names and randomness. */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../util/clock.js';
import { parseAddress } from '../address.js';
import { failureFacts } from '../failure-text.js';
import type { Resolver } from '../resolver.js';
import { openSocket } from '../socket-transport.js';
import type { Platform } from './port.js';

/** The one of Node, loaded when something is looked up. */
const nodeResolver: Resolver = {
  host: async (name) => {
    const { lookup } = await import('node:dns/promises');
    return (await lookup(name, { all: true })).map(({ address }) => address);
  },
  service: async (name) => {
    const { resolveSrv } = await import('node:dns/promises');
    return await resolveSrv(name);
  },
};

export const systemPlatform: Platform = {
  open: openSocket,
  parse: parseAddress,
  explain: failureFacts,
  clock: systemClock,
  resolver: nodeResolver,
  random: randomBytes,
};
