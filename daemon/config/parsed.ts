/** A configuration file as values: what was read, with its places in the file for errors. */
import type { Family } from './address.js';
import type { Position } from './error.js';
import type { Options } from './options.js';
import type { InterfaceRole } from './syntax.js';

export interface ParsedInterface {
  readonly position: Position;
  readonly address: string;
  /** What it serves; everything, when no letter stands before it. */
  readonly uses: ReadonlySet<InterfaceRole>;
}

export interface ParsedSegment {
  readonly addresses: readonly string[];
  readonly port: number;
}

export interface ParsedDaemon {
  readonly position: Position;
  readonly name: string;
  readonly id: number;
  readonly idPosition: Position;
  /** What the file says in place of an address; longer than the name, perhaps, which is cut. */
  readonly host: string;
  /** Undefined until `resolveDaemons` has looked it up. */
  readonly address: string | undefined;
  readonly addressPosition: Position;
  /** Position of its segment in the file, from 0. */
  readonly segment: number;
  /** Undefined without an interface block: everything is served everywhere. */
  readonly interfaces: readonly ParsedInterface[] | undefined;
}

export interface ParsedConfiguration {
  readonly file: string;
  readonly family: Family;
  readonly segments: readonly ParsedSegment[];
  /** In the order of the file, which is the order of daemons everywhere. */
  readonly daemons: readonly ParsedDaemon[];
  readonly options: Options;
  /** Names of the given options that change nothing in this daemon. */
  readonly withoutEffect: readonly string[];
  /** One line each: what is legal and hardly meant. */
  readonly warnings: readonly string[];
}
