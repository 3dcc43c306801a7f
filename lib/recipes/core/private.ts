/**
 * Private messages of a recipe. They come over the connection, in which several recipes may sit; group ids, by which they
 * tell one view from another, mean something with the name of the group only. So each private message carries that name.
 */
import type { Buffer } from 'node:buffer';
import { BodyReader, BodyWriter } from './codec.js';

/** A kind that needs no other beside it. */
const KIND = 0;

/** A private message for the recipe in that group. */
export const sealed = (group: string, body: Buffer): Buffer =>
  new BodyWriter('private', KIND).text(group).data(body).finish();

/** What is in it, when it is for the recipe in that group; else null. */
export function opened(group: string, bytes: Buffer): Buffer | null {
  const reader = BodyReader.open('private', bytes);
  if (!reader || reader.text() !== group) return null;
  const body = reader.data();
  return reader.isSound ? body : null;
}
