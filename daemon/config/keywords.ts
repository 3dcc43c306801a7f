/** The words of the language. A daemon of such a name is written in quotes [daemon 4.2]. */
import { debugFlags, families, isOptionName, priorities, reuse } from './options.js';
import { truths } from './values.js';

export const SEGMENT = 'Spread_Segment';
export const VIRTUAL_ID = 'VirtualID';

/** What an interface serves: daemons (D), clients (C), the monitor (M). */
export type InterfaceRole = 'D' | 'C' | 'M';
export const isUse = (word: string): word is InterfaceRole => word === 'D' || word === 'C' || word === 'M';

const values: ReadonlySet<string> = new Set([
  ...debugFlags,
  ...Object.keys(priorities),
  ...Object.keys(families),
]);
const inAnyCase: ReadonlySet<string> = new Set([...reuse, ...Object.keys(truths)]);

/** A word that begins a statement or a clause: never a value, unless in quotes. */
export const isStatementKeyword = (word: string): boolean =>
  word === SEGMENT || word === VIRTUAL_ID || isOptionName(word);

/** Any word with a meaning of its own. */
export const isKeyword = (word: string): boolean =>
  isStatementKeyword(word) || isUse(word) || values.has(word) || inAnyCase.has(word.toLowerCase());
