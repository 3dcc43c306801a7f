/** Columns for people. */
import { count } from '../text.js';

/** Rows under a head line; columns of numbers are flush right. @param limit longest line */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  limit = Infinity,
): string[] {
  const texts = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? count(cell) : cell)));
  const widths = head.map((title, column) =>
    texts.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), title.length),
  );
  const isNumber = head.map(
    (_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        isNumber[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
      .slice(0, limit);
  return [line(head), ...texts.map(line)];
}

/** 1234567 as `1.2 MB`. */
export function bytes(value: number): string {
  if (value < 1_000) return `${Math.round(value)} B`;
  const unit = [' kB', ' MB', ' GB'];
  const power = Math.min(unit.length, Math.floor(Math.log10(value) / 3));
  return (value / 1_000 ** power).toFixed(1) + (unit[power - 1] ?? '');
}

/** 93784 seconds as `1 d 2 h 3 min`; the two or three largest units. */
export function age(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(minutes / 1_440), 'd'],
    [Math.floor(minutes / 60) % 24, 'h'],
    [minutes % 60, 'min'],
  ];
  return parts
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ');
}
