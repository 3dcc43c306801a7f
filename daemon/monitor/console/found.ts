/** What a search finds on all screens. */
import { plural } from './core/format.js';
import { findsEvent } from './core/search.js';
import { EventRow } from './event-row.js';
import { GroupTable, type ScreenProps, useGroups } from './groups.js';
import { html, type View } from './html.js';
import { Empty, hrefOf } from './parts.js';
import { SessionTable, useSessions } from './sessions.js';

const MOST = 20;

export function Found(props: ScreenProps): View {
  const { model, query, now, token } = props;
  const groups = useGroups(props);
  const sessions = useSessions(props);
  const events = model.events.filter((event) => findsEvent(event, query)).toReversed();
  const isNothing = groups.length + sessions.length + events.length === 0;
  const part = (screen: string, title: string, count: number, content: View): View =>
    count > 0
      ? html`<section class="card" aria-label=${title}>
          <div class="title">
            <h2>${title}</h2>
            <span class="dim">${plural(count, 'match', 'matches')}</span>
            ${count > MOST && html`<a href=${hrefOf(screen)}>all of them</a>`}
          </div>
          ${content}
        </section>`
      : null;
  return html`<div class="found">
    ${isNothing && html`<section class="card"><${Empty} text="Nothing contains “${query}”." /></section>`}
    ${part('groups', 'Groups', groups.length, html`<${GroupTable} found=${groups.slice(0, MOST)} now=${now} open=${null} />`)}
    ${part(
      'sessions',
      'Sessions',
      sessions.length,
      html`<${SessionTable}
        model=${model}
        entries=${sessions.slice(0, MOST)}
        order=${null}
        setOrder=${null}
        now=${now}
        open=${null}
        token=${token}
      />`,
    )}
    ${part(
      'events',
      'Events',
      events.length,
      html`<ol class="events">
        ${events.slice(0, MOST).map((event) => html`<${EventRow} key=${event.n} event=${event} />`)}
      </ol>`,
    )}
  </div>`;
}
