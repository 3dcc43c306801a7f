/** Kinds of worlds, each with what it provokes. */
import type { SessionLimits } from '../../../daemon/session/limits.js';
import type { IdealOptions } from '../../../daemon/testing/network/options.js';

/** Weights of what happens in a step. */
export interface Acts {
  readonly send: number;
  /** Several messages of 20 kB at once. */
  readonly burst: number;
  readonly join: number;
  readonly leave: number;
  /** A link breaks. */
  readonly cut: number;
  /** A link breaks, and once more before or while the client is back. */
  readonly recut: number;
  /** A program reaches nobody for a while. */
  readonly away: number;
  readonly kill: number;
  readonly start: number;
  readonly freeze: number;
  /** A program stops reading for a while. */
  readonly stall: number;
  /** Somebody else wants a name that a program has had. */
  readonly newcomer: number;
  readonly part: number;
  readonly merge: number;
  /** A daemon asks its clients to go, and dies when they are gone or its time is over. */
  readonly drain: number;
  /** The same, and it starts again: one daemon after the other, and nobody may be lost. */
  readonly roll: number;
  /** Most of the programs join or leave a group in one turn. */
  readonly rush: number;
  /** The daemon of a program hangs for a moment, and the program goes elsewhere. */
  readonly desert: number;
  /** A member with whole views comes. */
  readonly plain: number;
  /** A client comes that sends what is illegal. */
  readonly offend: number;
}

export interface Profile {
  readonly name: string;
  readonly acts: Acts;
  /** Of the ring of each daemon. */
  readonly ringBytes: number;
  readonly ringMs: number;
  readonly limits?: Partial<SessionLimits>;
  readonly network?: Partial<IdealOptions>;
  /** How often a link of each program breaks while the daemon view changes. */
  readonly edge?: number;
  /** How often a link breaks, and its daemon freezes, just when a client has said what it wants there. */
  readonly hasty?: number;
  /** For which half of the programs ask to be held. */
  readonly holdMs?: number;
  /** For how long it hangs then. */
  readonly hangingMs?: number;
  /** For how long daemons know of sessions that have ended. */
  readonly windowMs?: number;
  /** Units of work in a slice of the daemons, at most; without it they do everything at once. */
  readonly slice?: number;
  /** How many messages are safe. */
  readonly safe?: number;
  /** How many messages discard themselves; 0.1 without it. */
  readonly discard?: number;
  /** Members of a group above which nobody gets whole views. */
  readonly maxPlainView?: number;
}

const acts: Acts = {
  send: 50,
  burst: 2,
  join: 9,
  leave: 6,
  cut: 6,
  recut: 2,
  away: 2,
  kill: 6,
  start: 10,
  freeze: 2,
  stall: 2,
  newcomer: 0,
  part: 0,
  merge: 0,
  drain: 0,
  roll: 0,
  rush: 0,
  desert: 0,
  plain: 0,
  offend: 0,
};

/** Nothing breaks. */
const calm: Acts = { ...acts, cut: 0, recut: 0, away: 0, kill: 0, start: 0, freeze: 0, stall: 0 };

const whole = { ringBytes: 8 << 20, ringMs: 30_000 };

export const profiles = {
  /** A bit of everything, with rings that have it all. */
  mixed: { name: 'mixed', acts, ...whole },
  /** Daemons die and start all the time. */
  deadly: { name: 'deadly', acts: { ...acts, away: 4, kill: 14, start: 16, freeze: 0 }, ...whole },
  /** Members come and go, and links break all the time. */
  restless: { name: 'restless', acts: { ...acts, join: 25, leave: 20, cut: 12, recut: 8 }, ...whole },
  /** The ring has little. */
  small: { name: 'small', acts: { ...acts, burst: 5, stall: 6, cut: 10 }, ringBytes: 64 << 10, ringMs: 200 },
  /** Programs read slowly, and daemons drop them for it. */
  slow: {
    name: 'slow',
    acts: { ...acts, burst: 8, stall: 12, kill: 3 },
    ...whole,
    limits: { maxSessionBytes: 256 << 10 },
  },
  /** Daemons send their clients away before they end. */
  drained: { name: 'drained', acts: { ...acts, drain: 14, start: 16, kill: 3 }, ...whole },
  /** Sessions are held over their losses. */
  held: { name: 'held', acts: { ...acts, cut: 12, recut: 5 }, holdMs: 2_000, ...whole },
  /** The network parts and heals. */
  parted: { name: 'parted', acts: { ...acts, part: 5, merge: 7, kill: 4, cut: 10 }, ...whole },
  /** Others take the names of before. */
  named: {
    name: 'named',
    acts: { ...acts, send: 60, cut: 16, kill: 4, join: 5, leave: 3, newcomer: 14 },
    ...whole,
  },
  /** Links break while the daemon view changes, and daemons that stay together divide. */
  edges: {
    name: 'edges',
    acts: { ...acts, away: 4, kill: 10, start: 14, part: 3, merge: 6, join: 14, leave: 10 },
    ...whole,
    network: { split: 0.2, delay: 20 },
    edge: 0.5,
  },
  /** A try to come back is under way when the next one begins. */
  hasty: {
    name: 'hasty',
    acts: { ...acts, cut: 14, recut: 6, join: 20, leave: 16, freeze: 0 },
    ...whole,
    hasty: 0.4,
  },
  /** Sessions are held at one daemon, and their clients are at another one. */
  deserted: {
    name: 'deserted',
    acts: { ...acts, desert: 20, kill: 2, start: 6 },
    ...whole,
    hasty: 0.4,
    hangingMs: 400,
    holdMs: 2_000,
    discard: 0.5,
  },
  /** Many come and go at once, and links break. */
  rushed: { name: 'rushed', acts: { ...acts, rush: 20, cut: 14, kill: 3 }, ...whole },
  /** Others get whole views, until groups are too large for those. */
  plain: {
    name: 'plain',
    acts: { ...acts, plain: 6, kill: 3, part: 2, merge: 5 },
    ...whole,
    maxPlainView: 4,
  },
  /** Sessions are soon forgotten. */
  forgetful: { name: 'forgetful', acts: { ...acts, away: 8, cut: 12, newcomer: 6 }, ...whole, windowMs: 800 },
  /** Daemons are replaced one after the other, and nothing else happens to them. */
  rolling: { name: 'rolling', acts: { ...calm, roll: 10 }, ...whole },
  /** What is ordered waits behind safe messages for a daemon view to end. */
  safe: {
    name: 'safe',
    acts: { ...acts, kill: 12, start: 16, cut: 20, recut: 6, freeze: 0 },
    ...whole,
    network: { delay: 60 },
    safe: 0.7,
  },
  /** Returns and ends of sessions take many slices, and everything else happens between two of them. */
  sliced: {
    name: 'sliced',
    acts: { ...acts, cut: 16, recut: 6, rush: 8, kill: 8, start: 12, part: 2, merge: 5, newcomer: 3 },
    ...whole,
    hasty: 0.2,
    holdMs: 1_000,
    slice: 12,
  },
  /** Some send what is illegal. */
  illegal: { name: 'illegal', acts: { ...acts, offend: 6, kill: 3 }, ...whole },
} as const satisfies Record<string, Profile>;
