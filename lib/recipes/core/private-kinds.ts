/** Which messages of the recipes are for one member. All others have their place in the order of the group, and no other. */
import type { Buffer } from 'node:buffer';
import { ANSWER } from './call.js';
import { BodyReader, headOf } from './codec.js';
import { PRIVATE_KINDS } from './replicated/messages.js';

const heads: ReadonlySet<number> = new Set([
  headOf('call', ANSWER),
  ...PRIVATE_KINDS.map((kind) => headOf('replicated', kind)),
]);

export const isPrivateKind = (body: Buffer): boolean => heads.has(BodyReader.headOf(body));
