/** The group for a text that a host chooses: the name of a namespace, of a cache, of an application [adapters 1]. */
import { createHash } from 'node:crypto';
import { errorOf } from '../errors.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';
import { isGroupName } from '../wire/name.js';

/** What the names of hashed texts begin with. A text that begins with it is hashed, too, so no text can pose as the hash of another. */
const HASHED = '~';
/** 180 bits. */
const HASH_CHARACTERS = 30;

/**
 * A text that can be the name of a group stays as it is: 1 to 31 characters from `$` to `~` that do not begin with `~`. So
 * programs of all languages meet there without a mapping. Any other text becomes `~` and the first 30 characters of its SHA-256 in base64url.
 * @param text not empty, UTF-8
 * @throws IllegalParamError for what is not a text or is empty
 */
export function groupNameOf(text: string): string {
  if (typeof text !== 'string' || text === '')
    throw errorOf(
      ILLEGAL_PARAM,
      `expected a text to name a group, got ${JSON.stringify(text) ?? typeof text}`,
    );
  if (isGroupName(text) && !text.startsWith(HASHED)) return text;
  return HASHED + createHash('sha256').update(text).digest('base64url').slice(0, HASH_CHARACTERS);
}
