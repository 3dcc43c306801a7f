/** The page: header, screens, search, theme, token. */
import { render } from 'preact';
import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import { durationText, listText, nameText } from './core/format.js';
import { stateWord, type Model, type StateWord } from './core/model.js';
import { Events } from './events.js';
import { FeedClient } from './feed-client.js';
import { Groups, type ScreenProps } from './groups.js';
import { html, type View } from './html.js';
import { Found } from './found.js';
import { Overview } from './overview.js';
import { Clock, hrefOf } from './parts.js';
import { Sessions } from './sessions.js';
import { isTyping } from './events.js';
import { initialTheme, switchTheme } from './theme.js';
import { keepToken, takeToken, TokenForm } from './token-form.js';

const SCREENS = ['overview', 'groups', 'sessions', 'events'] as const;
type Screen = (typeof SCREENS)[number];

interface Place {
  readonly screen: Screen;
  readonly open: string | null;
}

/** `#/groups/room`: the screen and what is open on it. */
function placeOf(hash: string): Place {
  const [, name = '', item = ''] = /^#\/(\w+)(?:\/(.+))?$/.exec(hash) ?? [];
  const screen = SCREENS.find((each) => each === name) ?? 'overview';
  try {
    return { screen, open: item === '' ? null : decodeURIComponent(item) };
  } catch {
    return { screen, open: null };
  }
}

function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  useEffect(() => {
    const moved = (): void => setPlace(placeOf(location.hash));
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  return place;
}

/** Milliseconds between two pictures: what comes meanwhile is shown in one. */
const PICTURE = 100;
const SECOND = 1_000;

/** The client of the feed; the page is drawn again when it has something, and each second. */
function useFeed(token: string | null): FeedClient {
  const [, draw] = useReducer<number, void>((count) => count + 1, 0);
  const client = useMemo(() => {
    let isDue = false;
    return new FeedClient(() => {
      if (isDue) return;
      isDue = true;
      setTimeout(() => {
        isDue = false;
        draw();
      }, PICTURE);
    });
  }, []);
  useEffect(() => client.start(token), [client, token]);
  useEffect(() => {
    const timer = setInterval(() => client.connection !== 'live' && draw(), SECOND);
    return () => clearInterval(timer);
  }, [client]);
  return client;
}

function App(): View {
  const [token, setToken] = useState(takeToken);
  const [query, setQuery] = useState('');
  const client = useFeed(token);
  const place = usePlace();
  const { screen, open } = place;
  const { model, now, connection } = client;
  useEffect(() => client.open(screen === 'groups' ? open : null), [client, screen, open]);
  const name = model.hello?.name;
  useEffect(() => {
    document.title = name === undefined ? 'sspd' : `sspd ${nameText(name)}`;
  }, [name]);
  if (connection === 'refused') {
    const show = (next: string): void => {
      keepToken(next);
      setToken(next);
      if (next === token) client.start(next);
    };
    return html`<${TokenForm} isWrong=${token !== null} show=${show} />`;
  }
  const props: ScreenProps = { model, now, query: query.trim(), open, token };
  const isConnected = connection === 'live';
  return html`<${Header}
      model=${model}
      isConnected=${isConnected}
      now=${now}
      query=${query}
      setQuery=${setQuery}
    />
    <${Tabs} screen=${screen} />
    <${Silence} client=${client} />
    <main id="main" class=${isConnected ? '' : 'stale'}>
      ${model.isComplete ? screenOf(screen, props) : html`<p class="empty">Connecting to the daemon …</p>`}
    </main>
    <${Announcement} model=${model} />`;
}

function screenOf(screen: Screen, props: ScreenProps): View {
  switch (screen) {
    case 'groups':
      return html`<${Groups} ...${props} />`;
    case 'sessions':
      return html`<${Sessions} ...${props} />`;
    case 'events':
      return html`<${Events} ...${props} />`;
    default:
      return props.query === ''
        ? html`<${Overview} model=${props.model} now=${props.now} />`
        : html`<${Found} ...${props} />`;
  }
}

const LEVELS: Readonly<Record<StateWord, string>> = {
  operational: 'good',
  draining: 'amber',
  minority: 'amber',
  'no view': 'red',
};

interface HeaderProps {
  readonly model: Model;
  /** Whether it is of now. */
  readonly isConnected: boolean;
  readonly now: number;
  readonly query: string;
  readonly setQuery: (query: string) => void;
}

function Header({ model, isConnected, now, query, setQuery }: HeaderProps): View {
  const { hello } = model;
  const state = stateWord(model);
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && document.activeElement === box.current) {
        setQuery('');
        box.current?.blur();
      }
      if (event.key !== '/' || (isTyping(event.target) && event.target instanceof HTMLInputElement)) return;
      event.preventDefault();
      box.current?.focus();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, [setQuery]);
  const typed = (event: Event): void => setQuery((event.target as HTMLInputElement).value);
  return html`<header>
    <a class="skip" href="#main" onClick=${skip}>to the content</a>
    <h1>sspd <bdi>${nameText(hello?.name ?? '')}</bdi></h1>
    ${state && html`<span class="state ${isConnected ? LEVELS[state] : 'unknown'}"><span class="dot" aria-hidden="true"></span>${isConnected ? state : 'unknown'}</span>`}
    ${hello && html`<span class="dim more">up ${durationText(now - hello.started)}</span><span class="dim more">${hello.engine}</span><span class="dim more"><${Clock} at=${now} /></span>`}
    <input
      ref=${box}
      class="search"
      type="search"
      placeholder="search  /"
      aria-label="Search groups, sessions and events"
      value=${query}
      onInput=${typed}
      maxlength="64"
      spellcheck=${false}
      autocomplete="off"
    />
    <button type="button" class="theme" onClick=${switchTheme} aria-label="Switch between dark and light">
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6.5" />
        <path d="M8 1.5a6.5 6.5 0 0 1 0 13z" />
      </svg>
    </button>
  </header>`;
}

