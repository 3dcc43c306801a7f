/** [flush-layer VS11]: common messages stand in the same order everywhere, those of one sender as it sent them. */
import { AGREED_MESS, CAUSAL_MESS, FIFO_MESS, SAFE_MESS } from '../../../lib/wire/service.js';
import { historyOf, type Sent } from './history.js';
import type { MembershipLog, Violation } from './log.js';

const ORDERED = FIFO_MESS | CAUSAL_MESS | AGREED_MESS | SAFE_MESS;

export function order(logs: readonly MembershipLog[]): Violation[] {
  const { sent } = historyOf(logs);
  const found: Violation[] = [];
  const isOrdered = (id: string): boolean => ((sent.get(id)?.entry.service ?? 0) & ORDERED) !== 0;
  const lists = logs.map((log) => ({
    log,
    ids: log.entries.flatMap((entry) => (entry.kind === 'data' && isOrdered(entry.id) ? [entry.id] : [])),
  }));
  for (const { log, ids } of lists) {
    const last = new Map<MembershipLog, number>();
    for (const id of ids) {
      const { log: sender, place } = sent.get(id) as Sent;
      if (place <= (last.get(sender) ?? -1))
        found.push({ property: 'VS11', text: `${log.name} got ${id} of ${sender.name} out of its order` });
      last.set(sender, place);
    }
  }
  for (const [at, one] of lists.entries()) {
    const places = new Map(one.ids.map((id, place) => [id, place]));
    for (const other of lists.slice(at + 1)) {
      let before = -1;
      for (const id of other.ids) {
        const place = places.get(id);
        if (place === undefined) continue;
        if (place < before)
          found.push({
            property: 'VS11',
            text: `${id} stands elsewhere at ${one.log.name} than at ${other.log.name}`,
          });
        before = place;
      }
    }
  }
  return found;
}
