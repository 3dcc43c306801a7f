/**
 * A chart of results as SVG: a bar for each case, as long as its rate is on a logarithmic scale, and a mark where the
 * yardstick was in the same run. A case of several systems has a bar for each of them below its name. Cases without a rate
 * are left out.
 */
import { count } from '../../lib/cli/units.js';
import { isLessBetter, type Row } from './figures.js';
import type { Results } from './results.js';

const LABEL = 190;
const SCALE = 480;
const FIGURES = 190;
const ROW = 18;
const TOP = 46;
const WIDTH = LABEL + SCALE + FIGURES;
/** The scale: 10 to 10 million a second. */
const LOWEST = 1;
const HIGHEST = 7;

export function chart({ date, commit, node, processor, cores, rows }: Results): string {
  const bars = rows.filter(({ unit }) => !isLessBetter(unit)).flatMap(barsOf);
  const height = TOP + bars.length * ROW + 12;
  const title = `Messages or changes a second, ${cores} x ${processor}, node ${node}, ${commit} ${date.slice(0, 10)}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    text(8, 16, title),
    ...scale(height),
    ...bars.flatMap((bar, i) => drawn(bar, TOP + i * ROW)),
    '</svg>\n',
  ].join('\n');
}

/** A line of the chart: a bar, or a heading without one. */
interface Bar {
  readonly label: string;
  readonly rate: number | null;
  readonly colour: string;
  readonly figures: string;
  readonly mark: number | null;
}

const SUBJECT = '#58a';
const OTHER = '#bbb';

function barsOf({ case: name, unit, rate, yardstick, ratio, systems }: Row): readonly Bar[] {
  if (!systems) {
    const figures = count(rate.median) + (ratio === null ? '' : `  (${ratio.toFixed(2)} of the yardstick)`);
    const mark = yardstick ? yardstick.rate.median : null;
    return [{ label: name, rate: rate.median, colour: SUBJECT, figures, mark }];
  }
  const heading = { label: `${name}, ${unit}`, rate: null, colour: '', figures: '', mark: null };
  return [
    heading,
    ...systems.map(({ system, rate: own }) => ({
      label: system,
      rate: own.median,
      colour: system.startsWith('ssp-toolkit') ? SUBJECT : OTHER,
      figures: count(own.median),
      mark: null,
    })),
  ];
}

const place = (rate: number): number =>
  LABEL + (SCALE * (Math.min(HIGHEST, Math.max(LOWEST, Math.log10(rate))) - LOWEST)) / (HIGHEST - LOWEST);

function scale(height: number): string[] {
  const powers = Array.from({ length: HIGHEST - LOWEST + 1 }, (_, i) => 10 ** (LOWEST + i));
  return powers.flatMap((rate) => {
    const x = place(rate).toFixed(1);
    return [
      `<line x1="${x}" y1="${TOP - 8}" x2="${x}" y2="${height - 8}" stroke="#ddd"/>`,
      text(Number(x), TOP - 12, count(rate), 'middle'),
    ];
  });
}

function drawn({ label, rate, colour, figures, mark }: Bar, y: number): string[] {
  if (rate === null) return [text(8, y + 10, label)];
  const length = (place(rate) - LABEL).toFixed(1);
  const marks =
    mark === null ? [] : [`<rect x="${place(mark).toFixed(1)}" y="${y}" width="2" height="13" fill="#c33"/>`];
  return [
    text(LABEL - 6, y + 10, label, 'end'),
    `<rect x="${LABEL}" y="${y + 1}" width="${length}" height="11" fill="${colour}"/>`,
    ...marks,
    text(LABEL + SCALE + 8, y + 10, figures),
  ];
}

export const text = (
  x: number,
  y: number,
  content: string,
  anchor: 'start' | 'middle' | 'end' = 'start',
): string => `<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(content)}</text>`;

const escaped = (content: string): string => content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
