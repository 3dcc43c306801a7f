/** Those in the CPG group that cannot be worked with: each is named in the log once. */
import type { CpgAddress } from '../cpg.js';

/** So many are remembered; those beyond are not named. */
const MAX_STRANGERS = 1000;

const OTHER = 'excluding a daemon whose report makes no sense; it tries again later';
const SELF =
  'this daemon is excluded, for the others cannot use its report; it serves its clients alone and tries again later. ' +
  'Run the same release on all daemons; if it is the same, restart this one';

/** A daemon that is excluded for its report. */
interface Excluded extends CpgAddress {
  readonly daemon: string;
  readonly fault: string;
  /** Milliseconds until it may come back. */
  readonly time: number;
}

export class ForeignProcesses {
  private readonly named = new Set<string>();

  constructor(private readonly note: (level: 'warn', text: string, facts: object) => void) {}

  /** A sender of what is none of ours. */
  meet({ node, pid }: CpgAddress, text: string): void {
    if (this.isNew(`${node}.${pid}`)) this.note('warn', text, { node, pid });
  }

  /** Said again only when something else is wrong. */
  excluded(isSelf: boolean, facts: Excluded): void {
    const { node, pid, fault } = facts;
    if (this.isNew(`${node}.${pid} ${fault}`)) this.note('warn', isSelf ? SELF : OTHER, facts);
  }

  private isNew(key: string): boolean {
    if (this.named.has(key) || this.named.size >= MAX_STRANGERS) return false;
    this.named.add(key);
    return true;
  }
}
