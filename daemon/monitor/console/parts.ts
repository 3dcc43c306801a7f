/** Small parts of several screens. */
import { durationText, idText, nameText } from './core/format.js';
import { html, type View } from './html.js';

/** The time of day where the page is. */
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
export const clockText = (at: number): string => clock.format(at);

/** The address of a screen. */
export const hrefOf = (screen: string, item?: string | number): string =>
  item === undefined ? `#/${screen}` : `#/${screen}/${encodeURIComponent(item)}`;

/** A clock time that says more when it is pointed at. */
export const Clock = ({ at }: { readonly at: number }): View =>
  html`<time datetime=${new Date(at).toISOString()} title=${new Date(at).toISOString()}
    >${clockText(at)}</time
  >`;

export const agoText = (at: number, now: number): string => `${durationText(now - at)} ago`;

/** The mark of whoever is first. */
export const CROWN = 'M1 11 0 3l4.5 3L8 0l3.5 6L16 3l-1 8z';
export const Crown = (): View =>
  html`<svg class="crown" viewBox="0 0 16 12" aria-hidden="true"><path d=${CROWN} /></svg>`;

export const Name = ({ name }: { readonly name: string }): View => html`<bdi>${nameText(name)}</bdi>`;
export const Id = ({ id }: { readonly id: string }): View => html`<bdi>${idText(id)}</bdi>`;

interface BarProps {
  /** Of the whole, 0 to 1. */
  readonly share: number;
  /** Whether a full one is bad. */
  readonly isLoad?: boolean;
}

const AMBER = 0.5;
const RED = 0.9;

/** How full something is: `ok`, `amber` from half, `red` from nine tenths. */
export function loadOf(share: number): 'ok' | 'amber' | 'red' {
  if (share >= RED) return 'red';
  return share >= AMBER ? 'amber' : 'ok';
}

/** Says nothing that does not stand beside it as text. */
export function Bar({ share, isLoad = false }: BarProps): View {
  const part = Math.min(1, Math.max(0, share));
  const level = isLoad ? loadOf(part) : 'ok';
  return html`<span class="bar ${level}" aria-hidden="true">
    <span style=${{ width: `${part === 0 ? 0 : Math.max(2, part * 100)}%` }}></span>
  </span>`;
}

const WIDTH = 300;
const HEIGHT = 44;

/** Values of a line that is young: it begins at the right. */
const MINUTE = 60;

/** A line of values, one a second, the last one at the right. */
export function Sparkline({ values }: { readonly values: readonly number[] }): View {
  const most = Math.max(1e-9, ...values);
  const step = WIDTH / Math.max(MINUTE, values.length - 1);
  const start = WIDTH - (values.length - 1) * step;
  const y = (value: number): number => Math.round((HEIGHT - 2 - (value / most) * (HEIGHT - 4)) * 10) / 10;
  const points = values
    .map((value, i) => `${Math.round((start + i * step) * 10) / 10},${y(value)}`)
    .join(' ');
  return html`<svg
    class="spark"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    preserveAspectRatio="none"
    aria-hidden="true"
  >
    ${
      values.length > 1 &&
      html`<polygon points="${start},${HEIGHT} ${points} ${WIDTH},${HEIGHT}" /><polyline points=${points} />`
    }
  </svg>`;
}

/** A cell of a table: on a phone its column is named beside it. */
export const Cell = ({
  label,
  kind = '',
  children,
}: {
  readonly label: string;
  readonly kind?: string;
  readonly children?: unknown;
}): View => html`<td class=${kind} data-label=${label}>${children}</td>`;

export const Empty = ({ text }: { readonly text: string }): View => html`<p class="empty">${text}</p>`;
