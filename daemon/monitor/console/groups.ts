/** The groups, and the one that is open: its members in order. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { idText, numberText, plural } from './core/format.js';
import type { EventLine, GroupRow } from './core/lines.js';
import { groupRate, type MemberEntry, membersOf, type Model } from './core/model.js';
import { contains } from './core/search.js';
import { EventRow } from './event-row.js';
import { askPage } from './feed-client.js';
import { html, type View } from './html.js';
import { agoText, Bar, Crown, Empty, hrefOf, Id, Name } from './parts.js';

export interface ScreenProps {
  readonly model: Model;
  readonly now: number;
  /** What is searched for; empty for nothing. */
  readonly query: string;
  /** What is open: a group, or the number of a session; null for nothing. */
  readonly open: string | null;
  readonly token: string | null;
}

interface Found {
  readonly row: GroupRow;
  readonly perSecond: number;
}

/** Milliseconds between the last letter and the question, and between two questions. */
const PATIENCE = 300;
const AGAIN = 3_000;
const MOST_FOUND = 100;

/**
 * What the daemon finds beyond what the feed lists.
 * @param isWhole whether the feed lists everything
 */
export function useMatches(page: string, query: string, isWhole: boolean, token: string | null): unknown {
  const [found, setFound] = useState<{ readonly query: string; readonly page: unknown } | null>(null);
  useEffect(() => {
    if (query === '' || isWhole) return undefined;
    let timer = 0;
    let isOver = false;
    const ask = async (): Promise<void> => {
      const answer = await askPage(`${page}?limit=${MOST_FOUND}&match=${encodeURIComponent(query)}`, token);
      if (isOver) return;
      if (answer !== null) setFound({ query, page: answer });
      timer = setTimeout(() => void ask(), AGAIN);
    };
    timer = setTimeout(() => void ask(), PATIENCE);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [page, query, isWhole, token]);
  return found?.query === query ? found.page : null;
}

/** Listed groups of which the name contains the text, and those that the daemon finds beyond. */
export function useGroups({ model, now, query, token }: ScreenProps): readonly Found[] {
  const isWhole = model.groupsTotal <= model.groups.size;
  const page = useMatches('groups', query, isWhole, token) as { readonly groups: readonly GroupRow[] } | null;
  const listed = [...model.groups.values()]
    .filter(({ row }) => contains(row.name, query))
    .map((entry) => ({ row: entry.row, perSecond: groupRate(entry, now) }));
  const others = (page?.groups ?? []).filter(({ name }) => !model.groups.has(name));
  const found = [...listed, ...others.map((row) => ({ row: { ...row, lastView: null }, perSecond: 0 }))];
  return found.toSorted((a, b) => b.row.members - a.row.members || (a.row.name < b.row.name ? -1 : 1));
}

export function Groups(props: ScreenProps): View {
  const { model, query, open, now } = props;
  const found = useGroups(props);
  const { groupsTotal, groups } = model;
  const isPart = groupsTotal > groups.size;
  return html`<div class=${open === null ? 'split' : 'split opened'}>
    <section class="card list" aria-labelledby="groups-title">
      <div class="title">
        <h2 id="groups-title">Groups</h2>
        <span class="dim"
          >${plural(groupsTotal, 'group')}${isPart && query === '' ? `, the ${numberText(groups.size)} largest` : ''}</span
        >
      </div>
      <${GroupTable} found=${found} now=${now} open=${open} />
      ${
        found.length === 0 &&
        html`<${Empty}
          text=${query === '' ? 'No group has members. A client makes one: ssp join room' : `No group contains “${query}”.`}
        />`
      }
      ${isPart && query === '' && html`<p class="dim note">Search finds the others.</p>`}
    </section>
    ${open !== null && html`<${OpenGroup} ...${props} name=${open} />`}
  </div>`;
}

interface TableProps {
  readonly found: readonly Found[];
  readonly now: number;
  readonly open: string | null;
}

export function GroupTable({ found, now, open }: TableProps): View {
  if (found.length === 0) return null;
  const most = Math.max(...found.map(({ row }) => row.members));
  return html`<table class="cards groups">
    <caption class="hidden">
      Groups
    </caption>
    <thead>
      <tr>
        <th scope="col">name</th>
        <th scope="col" colspan="2">members</th>
        <th scope="col" class="number">here</th>
        <th scope="col" class="number">messages/s</th>
        <th scope="col">last change</th>
      </tr>
    </thead>
    <tbody>
      ${found.map(({ row, perSecond }) => {
        const change = lastChange(row, now);
        const isOpen = row.name === open;
        const share = row.members / most;
        return html`<${GroupLine} key=${row.name} ...${{ row, perSecond, change, share, isOpen }} />`;
      })}
    </tbody>
  </table>`;
}

const VERBS: Readonly<Record<string, string>> = {
  join: 'joined',
  leave: 'left',
  disconnect: 'disconnected',
};

function lastChange({ lastView }: GroupRow, now: number): string {
  if (lastView === null) return '';
  const { cause, who, at } = lastView;
  const verb = VERBS[cause];
  return `${verb === undefined ? cause : `${idText(who)} ${verb}`}, ${agoText(at, now)}`;
}

interface GroupLineProps extends Found {
  readonly change: string;
  /** Members against those of the largest group, 0 to 1. */
  readonly share: number;
  readonly isOpen: boolean;
}

/** There are many, and most of them are as they were. */
function GroupLine({ row, perSecond, change, share, isOpen }: GroupLineProps): View {
  const { name, members, local } = row;
  return useMemo(
    () =>
      html`<tr class=${isOpen ? 'open' : ''}>
        <th scope="row">
          <a href=${hrefOf('groups', name)}><${Name} name=${name} /></a>
        </th>
        <td class="number" data-label="members">${numberText(members)}</td>
        <td class="bar-cell" data-label=""><${Bar} share=${share} /></td>
        <td class="number" data-label="here">${numberText(local)}</td>
        <td class="number" data-label="messages/s">${numberText(perSecond)}</td>
        <td class="dim" data-label="last change"><bdi>${change}</bdi></td>
      </tr>`,
    [name, members, local, perSecond, change, share, isOpen],
  );
}

const LAST_VIEWS = 20;

function OpenGroup({ model, now, name }: ScreenProps & { readonly name: string }): View {
  const group = model.group?.name === name ? model.group : null;
  const views = useMemo(() => viewsOf(model.events, name), [model.events, name]);
  return html`<section class="card detail" aria-labelledby="group-title">
    <div class="title">
      <h2 id="group-title"><${Name} name=${name} /></h2>
      ${group && html`<span class="dim">${plural(group.total, 'member')}</span>`}
      <a class="close" href=${hrefOf('groups')}>close</a>
    </div>
    ${group === null && html`<${Empty} text="The members are on their way." />`}
    ${group?.total === 0 && html`<${Empty} text="There is no such group now." />`}
    ${group && group.id !== '' && html`<p class="dim">group id <code>${group.id}</code></p>`}
    <${MemberTable} model=${model} now=${now} group=${group} />
    <h3>Last views</h3>
    ${
      views.length === 0
        ? html`<${Empty} text="None since the monitor was opened." />`
        : html`<ol class="events small">
            ${views.map((event) => html`<${EventRow} key=${event.n} event=${event} isAlone=${true} />`)}
          </ol>`
    }
  </section>`;
}

const viewsOf = (events: readonly EventLine[], name: string): EventLine[] =>
  events
    .filter((event) => event.kind === 'view' && event.group === name)
    .slice(-LAST_VIEWS)
    .toReversed();

interface MembersProps extends Pick<ScreenProps, 'model' | 'now'> {
  readonly group: Model['group'];
}

/** A long list is not made again when nothing in it has changed. */
function MemberTable({ model, now, group }: MembersProps): View {
  const members = group === null ? [] : membersOf(model, now);
  const marked = members
    .filter(({ state }) => state !== 'here')
    .map(({ id, state }) => id + state)
    .join(' ');
  const numbers = new Map(model.sessions.map(({ row }) => [row.id, row.number]));
  const daemon = model.hello?.name ?? '';
  const linked = [...numbers.keys()].join(' ');
  return useMemo(
    () =>
      html`<ol class="members">
          ${members.map((member, i) => html`<${Member} key=${member.id + member.state} member=${member} place=${i + 1} daemon=${daemon} session=${numbers.get(member.id)} />`)}
        </ol>
        ${
          group !== null &&
          group.total > group.members.length &&
          html`<p class="dim">and ${plural(group.total - group.members.length, 'more member')}</p>`
        }`,
    [group, marked, linked, daemon],
  );
}

interface MemberProps {
  readonly member: MemberEntry;
  readonly place: number;
  readonly daemon: string;
  /** Number of its session, if it is one of those that are listed. */
  readonly session: number | undefined;
}

function Member({ member: { id, state }, place, daemon, session }: MemberProps): View {
  const isHere = id.endsWith(`#${daemon}`);
  const text = html`<${Id} id=${id} />`;
  const isFirst = place === 1 && state !== 'gone';
  return html`<li class="${state} ${isFirst ? 'leader' : ''}" value=${state === 'gone' ? undefined : place}>
    <span class="place">${state === 'gone' ? '' : place}</span>
    ${state === 'gone' ? html`<del>${text}</del>` : isHere && session !== undefined ? html`<a href=${hrefOf('sessions', session)}>${text}</a>` : text}
    ${isFirst && html`<span class="tag lead"><${Crown} /> would lead</span>`}
    ${state === 'new' && html`<span class="tag good">joined</span>`}
    ${state === 'gone' && html`<span class="dim">gone</span>`}
  </li>`;
}
