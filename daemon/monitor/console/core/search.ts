/** What a search finds. */
import type { EventLine } from './lines.js';

/** Names in an event. */
function wordsOf(event: EventLine): readonly string[] {
  switch (event.kind) {
    case 'view':
      return [event.group, event.cause, ...event.came, ...event.gone];
    case 'daemon-view':
      return [...event.daemons, ...event.before];
    case 'session-ended':
      return [event.id, event.from, event.reason];
    case 'refused':
      return [event.from, event.reason];
    default:
      return [];
  }
}

/** Capital letters are no difference. @param part empty for everything */
export const contains = (text: string, part: string): boolean =>
  part === '' || text.toLowerCase().includes(part.toLowerCase());

export const finds = (words: readonly string[], part: string): boolean =>
  part === '' || words.some((word) => contains(word, part));

export const findsEvent = (event: EventLine, part: string): boolean =>
  finds([event.kind, ...wordsOf(event)], part);
