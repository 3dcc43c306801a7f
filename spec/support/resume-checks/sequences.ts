/**
 * What followed what, for one group: every step of every daemon. Steps are data, views, and the two boundaries of each
 * daemon view, at which the log of a daemon that has gone and the log of one that has come meet.
 */
import type { DaemonEntry, DaemonLog } from './log.js';

export const dataStep = (id: string): string => `data ${id}`;
export const viewStep = (gid: string): string => `view ${gid}`;
const BOUNDARY = '|';

/** The steps of one daemon for a group, boundaries included. */
export const stepsOf = ({ entries }: DaemonLog, group: string): string[] =>
  entries.flatMap((entry) => stepOf(entry, group) ?? []);

function stepOf(entry: DaemonEntry, group: string): string | null {
  switch (entry.kind) {
    case 'installed':
    case 'exchanged':
      return `${BOUNDARY}${entry.kind} ${entry.tag}`;
    case 'data':
      return entry.group === group ? dataStep(entry.id) : null;
    case 'view':
      return entry.group === group ? viewStep(entry.gid) : null;
    default:
      return null;
  }
}

export class Sequences {
  private readonly next = new Map<string, Set<string>>();

  constructor(daemons: readonly DaemonLog[], group: string) {
    for (const daemon of daemons) {
      let last: string | null = null;
      for (const step of stepsOf(daemon, group)) {
        if (last !== null) this.follow(last, step);
        last = step;
      }
    }
  }

  /** Whether `to` comes directly after `from` at some daemon, or over a boundary. @param hidden data that do not count */
  isNext(from: string, to: string, hidden: ReadonlySet<string>): boolean {
    return this.reaches(from, (step) => step === to, hidden);
  }

  /** Whether such a step comes next. */
  reaches(from: string, isIt: (step: string) => boolean, hidden: ReadonlySet<string>): boolean {
    const seen = new Set([from]);
    const open = [from];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const step of this.next.get(at) ?? []) {
        if (isIt(step)) return true;
        if (seen.has(step) || !(step.startsWith(BOUNDARY) || hidden.has(step))) continue;
        seen.add(step);
        open.push(step);
      }
    }
    return false;
  }

  private follow(from: string, to: string): void {
    const steps = this.next.get(from);
    if (steps) steps.add(to);
    else this.next.set(from, new Set([to]));
  }
}

/** Each group's sequences, made once. */
export function sequencesOf(daemons: readonly DaemonLog[]): (group: string) => Sequences {
  const made = new Map<string, Sequences>();
  return (group) => {
    const known = made.get(group) ?? new Sequences(daemons, group);
    made.set(group, known);
    return known;
  };
}
