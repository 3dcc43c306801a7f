/** The syntax tree of a configuration: what is written, and where. Nothing in it is checked beyond its form. */
import type { Family } from './address.js';
import type { Position } from './error.js';
import { type OptionName, debugFlags, families, isOptionName, priorities, reuse } from './options.js';
import { type Literal, truths } from './values.js';

export interface AddressNode {
  readonly position: Position;
  /** As in the file. */
  readonly written: string;
  /** The canonical spelling. */
  readonly address: string;
  readonly family: Family;
}

export interface InterfaceNode {
  readonly address: AddressNode;
  /** Empty when no letter stands before it: serves everything. */
  readonly uses: readonly InterfaceRole[];
}

export interface DaemonNode {
  readonly position: Position;
  /** Undefined where the address stands alone. */
  readonly name: string | undefined;
  readonly quoted: boolean;
  /** Undefined where the name stands alone, and is to be looked up. */
  readonly address: AddressNode | undefined;
  readonly virtualId: { readonly position: Position; readonly value: number } | undefined;
  /** Undefined without an interface block. */
  readonly interfaces: readonly InterfaceNode[] | undefined;
}

export interface SegmentNode {
  readonly position: Position;
  readonly addresses: readonly AddressNode[];
  /** 0 where none is written. */
  readonly port: number;
  readonly daemons: readonly DaemonNode[];
}

export interface OptionNode {
  readonly position: Position;
  readonly name: OptionName;
  /** A list for a braced one, true for a keyword alone. */
  readonly value: Literal | readonly Literal[] | true;
  /** Of the value; of the keyword, where that is all. */
  readonly valuePosition: Position;
}

export interface SyntaxTree {
  readonly segments: readonly SegmentNode[];
  readonly options: readonly OptionNode[];
  /** Where the text ends: the place of what is missing. */
  readonly end: Position;
}

/** The words of the language. A daemon of such a name is written in quotes [daemon 4.2]. */
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
