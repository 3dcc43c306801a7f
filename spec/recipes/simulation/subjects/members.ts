import { Presences } from '../../presences.js';
import type { Subject } from '../subject.js';

/** A story without holes at everybody, and in the end everybody knows everybody. */
export function membersSubject(): Subject {
  const presences = new Presences();
  return {
    group: 'members',
    make: presences.make,
    act: (chair, random) => {
      if (random.chance(0.2)) presences.announce(chair);
    },
    isSettled: () => true,
    faults: (chairs) => presences.faults(chairs),
  };
}
