/** What is printed after all parts: failures, what was skipped and why, and the numbers last. */

/** What a part hands over at its end. */
export interface Result {
  readonly passing: number;
  readonly failing: number;
  /** Reasons, each with the number of tests that it kept from running. */
  readonly skipped: readonly (readonly [reason: string, tests: number])[];
  readonly seconds: number;
  /** The failures as mocha prints them; empty without any. */
  readonly failures: string;
}

export interface Ended {
  readonly name: string;
  /** Null where a part ended without one. */
  readonly result: Result | null;
  /** Status or signal with which its process ended. */
  readonly end: number | NodeJS.Signals;
}

const isGood = ({ result, end }: Ended): boolean => result !== null && result.failing === 0 && end === 0;

/** The status of the whole: that of the first part that has another one than 0. */
export function statusOf(all: readonly Ended[]): number {
  const bad = all.find((each) => !isGood(each));
  if (!bad) return 0;
  return typeof bad.end === 'number' && bad.end > 0 ? bad.end : 1;
}

export function summaryOf(all: readonly Ended[], seconds: number): string {
  const blocks = [
    ...all.flatMap(failuresOf),
    ...skippedOf(all),
    all.map(lineOf).join('\n'),
    totalOf(all, seconds),
  ];
  return `\n${blocks.join('\n\n')}\n`;
}

const failuresOf = ({ name, result }: Ended): string[] =>
  result?.failures ? [`  Failures of ${name}:\n${result.failures}`] : [];

function skippedOf(all: readonly Ended[]): string[] {
  const reasons = all.flatMap(({ result }) => result?.skipped ?? []);
  const lines = reasons.map(([reason, tests]) => `    ${countOf(tests, 'test')}: ${reason}`);
  return lines.length > 0 ? [['  Skipped:', ...lines].join('\n')] : [];
}

function lineOf(ended: Ended): string {
  const { name, result, end } = ended;
  const how = end === 0 ? '' : typeof end === 'number' ? `, ended with status ${end}` : `, ended by ${end}`;
  if (!result) return `  ${name}: expected a result, got none${how}`;
  return `  ${name}: ${numbersOf([result])} (${timeOf(result.seconds)})${result.failing > 0 ? '' : how}`;
}

function totalOf(all: readonly Ended[], seconds: number): string {
  const results = all.flatMap(({ result }) => result ?? []);
  return `  ${all.every(isGood) ? 'Passed' : 'Failed'}: ${numbersOf(results)} (${timeOf(seconds)})`;
}

function numbersOf(results: readonly Result[]): string {
  const sum = (of: (result: Result) => number): number =>
    results.reduce((total, each) => total + of(each), 0);
  const skipped = sum((result) => result.skipped.reduce((total, [, tests]) => total + tests, 0));
  const numbers = [`${sum(({ passing }) => passing)} passing`, `${sum(({ failing }) => failing)} failing`];
  return [...numbers, `${skipped} skipped`].join(', ');
}

const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

function timeOf(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
