import type { Rules, Subject } from '../subject.js';
import type { Chair } from '../../chair.js';
import { Elections } from '../../elections.js';

/** One leader in a view, terms that grow; with a quorum no term twice; in the end all follow the same one, who is there. */
export function electionSubject({ quorum }: Rules): Subject {
  const elections = new Elections(quorum ?? 1);
  return {
    group: 'election',
    make: elections.make,
    act: () => undefined,
    holders: () => elections.leaders(),
    isSettled: () => true,
    faults: (chairs) => [...elections.faults(quorum !== null), ...leaderFaults(elections, chairs)],
  };
}

function leaderFaults(elections: Elections, chairs: readonly Chair[]): string[] {
  const leaders = new Set(chairs.map((chair) => elections.at(chair)?.leader ?? 'nobody'));
  const isOne = leaders.size === 1 && chairs.some(({ privateName }) => leaders.has(privateName));
  return isOne ? [] : [`in the end ${[...leaders].join(' and ')} lead`];
}