/** The address of the page says which screen is shown; so the focus moves without it. */
function skip(event: Event): void {
  event.preventDefault();
  const main = document.getElementById('main');
  main?.setAttribute('tabindex', '-1');
  main?.focus();
}

const Tabs = ({ screen }: { readonly screen: Screen }): View =>
  html`<nav aria-label="Screens">
    ${SCREENS.map(
      (each) =>
        html`<a key=${each} href=${hrefOf(each)} aria-current=${each === screen ? 'page' : undefined}>
          ${each.slice(0, 1).toUpperCase() + each.slice(1)}
        </a>`,
    )}
  </nav>`;

const TWO_SECONDS = 2_500;

/** Says when the daemon says nothing. */
function Silence({ client }: { readonly client: FeedClient }): View {
  const { connection, heardAt } = client;
  const silent = performance.now() - heardAt;
  if (connection === 'crowded') {
    return html`<p class="silence" role="alert">
      The daemon serves as many consoles as it can; trying again.
    </p>`;
  }
  if (connection === 'live' || (connection === 'connecting' && silent < TWO_SECONDS)) return null;
  return html`<p class="silence" role="alert">no word from the daemon for ${durationText(silent)}</p>`;
}

/** Daemon views are shown to those who do not see them. */
function Announcement({ model }: { readonly model: Model }): View {
  const { daemons } = model;
  const text =
    daemons === null
      ? ''
      : `Daemon view: ${listText(daemons.here) || 'none'}. ${daemons.away.length > 0 ? `Out of reach: ${listText(daemons.away.map(({ name }) => name))}.` : ''}`;
  return html`<div class="hidden" aria-live="polite">${text}</div>`;
}

initialTheme();
const root = document.getElementById('app');
if (root !== null) render(html`<${App} />`, root);
