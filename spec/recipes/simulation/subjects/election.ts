import type { Rules, Subject } from '../subject.js';
import type { WorldMember } from '../../world-member.js';
import { Elections } from '../../elections.js';
import { BEGIN } from '../member.js';

/** Clocks in a world are within a day of its beginning. */
const LAST_TERM = BEGIN + 86_400_000;

/**
 * One leader in a view, terms that grow, and never by a claim far above; with a quorum no term twice; in the end all follow
 * the same one, who is there.
 */
export function electionSubject({ quorum }: Rules): Subject {
  const elections = new Elections(quorum ?? 1);
  return {
    group: 'election',
    make: elections.make,
    act: () => undefined,
    holders: () => elections.leaders(),
    isSettled: () => true,
    faults: (chairs) => [
      ...elections.faults(quorum !== null),
      ...leaderFaults(elections, chairs),
      ...farFaults(elections),
    ],
  };
}

function leaderFaults(elections: Elections, chairs: readonly WorldMember[]): string[] {
  const leaders = new Set(chairs.map((chair) => elections.at(chair)?.leader ?? 'nobody'));
  const isOne = leaders.size === 1 && chairs.some(({ id }) => leaders.has(id));
  return isOne ? [] : [`in the end ${[...leaders].join(' and ')} lead`];
}

const farFaults = ({ seen }: Elections): string[] =>
  [...seen.values()].flat().flatMap(({ term }) => (term > LAST_TERM ? [`a term of ${term}`] : []));
