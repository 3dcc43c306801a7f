/** What `cluster` takes, checked, and what the network makes of it. */
import { IllegalParamError } from '../../lib/errors.js';
import { type CheckedOptions, checkOptions, type DaemonOptions } from '../options.js';
import type { IdealOptions } from './network/options.js';

/** What daemons of a cluster take of the options of `createDaemon`. */
export type ClusterDaemonOptions = Pick<
  DaemonOptions,
  'limits' | 'groupFile' | 'allowedAuthMethods' | 'passwordFile' | 'monitor'
>;

/** The options of `cluster`; each has a default. */
export interface ClusterOptions {
  /**
   * `real`, the default: time is that of the machine. `virtual`: time passes by itself, as fast as the machine can, and one
   * seed gives one run.
   */
  readonly time?: 'real' | 'virtual';
  /** What everything follows from that is by chance; default the variable `SSP_SEED`, else by chance. */
  readonly seed?: number;
  /** Milliseconds until a daemon that is cut off, frozen or killed is noticed; default 0, in virtual time 2400 and 5 when killed. */
  readonly detectionMs?: number;
  /** Milliseconds until daemons that reach each other again have noticed; default 0, in virtual time 1500. */
  readonly mergeMs?: number;
  /** Milliseconds that a message takes from daemon to daemon, or both ends of what it is by chance; default 0, in virtual time 1. */
  readonly delayMs?: number | readonly [least: number, most: number];
  /** Whether views spread slowly, recoveries come apart and messages overtake one another, by chance; default false. */
  readonly disorder?: boolean;
  /**
   * Whether each daemon listens on a free port of 127.0.0.1, for programs in processes of their own; default false. Real time
   * only.
   */
  readonly tcp?: boolean;
  /** Names of the daemons; default `d1`, `d2` and so on. */
  readonly names?: readonly string[];
  /** Options of each daemon. */
  readonly daemon?: ClusterDaemonOptions;
  /** Where each line of the trace goes, beside `trace`: true for standard error; default nowhere. */
  readonly trace?: boolean | ((line: string) => void);
}

/** The same, checked. */
export interface ClusterPlan {
  readonly isVirtual: boolean;
  readonly seed: number;
  readonly isTcp: boolean;
  /** One for each daemon. */
  readonly daemons: readonly CheckedOptions[];
  readonly network: IdealOptions;
  readonly trace: ((line: string) => void) | null;
}

const MOST_DAEMONS = 100;
const HIGH_WATER = 1 << 20;
const MAX_SEED = 2 ** 31;
/** Milliseconds of each kind of time. */
const REAL = { detectionMs: 0, mergeMs: 0, delayMs: 0, crashMs: 0 };
const VIRTUAL = { detectionMs: 2400, mergeMs: 1500, delayMs: 1, crashMs: 5 };
const DISORDER_SPLIT = 0.2;

/** @throws IllegalParamError that says what was expected, and what was got */
export function planOf(daemons: number, options: ClusterOptions): ClusterPlan {
  if (!Number.isInteger(daemons) || daemons < 1 || daemons > MOST_DAEMONS)
    throw new IllegalParamError(`cluster: expected 1 to ${MOST_DAEMONS} daemons, got ${daemons}`);
  const { time = 'real', tcp = false, names, daemon = {}, trace = false } = options;
  if (time !== 'real' && time !== 'virtual')
    throw new IllegalParamError(`cluster: expected time to be "real" or "virtual", got "${String(time)}"`);
  const isVirtual = time === 'virtual';
  if (tcp && isVirtual) throw new IllegalParamError("cluster: tcp needs time: 'real'");
  if (names && (names.length !== daemons || new Set(names).size !== daemons))
    throw new IllegalParamError(`cluster: expected ${daemons} different names, got ${names.join(' ')}`);
  return {
    isVirtual,
    isTcp: tcp,
    seed: seedOf(options.seed),
    daemons: Array.from({ length: daemons }, (_, index) =>
      checkOptions({ ...daemon, name: names?.[index] ?? `d${index + 1}`, listen: [] }),
    ),
    network: networkOf(isVirtual, options),
    trace: trace === true ? (line) => console.error(line) : trace || null,
  };
}

function networkOf(isVirtual: boolean, options: ClusterOptions): IdealOptions {
  const usual = isVirtual ? VIRTUAL : REAL;
  const { detectionMs = usual.detectionMs, mergeMs = usual.mergeMs, delayMs = usual.delayMs } = options;
  for (const [name, value] of Object.entries({ detectionMs, mergeMs }))
    if (!(value >= 0)) throw notATime(name, value);
  const [least, most] = typeof delayMs === 'number' ? [delayMs, delayMs] : delayMs;
  if (!(least >= 0) || !(most >= least)) throw notATime('delayMs', delayMs);
  const network = { detection: detectionMs, merge: mergeMs, delay: delayMs, highWater: HIGH_WATER };
  if (options.disorder === true) return { ...network, split: DISORDER_SPLIT };
  return {
    ...network,
    split: 0,
    crash: Math.min(detectionMs, usual.crashMs),
    spread: 0,
    pause: [0, 0],
    burst: Infinity,
    isExact: true,
  };
}

const notATime = (name: string, value: unknown): Error =>
  new IllegalParamError(`cluster: expected ${name} to be milliseconds, got ${String(value)}`);

function seedOf(given: number | undefined): number {
  const text = process.env['SSP_SEED'];
  const seed = given ?? (text === undefined ? Math.floor(Math.random() * MAX_SEED) : Number(text));
  if (!Number.isInteger(seed))
    throw new IllegalParamError(`cluster: expected a whole number as seed, got ${seed}`);
  return seed;
}
