/**
 * [daemon E6]: a message that two sessions deliver to one group is delivered in the same view by both. It need not be
 * when the two part before they see another view together: a join may be in the order before the break on one side and
 * be deferred on the other [daemon 2.7.4].
 */
import { groupBy } from './group-by.js';
import { companions, historyOf, type Stay } from './history.js';
import type { SessionLog, Violation } from './log.js';

export function sameView(logs: readonly SessionLog[]): Violation[] {
  const found: Violation[] = [];
  const { stays } = historyOf(logs);
  for (const ofGroup of groupBy(stays, ({ group }) => group).values()) {
    const futures = new Futures(ofGroup);
    /** For each message its stays, one for each view. */
    const first = new Map<number, Stay[]>();
    for (const stay of ofGroup) {
      for (const { number, id } of stay.messages) {
        const others = first.get(number);
        if (!others) {
          first.set(number, [stay]);
          continue;
        }
        if (others.some((other) => other.view.gid === stay.view.gid)) continue;
        const other = others.find((each) => !futures.part(each, stay));
        others.push(stay);
        if (!other) continue;
        const text = `${id} in view ${other.view.gid} of ${stay.group} at ${other.log.session}, in ${stay.view.gid} at ${stay.log.session}`;
        found.push({ property: 'E6', text });
      }
    }
  }
  return found;
}

/** What each session saw of the group later. */
class Futures {
  private readonly byLog: ReadonlyMap<SessionLog, readonly Stay[]>;

  constructor(stays: readonly Stay[]) {
    this.byLog = groupBy(stays, ({ log }) => log);
  }

  part(a: Stay, b: Stay): boolean {
    return this.leaves(a, b) || this.leaves(b, a);
  }

  /** Whether `a` loses the session of `b` at the next network change, or ends before there is one. */
  private leaves(a: Stay, b: Stay): boolean {
    const stays = this.byLog.get(a.log) ?? [];
    for (let i = stays.indexOf(a); i < stays.length; i++) {
      const next = stays[i]?.next;
      if (!next) return a.log.end !== 'open';
      if (next.cause === 'network') return !companions(next).includes(b.log.privateGroup);
    }
    return false;
  }
}
