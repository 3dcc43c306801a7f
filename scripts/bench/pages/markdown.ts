/** What the generated pages share. */
import { count } from '../../../lib/cli/units.js';
import type { Results } from '../results.js';

/** A table; prettier aligns it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Three digits say what another run would say, too: `1,230,000`, `45.1`, `0.0123`. */
export function rounded(value: number): string {
  const short = Number(value.toPrecision(3));
  return Math.abs(short) >= 1_000 ? count(short) : String(short);
}

/** Where and when it was measured, and what that is worth. */
export function origin({ date, commit, node, processor, cores, load, seconds, rows }: Results): string {
  const code = commit === '' ? '' : ` at ${commit}`;
  const runs = `${rows[0]?.runs ?? 0} runs of about ${seconds} s each`;
  const place = `Measured on ${date.slice(0, 10)}${code} on ${cores} cores (${processor}, Node ${node.slice(1)}), ${runs}`;
  if (load === undefined) return `${place}.`;
  // Two cores and a load of 1 leave room for what is measured.
  if (load <= cores / 2) return `${place}, with little else running (load ${load.toFixed(1)}).`;
  return (
    `${place}, **on a machine in use**: the load was ${load.toFixed(0)} when it began. Rates and latencies are those of a ` +
    'fraction of a processor; compare what stands side by side, and better measure again.'
  );
}
