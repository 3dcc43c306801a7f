/** Kinds of trouble. All are data; a seed picks one, and what it leaves open. */
import type { Kind, ReportKind } from './plan.js';

export interface Profile {
  /** Given, or left to the seed. */
  readonly daemons?: number;
  readonly clients?: number;
  /** Milliseconds of workload and faults, about. */
  readonly duration: number;
  /** Milliseconds until a cut is noticed, at most, above a least. */
  readonly detection: number;
  /** Milliseconds between two requests of a client, on average. */
  readonly pace: number;
  /** How often a send is a burst. */
  readonly bursts: number;
  /** How often a request is a join, a leave or an end. */
  readonly churn: number;
  /** How many of the clients are slow. */
  readonly slow: number;
  /** How many sends are safe beyond the ordinary. */
  readonly safe: number;
  readonly highWater: number;
  /** Milliseconds between two faults, on average; 0 for none. */
  readonly faults: number;
  /** Shortest and longest time until a fault is mended. */
  readonly lasts: readonly [least: number, most: number];
  /** How many groups each client joins beyond the ordinary. */
  readonly tables: number;
  /** Faults and their weights. */
  readonly mix: Readonly<Partial<Record<FaultKind, number>>>;
}

export type FaultKind =
  | 'cut'
  | 'three-way'
  | 'shift'
  | 'blip'
  | 'crash'
  | 'stop'
  | 'freeze'
  | 'one-way'
  | 'replace'
  | Exclude<ReportKind, 'good'>
  /** Reports that are cut short, at a loss of another daemon. */
  | 'unread-loss'
  | 'corosync-kill'
  | 'corosync-freeze';

const base: Profile = {
  duration: 1600,
  detection: 150,
  pace: 120,
  bursts: 0.05,
  churn: 0.2,
  slow: 0,
  safe: 0.1,
  highWater: 1 << 20,
  faults: 0,
  lasts: [100, 600],
  tables: 0,
  mix: {},
};

const forBoth: Readonly<Record<string, Profile>> = {
  calm: { ...base, pace: 80, churn: 0.3 },
  partition: { ...base, faults: 500, lasts: [200, 700], mix: { cut: 1 } },
  'three-way': { ...base, faults: 500, lasts: [200, 700], mix: { 'three-way': 2, cut: 1, shift: 1 } },
  flapping: { ...base, faults: 90, lasts: [20, 300], mix: { cut: 3, shift: 3, 'three-way': 1 } },
  nested: { ...base, faults: 200, lasts: [50, 400], detection: 60, mix: { shift: 4, cut: 2, crash: 1 } },
  load: {
    ...base,
    pace: 40,
    bursts: 0.2,
    clients: 12,
    duration: 1000,
    faults: 300,
    mix: { cut: 2, shift: 1 },
  },
  safe: {
    ...base,
    safe: 0.7,
    faults: 250,
    lasts: [100, 500],
    mix: { cut: 2, shift: 1, crash: 1, freeze: 1 },
  },
  churn: { ...base, churn: 0.6, faults: 250, lasts: [100, 400], mix: { cut: 2, shift: 2, crash: 1 } },
  crash: { ...base, faults: 250, lasts: [50, 600], mix: { crash: 3, stop: 1, cut: 1 } },
  freeze: { ...base, faults: 300, lasts: [20, 700], mix: { freeze: 3, cut: 1 } },
  slow: { ...base, slow: 0.4, pace: 60, bursts: 0.3, faults: 500, mix: { cut: 1, freeze: 1 } },
  pressure: {
    ...base,
    pace: 60,
    bursts: 0.3,
    highWater: 2000,
    faults: 400,
    mix: { cut: 2, freeze: 1, crash: 1 },
  },
  blips: { ...base, detection: 400, faults: 250, mix: { blip: 1 } },
  // Releases that do not go together, and reports that make no sense.
  mixed: {
    ...base,
    duration: 2500,
    faults: 900,
    lasts: [500, 1200],
    mix: { garbage: 1, 'cut-short': 1, 'other-version': 1, replace: 2 },
  },
  'mixed-cuts': {
    ...base,
    duration: 2500,
    faults: 300,
    lasts: [100, 1200],
    mix: {
      garbage: 1,
      mute: 1,
      'other-version': 1,
      'unread-loss': 1,
      replace: 2,
      cut: 3,
      crash: 1,
      freeze: 1,
    },
  },
  mute: { ...base, duration: 3000, faults: 1500, lasts: [500, 1200], mix: { mute: 1 } },
  tables: {
    ...base,
    clients: 8,
    tables: 60,
    duration: 1000,
    faults: 200,
    lasts: [50, 300],
    mix: { cut: 2, shift: 2, crash: 1 },
  },
  all: {
    ...base,
    slow: 0.1,
    faults: 180,
    mix: { cut: 3, shift: 2, 'three-way': 1, crash: 2, stop: 1, freeze: 2 },
  },
};

const forCpg: Readonly<Record<string, Profile>> = {
  corosync: {
    ...base,
    faults: 250,
    lasts: [20, 800],
    mix: { 'corosync-kill': 2, 'corosync-freeze': 3, cut: 1, crash: 1 },
  },
  // One hears the other and not the reverse, for long.
  'one-way': {
    ...base,
    duration: 2500,
    faults: 400,
    lasts: [400, 2000],
    mix: { 'one-way': 4, 'corosync-freeze': 1, cut: 1, crash: 1 },
  },
  // Longer than silence is borne.
  hung: {
    ...base,
    duration: 3000,
    faults: 600,
    lasts: [1000, 3500],
    mix: { freeze: 3, cut: 1, 'corosync-freeze': 1 },
  },
  everything: {
    ...base,
    faults: 120,
    lasts: [20, 500],
    mix: { 'corosync-kill': 2, 'corosync-freeze': 2, cut: 3, shift: 3, crash: 2, freeze: 2, stop: 1 },
  },
};

export const profiles: Readonly<Record<string, Profile>> = { ...forBoth, ...forCpg };

export const profileNames = (kind: Kind): string[] => Object.keys(kind === 'cpg' ? profiles : forBoth);
