import { randomBytes } from 'node:crypto';

/** A number that no other member of any group has: 48 bits by chance. */
export const instanceNumber = (): number => randomBytes(6).readUIntBE(0, 6);
