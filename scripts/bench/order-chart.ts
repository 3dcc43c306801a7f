/** A chart of the bench of orders as SVG: a bar for each adapter, as long as the share of inverted pairs. */
import { text } from './chart.js';
import { NAMES, type OrderRow } from './order.js';

const LABEL = 170;
const SCALE = 400;
const ROW = 34;
const TOP = 44;
const WIDTH = LABEL + SCALE + 90;
/** Percent at the end of the scale. */
const HIGHEST = 10;

export function orderChart(rows: readonly OrderRow[]): string {
  const height = TOP + rows.length * ROW + 8;
  const [first] = rows;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    text(
      8,
      18,
      `Neighbouring events that two clients see in different orders: 5 Socket.IO servers, ${first?.broadcasts ?? 0} broadcasts`,
    ),
    ...rows.flatMap(bar),
    '</svg>\n',
  ].join('\n');
}

function bar({ kind, of, pairs }: OrderRow, i: number): string[] {
  const share = (100 * pairs) / of;
  const y = TOP + i * ROW;
  const length = (Math.min(share, HIGHEST) * SCALE) / HIGHEST;
  return [
    text(LABEL - 8, y + 15, NAMES[kind] ?? kind, 'end'),
    `<rect x="${LABEL}" y="${y}" width="${Math.max(length, 1).toFixed(1)}" height="20" fill="${pairs === 0 ? '#58a' : '#c63'}"/>`,
    text(LABEL + length + 8, y + 15, pairs === 0 ? '0' : `${share.toFixed(1)} %`),
  ];
}
