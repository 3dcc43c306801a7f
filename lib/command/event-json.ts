/** What arrives, one object for programs each. The names are those of the library's events. */
import type { ConnectionEvent } from '../group/event.js';
import { groupIdText } from '../wire/group-id.js';
import { bodyFields } from './text.js';

/** A line without its end. @param me private name of the reader */
export const eventJson = (event: ConnectionEvent, time: Date, me: string): string =>
  JSON.stringify({ kind: event.kind, time: time.toISOString(), ...fields(event, me) });

function fields(event: ConnectionEvent, me: string): object {
  switch (event.kind) {
    case 'data': {
      const { groups, sender, service, type, fromMe, endianMismatch, body } = event;
      return { groups, sender, service, type, fromMe, endianMismatch, ...bodyFields(body) };
    }
    case 'view': {
      const { group, id, cause, members, changed, joined, left, cameWithMe } = event;
      const leader = members[0] ?? null;
      return { group, id: groupIdText(id), cause, members, leader, me, changed, joined, left, cameWithMe };
    }
    case 'transition':
    case 'self-leave':
      return { group: event.group, id: groupIdText(event.id) };
    case 'reject': {
      const { refused, reason, groups, type, body } = event;
      return { refused, reason, groups, type, ...bodyFields(body) };
    }
  }
}
