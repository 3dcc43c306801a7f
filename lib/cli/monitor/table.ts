/** Columns for people. */
import { count } from '../units.js';

/** Rows under a head line; columns of numbers, some of which may be empty, are flush right. @param limit longest line */
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
    (_, column) =>
      rows.some((row) => typeof row[column] === 'number') &&
      rows.every((row) => typeof row[column] === 'number' || row[column] === ''),
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
