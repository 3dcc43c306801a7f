/** The clients of this daemon, those first for which most waits. */
import { useEffect, useState } from 'preact/hooks';
import { bytesText, durationText, nameText, numberText, plural } from './core/format.js';
import type { SessionRow } from './core/lines.js';
import type { Model, SessionEntry } from './core/model.js';
import { finds } from './core/search.js';
import { EventRow } from './event-row.js';
import { askPage } from './feed-client.js';
import { type ScreenProps, useMatches } from './groups.js';
import { html, type View } from './html.js';
import { Bar, Cell, Clock, Empty, hrefOf, Id, loadOf } from './parts.js';

const wordsOf = ({ id, from, principal }: SessionRow): readonly string[] => [id, from, principal];

/** Listed sessions in which the text is found, and those that the daemon finds beyond. */
export function useSessions({ model, query, token }: ScreenProps): readonly SessionEntry[] {
  const isWhole = model.sessionsTotal <= model.sessions.length;
  const page = useMatches('sessions', query, isWhole, token) as {
    readonly sessions: readonly SessionRow[];
  } | null;
  const listed = model.sessions.filter(({ row }) => finds(wordsOf(row), query));
  const known = new Set(model.sessions.map(({ row }) => row.number));
  const others = (page?.sessions ?? []).filter(({ number }) => !known.has(number));
  return [...listed, ...others.map((row) => ({ row, inPerSecond: 0, outPerSecond: 0 }))];
}

interface Column {
  readonly key: string;
  readonly label: string;
  readonly isNumber?: boolean;
  readonly value: (entry: SessionEntry) => number | string;
}

const COLUMNS: readonly Column[] = [
  { key: 'id', label: 'session', value: ({ row }) => row.id },
  { key: 'from', label: 'from', value: ({ row }) => row.from },
  { key: 'principal', label: 'principal', value: ({ row }) => row.principal },
  { key: 'version', label: 'version', value: ({ row }) => row.version },
  { key: 'groups', label: 'groups', isNumber: true, value: ({ row }) => row.groups },
  { key: 'in', label: 'in/s', isNumber: true, value: ({ inPerSecond }) => inPerSecond },
  { key: 'out', label: 'out/s', isNumber: true, value: ({ outPerSecond }) => outPerSecond },
  { key: 'waiting', label: 'waiting', isNumber: true, value: ({ row }) => row.waitingBytes },
  { key: 'held', label: 'held by', value: ({ row }) => row.held.join(' ') },
  { key: 'age', label: 'age', isNumber: true, value: ({ row }) => -row.since },
];

interface SortOrder {
  readonly key: string;
  readonly isDescending: boolean;
}

function sorted(entries: readonly SessionEntry[], { key, isDescending }: SortOrder): readonly SessionEntry[] {
  const column = COLUMNS.find((each) => each.key === key);
  if (column === undefined) return entries;
  const sign = isDescending ? -1 : 1;
  return entries.toSorted((a, b) => {
    const [left, right] = [column.value(a), column.value(b)];
    if (left === right) return a.row.number - b.row.number;
    return left < right ? -sign : sign;
  });
}

export function Sessions(props: ScreenProps): View {
  const { model, query, open, now } = props;
  const found = useSessions(props);
  const [order, setOrder] = useState<SortOrder>({ key: 'waiting', isDescending: true });
  const { sessionsTotal, sessions } = model;
  const isPart = sessionsTotal > sessions.length;
  return html`<section class="card" aria-labelledby="sessions-title">
    <div class="title">
      <h2 id="sessions-title">Sessions</h2>
      <span class="dim">
        ${plural(sessionsTotal, 'connection')} of this
        daemon${isPart && query === '' ? `, the ${numberText(sessions.length)} with the most waiting` : ''}
      </span>
    </div>
    ${
      found.length === 0
        ? html`<${Empty}
            text=${query === '' ? 'No client is connected. Start one: ssp join room' : `No session contains “${query}”.`}
          />`
        : html`<${SessionTable}
            model=${model}
            entries=${sorted(found, order)}
            order=${order}
            setOrder=${setOrder}
            now=${now}
            open=${open}
            token=${props.token}
          />`
    }
    ${isPart && query === '' && html`<p class="dim note">Search finds the others.</p>`}
  </section>`;
}

interface TableProps {
  readonly model: Model;
  readonly entries: readonly SessionEntry[];
  readonly now: number;
  readonly open: string | null;
  readonly token: string | null;
  /** Null: the order is not to be changed. */
  readonly order: SortOrder | null;
  readonly setOrder: ((order: SortOrder) => void) | null;
}

