/** The token that a client of the monitor shows: `Authorization: Bearer TOKEN`. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether a header can carry the text as one word. */
export const isToken = (text: string): boolean => /^[!-~]+$/.test(text);

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
