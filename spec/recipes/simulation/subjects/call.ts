import { Calls, type Manner } from '../../calls.js';
import type { Subject } from '../subject.js';

const manners: readonly Manner[] = ['value', 'value', 'error', 'hold', 'none'];

/** No call hangs, and every outcome is of the one in whose name it is. */
export function callSubject(): Subject {
  const manner = (index: number): Manner => manners[index % manners.length] as Manner;
  const calls = new Calls(({ index }) => manner(index));
  const known = new Map<string, readonly Manner[]>();
  return {
    group: 'call',
    make: (chair) => {
      known.set(chair.id, [manner(chair.index)]);
      return calls.make(chair);
    },
    act: (chair, random, now) => void calls.call(chair, random.pick(['first', 'majority', 'all']), now),
    isSettled: () => true,
    faults: (chairs) => calls.faults(chairs, known),
  };
}
