/** Bodies and names for terminals: what others send must not be able to move somebody's cursor. */
import { Buffer } from 'node:buffer';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const HEX_BYTES = 24;

/** The body as text; null when it is no UTF-8, or has control characters other than tabs and line ends. */
export function textOf(body: Uint8Array): string | null {
  try {
    const text = decoder.decode(body);
    return /\p{Cc}/u.test(text.replace(/[\t\r\n]/g, '')) ? null : text;
  } catch {
    return null;
  }
}

const escapes: Readonly<Record<string, string>> = { '\t': '\\t', '\r': '\\r', '\n': '\\n' };

/** On one line, with everything that would steer a terminal written out. */
export const printable = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu,
    (char) => escapes[char] ?? `\\u{${(char.codePointAt(0) as number).toString(16)}}`,
  );

/** A body on one line: its text, or the first of its bytes in hexadecimal. @param limit longest text shown whole */
export function bodyLine(body: Buffer, limit = Infinity): string {
  const text = textOf(body);
  if (text === null) {
    const rest = body.length > HEX_BYTES ? ' ...' : '';
    return `<${body.length} bytes: ${body.toString('hex', 0, HEX_BYTES)}${rest}>`;
  }
  return text.length <= limit
    ? printable(text)
    : `${printable(text.slice(0, limit))} ... (${body.length} bytes)`;
}

/** The last part of the help of a verb. @param lines what a person would type */
export const exampleText = (lines: readonly string[]): string =>
  `\nExample:\n${lines.map((line) => `  ${line}`).join('\n')}`;

/** A body in JSON. */
export function bodyFields(body: Buffer): { text: string } | { base64: string } {
  const text = textOf(body);
  return text === null ? { base64: body.toString('base64') } : { text };
}
