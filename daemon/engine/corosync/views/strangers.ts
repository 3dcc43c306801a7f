/** Senders in the CPG group that are none of ours: each is named in the log once. */
import type { CpgAddress } from '../cpg.js';

/** So many are remembered; those beyond are not named. */
const MAX_STRANGERS = 1000;

export class Strangers {
  private readonly named = new Set<string>();

  constructor(private readonly note: (level: 'warn', text: string, facts: CpgAddress) => void) {}

  meet({ node, pid }: CpgAddress, text: string): void {
    const key = `${node}.${pid}`;
    if (this.named.has(key) || this.named.size >= MAX_STRANGERS) return;
    this.named.add(key);
    this.note('warn', text, { node, pid });
  }
}
