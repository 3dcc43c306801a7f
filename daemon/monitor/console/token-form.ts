/** The token that the monitor wants: asked for, kept as long as the tab is open, never in the address. */
import { useState } from 'preact/hooks';
import { html, type View } from './html.js';

const KEY = 'sspd token';
const IN_ADDRESS = /^#token=(.+)$/;

export function keepToken(token: string): void {
  try {
    sessionStorage.setItem(KEY, token);
  } catch {
    // It holds until the page is loaded again.
  }
}

/** The token of the address, which is taken out of it, or the one that was kept; null for none. */
export function takeToken(): string | null {
  const [, given] = IN_ADDRESS.exec(location.hash) ?? [];
  try {
    if (given !== undefined) {
      history.replaceState(null, '', location.pathname + location.search);
      const token = decodeURIComponent(given);
      keepToken(token);
      return token;
    }
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

interface Props {
  /** Whether the last one was. */
  readonly isWrong: boolean;
  readonly show: (token: string) => void;
}

export function TokenForm({ isWrong, show }: Props): View {
  const [token, setToken] = useState('');
  const sent = (event: Event): void => {
    event.preventDefault();
    if (token !== '') show(token);
  };
  return html`<main class="door">
    <form class="card" onSubmit=${sent}>
      <h1>sspd</h1>
      <p id="token-text">
        The monitor of this daemon asks for a token. It is in the file that${' '}
        <code>MonitorTokenFile</code> names.
      </p>
      <label for="token">token</label>
      <input
        id="token"
        type="password"
        autocomplete="current-password"
        autofocus
        value=${token}
        aria-describedby=${isWrong ? 'token-wrong' : 'token-text'}
        aria-invalid=${isWrong}
        onInput=${(event: Event) => setToken((event.target as HTMLInputElement).value)}
      />
      ${isWrong && html`<p id="token-wrong" class="wrong" role="alert">The daemon does not take this token.</p>`}
      <button type="submit" class="primary">show the daemon</button>
    </form>
  </main>`;
}
