/** Rows as people read them. */
import { count, microseconds } from '../../lib/cli/units.js';
import { isLessBetter, type Row, type SystemRow } from './figures.js';
import type { Results } from './results.js';

const MIB = 1024 * 1024;
const WIDTHS = [30, 12, 12, 12, 10, 10, 10, 9, 9, 12, 8];
const HEADS = ['case', 'median', 'min', 'max', 'p50', 'p99', 'p99.9', 'CPU s/M', 'MiB', 'yardstick', 'ratio'];

export const head = (): string => line(HEADS);

export function lineOf(row: Row): string {
  const { systems, leftOut = [] } = row;
  if (systems) {
    const notes = leftOut.map((text) => `  ${text}`);
    return [`${row.case}, ${row.unit}`, ...systems.map(systemLine), ...notes].join('\n');
  }
  const { rate, latency, cpu, memory, yardstick, ratio } = row;
  const value = (figure: number): string => (isLessBetter(row.unit) ? figure.toFixed(1) : count(figure));
  const time = (figure: number | undefined): string => (figure === undefined ? '-' : microseconds(figure));
  const facts = Object.entries(row.facts).map(([name, figure]) => `${name} ${short(figure)}`);
  const figures = line([
    row.case,
    value(rate.median),
    value(rate.min),
    value(rate.max),
    time(latency?.p50),
    time(latency?.p99),
    time(latency?.p999),
    cpu === null ? '-' : short(cpu),
    memory === null ? '-' : count(memory / MIB),
    yardstick ? value(yardstick.rate.median) : '-',
    ratio === null ? '-' : ratio.toFixed(3),
  ]);
  return `${figures}  ${row.unit}${facts.length > 0 ? `; ${facts.join(', ')}` : ''}`;
}

/** One of several systems, below the line of its case. The ratio is how many times as fast the subject is. */
function systemLine({ system, rate, latency, cpuOf, ratio }: SystemRow): string {
  const cpu = Object.values(cpuOf).reduce((sum, each) => sum + each, 0);
  const time = (figure: number | undefined): string => (figure === undefined ? '-' : microseconds(figure));
  const cells = line([
    `  ${system}`,
    count(rate.median),
    count(rate.min),
    count(rate.max),
    time(latency?.p50),
    time(latency?.p99),
    time(latency?.p999),
    short(cpu),
    '-',
    '-',
    ratio === null ? '-' : ratio.toFixed(3),
  ]);
  const each = Object.entries(cpuOf).map(([name, figure]) => `${name} ${short(figure)}`);
  return each.length > 0 ? `${cells}  CPU s/M: ${each.join(', ')}` : cells;
}

/** Each case of both files: before, after, and the second through the first; the ratios to the yardstick likewise. */
export function comparison(before: Results, after: Results): string {
  const widths = [30, 12, 12, 9, 12, 12, 9];
  const lines = [line(['case', 'before', 'after', 'change', 'ratio', 'ratio', 'change'], widths)];
  for (const row of before.rows) {
    const other = after.rows.find((each) => each.case === row.case);
    if (!other) continue;
    const ratios = [row.ratio, other.ratio].map((ratio) => ratio?.toFixed(3) ?? '-');
    lines.push(
      line(
        [
          row.case,
          short(row.rate.median),
          short(other.rate.median),
          change(row.rate.median, other.rate.median),
          ...ratios,
          row.ratio === null || other.ratio === null ? '-' : change(row.ratio, other.ratio),
        ],
        widths,
      ),
    );
  }
  return lines.join('\n');
}

const change = (before: number, after: number): string => `x${(after / before).toFixed(2)}`;

const short = (figure: number): string =>
  Math.abs(figure) >= 1_000 ? count(figure) : String(Number(figure.toPrecision(3)));

const line = (cells: readonly string[], widths: readonly number[] = WIDTHS): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('');
