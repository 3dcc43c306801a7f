/** What has happened, the last first. */
import { useLayoutEffect, useState } from 'preact/hooks';
import { numberText } from './core/format.js';
import type { EventLine } from './core/lines.js';
import { findsEvent } from './core/search.js';
import { EventRow, kindText } from './event-row.js';
import type { ScreenProps } from './groups.js';
import { html, type View } from './html.js';
import { Empty } from './parts.js';

const KINDS: readonly EventLine['kind'][] = [
  'daemon-view',
  'view',
  'session-ended',
  'refused',
  'damaged',
  'reload',
];

/** Whether a key belongs to what has the focus, and not to the page. */
export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input, textarea, select, button, a') !== null;

export function Events({ model, query }: ScreenProps): View {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [paused, setPaused] = useState<readonly EventLine[] | null>(null);
  const [isCopied, setCopied] = useState(false);
  const { events: live } = model;
  const toggle = (): void => setPaused((before) => (before === null ? model.events : null));
  // With the page, not behind it: the key counts as soon as the events are seen.
  useLayoutEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key !== ' ' || isTyping(event.target)) return;
      event.preventDefault();
      toggle();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [live]);
  const events = paused ?? live;
  const shown = events.filter((event) => !hidden.has(event.kind) && findsEvent(event, query)).toReversed();
  const copy = (): void => {
    void navigator.clipboard
      .writeText(JSON.stringify(shown, null, 2))
      .then(
        () => setCopied(true),
        () => setCopied(false),
      )
      .then(() => setTimeout(() => setCopied(false), 2_000));
  };
  const chip = (kind: EventLine['kind']): View => {
    const count = events.filter((event) => event.kind === kind).length;
    const isShown = !hidden.has(kind);
    const change = (): void => {
      const next = new Set(hidden);
      if (isShown) next.add(kind);
      else next.delete(kind);
      setHidden(next);
    };
    return html`<button key=${kind} type="button" class="chip" aria-pressed=${isShown} onClick=${change}>
      ${kindText(kind)} <span class="dim">${numberText(count)}</span>
    </button>`;
  };
  const newer = paused === null ? 0 : live.filter(({ n }) => n > (paused.at(-1)?.n ?? 0)).length;
  return html`<section class="card" aria-labelledby="events-title">
    <div class="title">
      <h2 id="events-title">Events</h2>
      <div class="chips" role="group" aria-label="Kinds that are shown">${KINDS.map(chip)}</div>
      <span class="buttons">
        <button type="button" onClick=${toggle} aria-pressed=${paused !== null} title="space">
          ${paused === null ? 'pause' : `continue, ${numberText(newer)} newer`}
        </button>
        <button type="button" onClick=${copy}>${isCopied ? 'copied' : 'copy as JSON'}</button>
      </span>
    </div>
    ${
      shown.length === 0
        ? html`<${Empty}
            text=${events.length === 0 ? 'Nothing has happened since the monitor was opened.' : 'No event of these kinds contains what is searched for.'}
          />`
        : html`<ol class="events">
            ${shown.map((event) => html`<${EventRow} key=${event.n} event=${event} />`)}
          </ol>`
    }
  </section>`;
}
