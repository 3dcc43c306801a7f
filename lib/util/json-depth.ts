/**
 * How deep JSON may be nested. `JSON.parse` takes any depth, `JSON.stringify` some thousands: a value in between would be
 * taken in by all members, and then no snapshot could be made for a newcomer.
 */

/** Lists and records that may lie in each other in a value that travels as JSON. */
export const MAX_JSON_DEPTH = 500;

const [QUOTE, ESCAPE] = [0x22, 0x5c];
const [LIST, LIST_END] = [0x5b, 0x5d];
const [RECORD, RECORD_END] = [0x7b, 0x7d];

/** Whether more than `limit` lists and records in the text lie in each other. */
export function isTooDeep(text: string, limit: number): boolean {
  if (text.length <= limit) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfText(text, at);
    else if (code === LIST || code === RECORD) {
      if (++depth > limit) return true;
    } else if (code === LIST_END || code === RECORD_END) depth--;
  }
  return false;
}

/** @throws SyntaxError for what is not JSON, or nested too deep */
export function parseJson(text: string, limit: number): unknown {
  if (isTooDeep(text, limit)) throw new SyntaxError(`expected JSON of at most ${limit} levels`);
  return JSON.parse(text);
}

/** The place of the quote that ends the text which begins at `start`. */
function endOfText(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === ESCAPE) at++;
    else if (code === QUOTE) break;
  }
  return at;
}
