/** [flush-layer VS1]: a message is delivered, if at all, in the view in which it was sent. */
import { historyOf } from './history.js';
import type { MembershipLog, Violation } from './log.js';

export function sendingView(logs: readonly MembershipLog[]): Violation[] {
  const { sent, stays } = historyOf(logs);
  return stays.flatMap(({ log, view, delivered }) =>
    delivered.flatMap(({ id }) => {
      const sentIn = sent.get(id)?.entry.view;
      if (sentIn === undefined || sentIn === view.view) return [];
      return [{ property: 'VS1', text: `${id} of view ${sentIn} came to ${log.name} in ${view.view}` }];
    }),
  );
}
