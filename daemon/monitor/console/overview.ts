/** The first screen: the daemons, what they do, what needs attention, what has happened. */
import { bytesAmount, bytesText, numberText } from './core/format.js';
import type { RatesLine } from './core/lines.js';
import { type Model, rollingSums } from './core/model.js';
import { EventRow } from './event-row.js';
import { html, type View } from './html.js';
import { Bar, Empty, hrefOf, Sparkline } from './parts.js';
import { Daemons } from './topology-view.js';

interface Props {
  readonly model: Model;
  readonly now: number;
}

const LAST_EVENTS = 10;
const MINUTE = 60;

export const Overview = ({ model, now }: Props): View =>
  html`<div class="overview">
    <${Daemons} model=${model} now=${now} />
    <div class="figures">
      <${Tiles} rates=${model.rates} />
      <${Attention} model=${model} />
    </div>
    <section class="card wide" aria-labelledby="last-title">
      <div class="title">
        <h2 id="last-title">Last events</h2>
        <a href=${hrefOf('events')}>all events</a>
      </div>
      ${
        model.events.length === 0
          ? html`<${Empty}
              text="Nothing has happened since the monitor was opened. A client that joins a group shows here."
            />`
          : html`<ol class="events">
              ${model.events
                .slice(-LAST_EVENTS)
                .toReversed()
                .map((event) => html`<${EventRow} key=${event.n} event=${event} />`)}
            </ol>`
      }
    </section>
  </div>`;

interface TileProps {
  readonly label: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly text?: (value: number) => { readonly value: string; readonly unit: string };
}

function Tiles({ rates }: { readonly rates: readonly RatesLine[] }): View {
  const series = (read: (line: RatesLine) => number): number[] => rates.map(read);
  const perSecond = (value: number): { value: string; unit: string } => {
    const { value: amount, unit } = bytesAmount(value);
    return { value: amount, unit: `${unit}/s` };
  };
  return html`<section class="tiles" aria-label="Rates of the last five minutes">
    <${Tile} label="messages in" unit="/s" values=${series((line) => line.in)} />
    <${Tile} label="messages out" unit="/s" values=${series((line) => line.out)} />
    <${Tile} label="bytes out" unit="" text=${perSecond} values=${series((line) => line.bytesOut)} />
    <${Tile} label="ordered" unit="/s" values=${series((line) => line.ordered)} />
    <${Tile}
      label="views"
      unit="/min"
      values=${rollingSums(
        series((line) => line.views),
        MINUTE,
      )}
    />
    <${Tile} label="event loop p99" unit="ms" values=${series((line) => line.loopP99)} />
  </section>`;
}

function Tile({ label, unit, values, text }: TileProps): View {
  const shown = (value: number): { value: string; unit: string } =>
    text?.(value) ?? { value: numberText(value), unit };
  const last = shown(values.at(-1) ?? 0);
  const range = (value: number): string => Object.values(shown(value)).join(' ');
  return html`<div class="card tile">
    <div class="label">${label}</div>
    <div class="value"><b>${last.value}</b> ${last.unit}</div>
    <${Sparkline} values=${values} />
    <div class="range">
      <span>min ${range(values.length === 0 ? 0 : Math.min(...values))}</span>
      <span>max ${range(Math.max(0, ...values))}</span>
    </div>
  </div>`;
}

function Attention({ model }: { readonly model: Model }): View {
  const last = model.rates.at(-1);
  const most = model.hello?.limits.maxTotalBytes ?? 0;
  if (last === undefined) return null;
  const { behind, waiting, refused, damaged, illegal } = last;
  const fact = (label: string, value: number, text = numberText(value)): View =>
    html`<div class=${value > 0 ? 'fact amber' : 'fact'}>
      <dt>${label}</dt>
      <dd>${text}</dd>
    </div>`;
  const isCalm = behind + refused + damaged + illegal === 0;
  return html`<section class="card attention" aria-labelledby="attention-title">
    <div class="title">
      <h2 id="attention-title">Attention</h2>
      <span class="dim">${isCalm ? 'nothing needs it' : 'since the daemon started'}</span>
    </div>
    <dl>
      ${fact('sessions behind', behind)} ${fact('refused', refused)} ${fact('damaged', damaged)}
      ${fact('illegal', illegal)}
    </dl>
    <div class="waiting">
      <span class="dim">waiting bytes</span>
      <${Bar} share=${most === 0 ? 0 : waiting / most} isLoad=${true} />
      <span class="figure">${bytesText(waiting)} of ${bytesText(most)}</span>
    </div>
  </section>`;
}
