/** The token of a connection: asked for with each attempt, and always for the same subject. */
import { Buffer } from '#buffer';
import { SessionChangedError } from './errors.js';

/** A token, or what gives one. */
export type TokenSource = string | (() => string | Promise<string>);

/** Name of what is spoken, among the protocols of a WebSocket. */
const PROTOCOL = 'ssp.v1';
/** What stands before the token, among the protocols: a page can send no header. */
const BEARER = 'ssp.bearer.';

export class Token {
  /** Of the first token. Null for a token that says nothing of it. */
  private subject: string | null | undefined;
  private first: string | undefined;
  /** Whether all tokens up to now are for one subject for certain: they are the same text, or say so. */
  isSure = true;

  constructor(private readonly source: TokenSource | undefined) {}

  /** Whether a new one can be asked for. */
  get isRenewable(): boolean {
    return typeof this.source === 'function';
  }

  /**
   * Protocols of the next attempt.
   * @throws SessionChangedError, what the application's function throws
   */
  async protocols(): Promise<string[]> {
    const { source } = this;
    if (source === undefined) return [PROTOCOL];
    const token = typeof source === 'string' ? source : await source();
    const subject = subjectOf(token);
    this.isSure &&= token === (this.first ??= token) || (subject !== null && subject === this.subject);
    this.subject ??= subject;
    if (this.subject !== null && subject !== null && subject !== this.subject)
      throw new SessionChangedError(this.subject, subject);
    return [PROTOCOL, BEARER + base64url(token)];
  }
}

/** In base64url, without padding. */
export const base64url = (text: string): string =>
  btoa(String.fromCharCode(...Buffer.from(text)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');

/** Subject of a JSON Web Token; null for one that has none, and for any other token. What it proves is for the daemon to check. */
function subjectOf(token: string): string | null {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return null;
  try {
    const binary = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    const claims = JSON.parse(Buffer.from(binary, 'latin1').toString()) as { readonly sub?: unknown } | null;
    return typeof claims?.sub === 'string' ? claims.sub : null;
  } catch {
    return null;
  }
}
