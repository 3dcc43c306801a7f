import type { Rules, Subject } from '../subject.js';
import type { WorldMember } from '../../world-member.js';
import { Elections } from '../../elections.js';
import { isLiar } from '../guests.js';
import { BEGIN } from '../member.js';

/** Clocks in a world are within a day of its beginning. */
const LAST_TERM = BEGIN + 86_400_000;

/**
 * One leader in a view, terms that grow, and never by a claim far above; with a quorum no term twice; in the end all follow
 * the same one, who is there.
 * @param options.endsTerms whether two liars agree, so that terms come to their end: there they stay, as long as others know
 */
export function electionSubject({ quorum, prefer }: Rules, { endsTerms = false } = {}): Subject {
  const elections = new Elections(quorum ?? 1, prefer);
  return {
    group: 'election',
    make: elections.make,
    act: () => undefined,
    holders: () => elections.leaders(),
    isSettled: () => true,
    faults: (chairs) => [
      ...(endsTerms ? [] : elections.faults(quorum !== null)),
      ...leaderFaults(elections, chairs),
      ...(endsTerms ? [] : farFaults(elections)),
    ],
  };
}

function leaderFaults(elections: Elections, chairs: readonly WorldMember[]): string[] {
  const leaders = new Set(chairs.map((chair) => elections.at(chair)?.leader ?? 'nobody'));
  const isOne =
    leaders.size === 1 && [...leaders].every((id) => isLiar(id) || chairs.some((chair) => chair.id === id));
  return isOne ? [] : [`in the end ${[...leaders].join(' and ')} lead`];
}

const farFaults = ({ seen }: Elections): string[] =>
  [...seen.values()].flat().flatMap(({ term }) => (term > LAST_TERM ? [`a term of ${term}`] : []));