export function SessionTable({ model, entries, now, open, token, order, setOrder }: TableProps): View {
  const head = ({ key, label, isNumber = false }: Column): View => {
    const isSorted = order?.key === key;
    const isDescending = order?.isDescending ?? false;
    const direction = isDescending ? 'descending' : 'ascending';
    const next = { key, isDescending: isSorted ? !isDescending : isNumber };
    return html`<th
      key=${key}
      scope="col"
      class=${isNumber && key !== 'waiting' ? 'number' : ''}
      aria-sort=${isSorted ? direction : undefined}
    >
      ${
        setOrder === null
          ? label
          : html`<button type="button" class="sort" onClick=${() => setOrder(next)}>
              ${label}<span aria-hidden="true">${isSorted ? (isDescending ? ' ↓' : ' ↑') : ''}</span>
            </button>`
      }
    </th>`;
  };
  return html`<div class="scroll">
    <table class="cards sessions">
      <caption class="hidden">
        Sessions
      </caption>
      <thead>
        <tr>
          ${COLUMNS.map(head)}
        </tr>
      </thead>
      <tbody>
        ${entries.map((entry) => {
          const isOpen = String(entry.row.number) === open;
          return html`<${SessionLine}
              key=${entry.row.number}
              entry=${entry}
              model=${model}
              now=${now}
              isOpen=${isOpen}
            />
            ${isOpen && html`<${OpenSession} key=${`open ${entry.row.number}`} model=${model} row=${entry.row} token=${token} />`}`;
        })}
      </tbody>
    </table>
  </div>`;
}

interface LineProps {
  readonly entry: SessionEntry;
  readonly model: Model;
  readonly now: number;
  readonly isOpen: boolean;
}

function SessionLine({ entry, model, now, isOpen }: LineProps): View {
  const { row, inPerSecond, outPerSecond } = entry;
  const { maxSessionMessages: most = 1, maxSessionBytes: mostBytes = 1 } = model.hello?.limits ?? {};
  const share = Math.max(row.waitingMessages / most, row.waitingBytes / mostBytes);
  return html`<tr class=${isOpen ? 'open' : ''}>
    <th scope="row">
      <a href=${isOpen ? hrefOf('sessions') : hrefOf('sessions', row.number)} aria-expanded=${isOpen}>
        ${row.id === '' ? html`<i>handshake</i>` : html`<${Id} id=${row.id} />`}
      </a>
      ${row.tls && html` <span class="tag">TLS</span>`}
    </th>
    <${Cell} label="from" kind="nowrap">${row.from}<//>
    <${Cell} label="principal">${nameText(row.principal)}<//>
    <${Cell} label="version">${row.version}<//>
    <${Cell} label="groups" kind="number">${numberText(row.groups)}<//>
    <${Cell} label="in/s" kind="number">${numberText(inPerSecond)}<//>
    <${Cell} label="out/s" kind="number">${numberText(outPerSecond)}<//>
    <${Cell} label="waiting" kind="load ${loadOf(share)}">
      <${Bar} share=${share} isLoad=${true} />
      <span class="figure">${numberText(row.waitingMessages)} of ${numberText(most)}</span>
    <//>
    <${Cell} label="held by">${row.held.map((why) => html`<span class="tag amber">${why}</span>`)}<//>
    <${Cell} label="age" kind="number nowrap">${durationText(now - row.since)}<//>
  </tr>`;
}

interface OpenProps {
  readonly model: Model;
  readonly row: SessionRow;
  readonly token: string | null;
}

const AGAIN = 2_000;

/** The groups of a session, as long as it is open. */
function useGroupNames(number: number, token: string | null): readonly string[] | null {
  const [names, setNames] = useState<readonly string[] | null>(null);
  useEffect(() => {
    let timer = 0;
    let isOver = false;
    const ask = async (): Promise<void> => {
      const page = (await askPage(`sessions/${number}`, token)) as {
        readonly groupNames: readonly string[];
      } | null;
      if (isOver) return;
      if (page !== null) setNames(page.groupNames);
      timer = setTimeout(() => void ask(), AGAIN);
    };
    void ask();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [number, token]);
  return names;
}

const MOST_GROUPS = 50;

function OpenSession({ model, row, token }: OpenProps): View {
  const names = useGroupNames(row.number, token);
  const { limits } = model.hello ?? {};
  const lastEnd = model.events.findLast((event) => event.kind === 'session-ended' && event.id === row.id);
  const most = limits === undefined ? '' : ` of ${bytesText(limits.maxSessionBytes)}`;
  return html`<tr class="more">
    <td colspan=${COLUMNS.length}>
      <dl class="facts">
        <div>
          <dt>groups</dt>
          <dd>${names === null ? '…' : groupLinks(names)}</dd>
        </div>
        <div>
          <dt>in</dt>
          <dd>${plural(row.messagesIn, 'message')}, ${bytesText(row.bytesIn)}</dd>
        </div>
        <div>
          <dt>out</dt>
          <dd>${plural(row.messagesOut, 'message')}, ${bytesText(row.bytesOut)}</dd>
        </div>
        <div>
          <dt>waiting</dt>
          <dd>${plural(row.waitingMessages, 'message')}, ${bytesText(row.waitingBytes)}${most}</dd>
        </div>
        <div>
          <dt>connected</dt>
          <dd><${Clock} at=${row.since} />, number ${row.number}</dd>
        </div>
      </dl>
      ${
        lastEnd &&
        html`<div class="dim">last end of this name</div>
          <ol class="events small">
            <${EventRow} event=${lastEnd} />
          </ol>`
      }
    </td>
  </tr>`;
}

function groupLinks(names: readonly string[]): View | string {
  if (names.length === 0) return 'none';
  const rest = names.length - MOST_GROUPS;
  return html`${names
    .slice(0, MOST_GROUPS)
    .map((name, i) => html`${i > 0 && ' '}<a href=${hrefOf('groups', name)}>${nameText(name)}</a>`)}
  ${rest > 0 && ` and ${numberText(rest)} more`}`;
}
