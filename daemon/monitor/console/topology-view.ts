/** The daemons as a picture, and the same as a table. */
import { useEffect, useState } from 'preact/hooks';
import { durationText, listText, nameText } from './core/format.js';
import type { AwayDaemon, DaemonsLine } from './core/lines.js';
import { mergedSets, type Model } from './core/model.js';
import { type DaemonNode, type Topology, topologyOf } from './core/topology.js';
import { html, type View } from './html.js';
import { CROWN, Cell, Clock, Crown, clockText } from './parts.js';

interface Props {
  readonly model: Model;
  readonly now: number;
}

const PHONE = '(max-width: 480px)';

/** Whether the page is as narrow as a phone. */
export function useNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(() => matchMedia(PHONE).matches);
  useEffect(() => {
    const query = matchMedia(PHONE);
    const look = (): void => setNarrow(query.matches);
    query.addEventListener('change', look);
    return () => query.removeEventListener('change', look);
  }, []);
  return isNarrow;
}

export function Daemons({ model, now }: Props): View {
  const isNarrow = useNarrow();
  const { daemons, hello } = model;
  if (daemons === null || hello === null) return null;
  const topology = topologyOf(daemons, isNarrow ? 330 : 600, isNarrow);
  const sets = mergedSets(daemons, now);
  const { here, away } = daemons;
  return html`<section class="card daemons" aria-labelledby="daemons-title">
    <div class="title">
      <h2 id="daemons-title">Daemons</h2>
      <span class="dim">${here.length} in the view</span>
      ${away.length > 0 && html`<span class="tag amber">${away.length} out of reach</span>`}
      ${sets && html`<span class="tag">came together: ${sets.map((set) => listText(set)).join(' | ')}</span>`}
    </div>
    ${here.length === 0 && html`<p class="alarm">There is no daemon view: nothing is ordered.</p>`}
    <${Picture} topology=${topology} self=${hello.name} isMerged=${sets !== null} daemons=${daemons} />
    <${DaemonTable} daemons=${daemons} model=${model} now=${now} />
  </section>`;
}

interface PictureProps {
  readonly topology: Topology;
  readonly self: string;
  readonly isMerged: boolean;
  readonly daemons: DaemonsLine;
}

function Picture({ topology, self, isMerged, daemons }: PictureProps): View {
  const { width, height, nodes, links, divider } = topology;
  const { here, away } = daemons;
  const far = away.length === 0 ? '' : `; out of reach: ${away.map(({ name }) => nameText(name)).join(', ')}`;
  const label = `In the view: ${here.map((name) => nameText(name)).join(', ') || 'nobody'}${far}`;
  return html`<svg class="topology" viewBox="0 0 ${width} ${height}" role="img" aria-label=${label}>
    ${links.map(([from, to]) => html`<line class="link" x1=${from.x} y1=${from.y} x2=${to.x} y2=${to.y} />`)}
    ${divider && html`<path class="divider" d=${divider} />`}
    ${nodes.map((node) => html`<${Node} key=${node.name} node=${node} self=${self} isMerged=${isMerged} />`)}
  </svg>`;
}

/** Characters that fit into a circle of the largest size. */
const INSIDE = 6;
const LONGEST = 15;

interface NodeProps {
  readonly node: DaemonNode;
  readonly self: string;
  readonly isMerged: boolean;
}

function Node({ node, self, isMerged }: NodeProps): View {
  const { name, x, y, radius, place, since, set } = node;
  const isAway = place === 0;
  const isInside = name.length <= INSIDE && radius > 16;
  const kind = isAway ? 'away' : isMerged ? `set-${set % 4}` : 'here';
  const below = y + radius + 16;
  return html`<g class="node ${kind}">
    ${isMerged && html`<circle class="pulse" cx=${x} cy=${y} r=${radius} />`}
    ${name === self && html`<circle class="self" cx=${x} cy=${y} r=${radius + 4} />`}
    <circle cx=${x} cy=${y} r=${radius} />
    <text x=${x} y=${isInside ? y + 5 : below}>${nameText(name, LONGEST)}</text>
    ${
      place === 1 &&
      html`<g class="first" transform="translate(${x - 24} ${y - radius - 20})">
        <path transform="scale(0.85)" d=${CROWN} />
        <text x="17" y="9">first</text>
      </g>`
    }
    ${
      isAway &&
      html`<text class="note" x=${x} y=${isInside ? below : below + 15}>
          ${since === null ? 'not seen yet' : 'out of reach'}
        </text>
        ${
          since !== null &&
          html`<text class="note" x=${x} y=${(isInside ? below : below + 15) + 15}
            >since ${clockText(since)}</text
          >`
        }`
    }
  </g>`;
}

interface TableProps extends Props {
  readonly daemons: DaemonsLine;
}

function DaemonTable({ daemons, model, now }: TableProps): View {
  const { here, away, since } = daemons;
  const links = new Map(model.hello?.links.map(({ name, url }) => [name, url]));
  const nameCell = (name: string): View => {
    const url = links.get(name);
    const text = nameText(name);
    const isSelf = name === model.hello?.name;
    return html`<th scope="row">
      ${url === undefined ? html`<bdi>${text}</bdi>` : html`<a href=${url} rel="noreferrer">${text}</a>`}
      ${isSelf && html` <span class="dim">this one</span>`}
    </th>`;
  };
  return html`<table class="plain">
    <caption class="hidden">
      Daemons
    </caption>
    <thead>
      <tr>
        <th scope="col">daemon</th>
        <th scope="col">state</th>
        <th scope="col">since</th>
      </tr>
    </thead>
    <tbody>
      ${here.map(
        (name, i) =>
          html`<tr key=${name}>
            ${nameCell(name)}
            <${Cell} label="state"
              >${i === 0 ? html`<${Crown} /> in the view, first` : `in the view, place ${i + 1}`}<//
            >
            <${Cell} label="since">${since !== null && html`<${Clock} at=${since} />`}<//>
          </tr>`,
      )}
      ${away.map(
        (each) =>
          html`<tr key=${each.name} class="amber">
            ${nameCell(each.name)}
            <${Cell} label="state">${each.since === null ? 'not seen yet' : 'out of reach'}<//>
            <${Cell} label="since">${sinceOf(each, now)}<//>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

const sinceOf = ({ since }: AwayDaemon, now: number): View | string =>
  since === null ? '' : html`<${Clock} at=${since} /> <span class="dim">${durationText(now - since)}</span>`;
