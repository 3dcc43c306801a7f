/** END: the last word of a daemon before it closes. */
import { Buffer } from '#buffer';
import {
  Kind,
  LONGEST_TEXT,
  encodeExtension,
  fieldWriter,
  numberOf,
  readData,
  readField,
  wordOf,
} from './frame.js';

const CODES = [
  'illegal',
  'slow',
  'too-many-groups',
  'stopping',
  'taken-over',
  'forgotten',
  'not-permitted',
  'parted',
] as const;
/**
 * Why the daemon ends the session. After `illegal`, `taken-over`, `forgotten` and `not-permitted` the client does not come back
 * as it was; after `slow`, `stopping` and `parted` it resumes.
 */
export type EndCode = (typeof CODES)[number];

/** A frame END. */
export interface End {
  /** Why. */
  readonly code: EndCode;
  /** Number of the request that ended the session; 0 without one. */
  readonly request: number;
  /** Of `taken-over`: tag of the daemon view in which the session has come to another daemon; 0 for nothing known. */
  readonly view: bigint;
  /** For a person to read; at most 255 bytes of UTF-8. */
  readonly text: string;
}

/** A longer text is cut. */
export const encodeEnd = ({
  code,
  request,
  view = 0n,
  text,
}: Omit<End, 'view'> & Partial<Pick<End, 'view'>>): Buffer =>
  encodeExtension(
    Kind.END,
    fieldWriter().u8(numberOf(CODES, code)).u48(request).u64(view),
    fieldWriter(64).utf8(cut(text)).finish(),
  );

/** The text, or what of it takes no more than 255 bytes; no character is cut in two. */
function cut(text: string): string {
  if (text.length * 3 <= LONGEST_TEXT) return text;
  let bytes = 0;
  let result = '';
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > LONGEST_TEXT) break;
    result += character;
  }
  return result;
}

/** Reads the frame END. @throws FrameFault */
export const readEnd = (bytes: Buffer, start: number, end: number): End => ({
  ...readField('END', bytes, start, (reader) => ({
    code: wordOf('a code', CODES, reader.u8()),
    request: reader.u48(),
    view: reader.u64(),
  })),
  text: readData('END', bytes, start, end, (reader) => reader.utf8()),
});
