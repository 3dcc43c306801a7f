/**
 * Where a token stands in an upgrade. A browser cannot send headers of its own, so it offers the token as a subprotocol
 * beside the one that is spoken: `Sec-WebSocket-Protocol: ssp.v1, ssp.bearer.<base64url of the token>`. Other programs may send
 * `Authorization: Bearer TOKEN`. Never a cookie: any page of the web could open a socket with it.
 */
import { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';

/** The subprotocol: binary messages are pieces of the byte stream of a session, text messages control words. */
export const SUBPROTOCOL = 'ssp.v1';
const BEARER = 'ssp.bearer.';
const MAX_TOKEN_BYTES = 4_096;
const VISIBLE = /^[!-~]+$/;
const BASE64URL = /^[\w-]+$/;

/** What an upgrade offers. */
export interface Offer {
  /** Whether the client speaks our subprotocol. */
  readonly speaks: boolean;
  /** What it shows; null for nothing. Not checked. */
  readonly token: string | null;
  /** What it shows is too long, or no token at all. */
  readonly isMalformed: boolean;
}

/** Reads the headers of an upgrade. */
export function readOffer(headers: IncomingHttpHeaders): Offer {
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((word) => word.trim());
  const speaks = protocols.includes(SUBPROTOCOL);
  const offered = protocols.find((word) => word.startsWith(BEARER));
  const [, bearer = null] = /^bearer +(.*?) *$/is.exec(headers.authorization ?? '') ?? [];
  const token = offered === undefined ? bearer : fromBase64(offered.slice(BEARER.length));
  if (token === null) return { speaks, token, isMalformed: false };
  const isMalformed = token.length > MAX_TOKEN_BYTES || !VISIBLE.test(token);
  return { speaks, token: isMalformed ? null : token, isMalformed };
}

/** Empty for what is none. */
function fromBase64(text: string): string {
  // Decoding ignores what does not belong there.
  return BASE64URL.test(text) ? Buffer.from(text, 'base64url').toString('latin1') : '';
}
