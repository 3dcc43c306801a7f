/**
 * A chart of results as SVG: a bar for each case, as long as its rate is on a logarithmic scale, and a mark where the
 * yardstick was in the same run. Cases without a rate are left out.
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
  const shown = rows.filter(({ unit }) => !isLessBetter(unit));
  const height = TOP + shown.length * ROW + 12;
  const title = `Messages or changes a second, ${cores} x ${processor}, node ${node}, ${commit} ${date.slice(0, 10)}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    text(8, 16, title),
    ...scale(height),
    ...shown.flatMap((row, i) => bar(row, TOP + i * ROW)),
    '</svg>\n',
  ].join('\n');
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

function bar({ case: name, rate, yardstick, ratio }: Row, y: number): string[] {
  const length = (place(rate.median) - LABEL).toFixed(1);
  const figures = count(rate.median) + (ratio === null ? '' : `  (${ratio.toFixed(2)} of the yardstick)`);
  const marks = yardstick
    ? [`<rect x="${place(yardstick.rate.median).toFixed(1)}" y="${y}" width="2" height="13" fill="#c33"/>`]
    : [];
  return [
    text(LABEL - 6, y + 10, name, 'end'),
    `<rect x="${LABEL}" y="${y + 1}" width="${length}" height="11" fill="#58a"/>`,
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
