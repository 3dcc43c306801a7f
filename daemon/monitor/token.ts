/** The token that a client of the monitor shows: `Authorization: Bearer TOKEN`. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { MonitorError } from './error.js';

/**
 * Whether a header can carry it as one word.
 * @throws MonitorError
 */
export function checkToken(token: string | null): void {
  if (token === null || /^[!-~]+$/.test(token)) return;
  throw new MonitorError('the token of the monitor is one word of visible ASCII characters');
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A check of `Authorization` headers that takes the same time whatever is wrong. Without a token everybody passes. */
export function tokenCheck(token: string | null): (header: string | undefined) => boolean {
  if (token === null) return () => true;
  const wanted = digest(token);
  return (header = '') => {
    const [, shown = ''] = /^bearer +(\S+) *$/i.exec(header) ?? [];
    return timingSafeEqual(digest(shown), wanted);
  };
}
