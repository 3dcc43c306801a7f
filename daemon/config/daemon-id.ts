import { Buffer } from 'node:buffer';
import { fnv32 } from '../../lib/util/hash.js';

/**
 * The id of a daemon whose line has no VirtualID [daemon 4.2]: FNV-1a, 32 bit, unsigned, over the
 * bytes of its name. The same on every host, and a matter of the name alone: never of the position in the file.
 */
export const daemonId = (name: string): number => fnv32(Buffer.from(name));
