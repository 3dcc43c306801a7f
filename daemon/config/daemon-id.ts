import { Buffer } from 'node:buffer';

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * The id of a daemon whose line has no VirtualID [daemon 4.2]: FNV-1a, 32 bit, unsigned, over the
 * bytes of its name. The same on every host, and a matter of the name alone: never of the position in the file.
 */
export function daemonId(name: string): number {
  let hash = OFFSET_BASIS;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, PRIME);
  return hash >>> 0;
}
