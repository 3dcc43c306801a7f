/** What arrives, one line for people each. */
import {
  type ConnectionEvent,
  type GapEvent,
  type MovedEvent,
  type ReconnectingEvent,
  type ResumedEvent,
  type ViewEvent,
  groupIdText,
} from '../index.js';
import { bodyFields, bodyLine, printable } from './text.js';
import { clock, plural } from './units.js';

export interface LineOptions {
  /** Id of the reader, who is marked. */
  readonly me: string;
  /** Characters of a body that are shown; default all. */
  readonly limit?: number;
}

/** A line without its end. */
export function eventLine(event: ConnectionEvent, time: Date, { me, limit }: LineOptions): string {
  const at = clock(time);
  switch (event.kind) {
    case 'data': {
      const { sender, groups, service, type, body, fromMe } = event;
      const from = printable(sender) + (fromMe ? ' (me)' : '');
      const words = [groups.map(printable).join(','), from, service, `type ${type}`, bodyLine(body, limit)];
      return `${at} data  ${words.join('  ')}`;
    }
    case 'view':
      return `${at} view  ${printable(event.group)}  ${causeText(event, me)}  ${membersText(event.members, me)}`;
    case 'transition':
      return `${at} trans  ${printable(event.group)}  daemons were lost; the next view lists the members that are left`;
    case 'self-leave':
      return `${at} left  ${printable(event.group)}`;
    case 'flush-request':
      return `${at} flush  ${printable(event.group)}  the next view waits for this connection`;
    case 'stalled':
      return `${at} stall  ${printable(event.group)}  the next view waits for ${event.waitingFor.map(printable).join(' ')}`;
    case 'excluded':
      return `${at} excluded  ${printable(event.group)}  ${event.reason}, by ${printable(event.sealer)}`;
    case 'disagreement':
      return `${at} disagree  ${printable(event.group)}  ${printable(event.sealer)} accepts others`;
    case 'rekeyed':
      return `${at} rekey  ${printable(event.group)}  epoch ${event.epoch}`;
    case 'tampering':
      return `${at} tamper  ${printable(event.group)}  ${event.reason} of ${printable(event.sender ?? 'the view')}`;
    case 'gap':
      return `${at} gap  ${printable(event.group)}  ${gapText(event)}`;
    case 'reject': {
      const { groups, error, body } = event;
      return `${at} reject  ${groups.map(printable).join(',')}  ${printable(error.message)}  ${bodyLine(body, limit)}`;
    }
  }
}

/** `overrun, 312 messages missed`. */
const gapText = ({ reason, missed }: GapEvent): string =>
  `${reason}, ${missed === null ? 'messages may be missing' : `${plural(missed, 'message')} missed`}`;

// What happens to a connection that comes back: between the events, marked.

/** `-- gap: overrun, 312 messages missed in room`. */
export const gapLine = (event: GapEvent): string => `-- gap: ${gapText(event)} in ${printable(event.group)}`;

export const reconnectingLine = (event: ReconnectingEvent, time: Date, json: boolean): string => {
  const { attempt, address, cause } = event;
  if (!json) return '-- reconnecting';
  const why = cause?.message ?? null;
  return JSON.stringify({ kind: 'reconnecting', time: time.toISOString(), attempt, address, cause: why });
};

/** `-- moving to b:4803: the daemon stops`. */
export const movedLine = (event: MovedEvent, time: Date, json: boolean): string => {
  if (json) return JSON.stringify({ kind: 'moved', time: time.toISOString(), ...event });
  const why = event.reason === 'drain' ? 'the daemon stops' : 'the daemon has too many clients';
  return `-- moving to ${printable(event.address)}: ${why}`;
};

/** `-- back at b:4803 after 41 ms, nothing lost`. */
export const resumedLine = (event: ResumedEvent, time: Date, json: boolean): string => {
  const { address, awayMs, gaps } = event;
  if (json) return JSON.stringify({ kind: 'resumed', time: time.toISOString(), ...event });
  const what = gaps === 0 ? 'nothing lost' : `with ${plural(gaps, 'gap')}`;
  return `-- back at ${printable(address)} after ${Math.round(awayMs)} ms, ${what}`;
};

/** Why there is a new view: `join of #a#host`. */
function causeText(view: ViewEvent, me: string): string {
  if (view.cause !== 'network') return `${view.cause} of ${named(view.changed, me)}`;
  const { joined, left } = view;
  const parts = [
    ...(left.length > 0 ? [`without ${left.map((name) => named(name, me)).join(' ')}`] : []),
    ...(joined.length > 0 ? [`with ${joined.map((name) => named(name, me)).join(' ')}`] : []),
  ];
  return ['network', ...parts].join(' ');
}

/** `2 members: #a#host (leader) #b#host (me)`; the first one leads. */
export function membersText(members: readonly string[], me: string): string {
  const list = members.map((name, place) => {
    const marks = [...(place === 0 ? ['leader'] : []), ...(name === me ? ['me'] : [])];
    return printable(name) + (marks.length > 0 ? ` (${marks.join(', ')})` : '');
  });
  return `${plural(members.length, 'member')}: ${list.join(' ')}`;
}

const named = (name: string, me: string): string => printable(name) + (name === me ? ' (me)' : '');

// What arrives, one object for programs each. The names are those of the library's events.

/** A line without its end. @param me id of the reader */
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
    case 'flush-request':
      return { group: event.group };
    case 'stalled':
      return { group: event.group, waitingFor: event.waitingFor };
    case 'excluded':
      return { group: event.group, reason: event.reason, sealer: event.sealer, rejoinInMs: event.rejoinInMs };
    case 'disagreement':
      return { group: event.group, sealer: event.sealer, names: event.names };
    case 'rekeyed':
      return { group: event.group, epoch: event.epoch };
    case 'tampering': {
      const { group, reason, sender, names, count } = event;
      return { group, reason, sender, names, count };
    }
    case 'gap': {
      const { group, reason, missed, awayMs, since } = event;
      return { group, reason, missed, awayMs, since: groupIdText(since) };
    }
    case 'reject': {
      const { refused, reason, groups, type, body } = event;
      return { refused, reason, groups, type, ...bodyFields(body) };
    }
  }
}
