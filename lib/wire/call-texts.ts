/**
 * Names and sentences of all results, those included that only the calls of secure groups and of view synchrony answer: no error is made
 * of them, so a page need not load them.
 */
import * as codes from './codes.js';

const texts: typeof codes.texts = {
  ...codes.texts,
  [codes.SP_BUG]: ['SP_BUG', 'internal inconsistency'],
  [codes.DECRYPT_FAILED]: ['DECRYPT_FAILED', 'the message could not be decrypted'],
  [codes.ENCRYPT_FAILED]: ['ENCRYPT_FAILED', 'the message could not be encrypted'],
  [codes.GROUP_NOT_SECURE]: ['GROUP_NOT_SECURE', 'the group has no key'],
  [codes.ENCRYPTION_NOT_SUPPORTED]: ['ENCRYPTION_NOT_SUPPORTED', 'the cipher is not available'],
  [codes.KEY_AGR_NOT_SUPPORTED]: ['KEY_AGR_NOT_SUPPORTED', 'the key agreement is not available'],
  [codes.FLUSH_OK_ALREADY_SENT]: ['FLUSH_OK_ALREADY_SENT', 'the flush was already answered'],
  [codes.NOT_ALLOWED_TO_SEND]: ['NOT_ALLOWED_TO_SEND', 'no sending between flush and the next view'],
  [codes.INVALID_PARAM]: ['INVALID_PARAM', 'an argument is missing'],
};

/** The constant's name for a result, such as `BUFFER_TOO_SHORT`; `UNKNOWN(n)` for a number that is none. */
export const codeName = (code: number): string => codes.codeName(code, texts);

/** One sentence without a full stop that says what the result means. */
export const codeText = (code: number): string => codes.codeText(code, texts);
