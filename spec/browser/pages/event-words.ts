/** What a group gets, in words, alike in pages and in programs of Node. */
import type { GroupEvent } from 'ssp-toolkit/browser';

/** A message as its text; a view as its id, cause and members. */
export function wordsOf(event: GroupEvent): string {
  switch (event.kind) {
    case 'data':
      return event.text;
    case 'view':
      return `view ${event.id.toString()} ${event.cause} ${event.changed ?? ''} ${event.members.join(' ')}`;
    case 'gap':
      return `gap ${event.reason}`;
    default:
      return event.kind;
  }
}
