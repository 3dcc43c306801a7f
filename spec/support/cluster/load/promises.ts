/** What a lock and a lead with a quorum promise, over what their members hear, in the order in which they hear it. */
import type { Cluster } from '../cluster.js';

/** Token timeouts after which a daemon has told its clients that its Corosync hangs; 1.5, and this machine is busy. */
const TOLD_WITHIN = 1.9;

export class Promises {
  readonly broken: string[] = [];
  grants = 0;
  private readonly tokens = new Map<string, string>();
  /** By what is held: who holds it, and the node of each. */
  private readonly holders = new Map<string, Map<string, number>>();

  constructor(private readonly cluster: Cluster) {}

  /** A number that only one may have: the token of a lock, the term of a leader. */
  numbered(what: string, number: number, who: string): void {
    const key = `${what} ${number}`;
    const other = this.tokens.get(key) ?? who;
    this.tokens.set(key, other);
    if (other !== who) this.broken.push(`${key} is that of ${other} and of ${who}`);
  }

  /** A member that was granted it has it until it hears otherwise. */
  granted(what: string, who: string, node: number): void {
    this.grants++;
    const holders = this.holders.get(what) ?? new Map<string, number>();
    this.holders.set(what, holders);
    for (const [other, at] of holders) {
      if (other !== who && this.mustKnow(at))
        this.broken.push(`${who} has the ${what}, and ${other}, whose Corosync hangs, is not told`);
    }
    holders.set(who, node);
  }

  lost(what: string, who: string): void {
    this.holders.get(what)?.delete(who);
  }

  /** Its Corosync hangs and its daemon runs, both for so long that its clients have been told. */
  private mustKnow(number: number): boolean {
    const node = this.cluster.node(number);
    const [corosync, sspd] = [node.process('corosync'), node.process('sspd')];
    if (!corosync?.isRunning || !corosync.isFrozen || !sspd?.isRunning || sspd.isFrozen) return false;
    const since = Math.max(corosync.changedAt, sspd.changedAt);
    return performance.now() - since > TOLD_WITHIN * this.cluster.settings.token;
  }
}
