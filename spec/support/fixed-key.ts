import type { HashKey } from '../../daemon/core/name-table.js';

/** For worlds that have to be the same each time; a daemon has a random one. */
export const FIXED_KEY: HashKey = [0x0706_0504, 0x0f0e_0d0c];
