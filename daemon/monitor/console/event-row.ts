/** One event as a line. */
import { changeText, listText, nameText, plural } from './core/format.js';
import type { DaemonViewEvent, EventLine, ViewEvent } from './core/lines.js';
import { html, type View } from './html.js';
import { Clock, hrefOf, Id, Name } from './parts.js';

interface Props {
  readonly event: EventLine;
  /** Whether only events of one group are shown. */
  readonly isAlone?: boolean;
}

export const EventRow = ({ event, isAlone = false }: Props): View => {
  const level = levelOf(event);
  return html`<li class="event ${event.kind} ${level}">
    <${Clock} at=${event.at} />
    <span class="kind">${kindText(event.kind)}</span>
    <span class="what">${textOf(event, isAlone)}</span>
  </li>`;
};

/** `daemon-view` -> `daemon view` */
export const kindText = (kind: EventLine['kind']): string => kind.replaceAll('-', ' ');

function levelOf(event: EventLine): string {
  if (event.kind === 'daemon-view') return lostBy(event).length > 0 ? 'amber' : 'good';
  if (event.kind === 'session-ended')
    return /^(slow|silent|illegal|too-many)/.test(event.reason) ? 'amber' : '';
  return event.kind === 'refused' || event.kind === 'damaged' ? 'amber' : '';
}

const lostBy = ({ before, daemons }: DaemonViewEvent): string[] =>
  before.filter((name) => !daemons.includes(name));

function textOf(event: EventLine, isAlone: boolean): View | string {
  switch (event.kind) {
    case 'view':
      return viewText(event, isAlone);
    case 'daemon-view':
      return daemonViewText(event);
    case 'session-ended':
      return html`<${Id} id=${event.id} /> <b>${event.reason}</b>${' '}
        <span class="dim">${nameText(event.detail, 80)} from ${event.from}</span>`;
    case 'refused':
      return html`<b>${event.reason}</b> <span class="dim">from ${event.from}</span>`;
    case 'damaged':
      return `${plural(event.count, 'invalid payload')} from other daemons`;
    case 'reload':
      return 'configuration reloaded';
    default:
      return `${plural(event.count, 'more event')}, too many to be listed`;
  }
}

function viewText(event: ViewEvent, isAlone: boolean): View {
  const { group, cause, members } = event;
  const name = isAlone ? null : html`<a href=${hrefOf('groups', group)}><${Name} name=${group} /></a> `;
  return html`${name}<b>${cause}</b> ${changeText(event)}${' '}
    <span class="dim count">${plural(members, 'member')}</span>`;
}

function daemonViewText(event: DaemonViewEvent): View {
  const { before, daemons, sets } = event;
  const lost = lostBy(event);
  const came = daemons.filter((name) => !before.includes(name));
  return html`<span class="before">${listText(before) || 'nobody'}</span> →${' '}
    <b>${listText(daemons)}</b>
    ${lost.length > 0 && html` <span class="lost">out of reach: ${listText(lost)}</span>`}
    ${came.length > 0 && before.length > 0 && html` <span class="came">came: ${listText(came)}</span>`}
    ${sets.length > 1 && html` <span class="dim">together: ${sets.map((set) => listText(set)).join(' | ')}</span>`}`;
}
