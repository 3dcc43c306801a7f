import { expect } from 'chai';
import { seeds } from '../../support/seeds.js';
import { configurations, findFault, nameOf } from './configurations.js';

/** Worlds of each configuration, without and with a liar and a stranger. */
const WORLDS = seeds(40, 100);
const GUESTS = seeds(20, 50);
const SEED = 1;

describe('random schedules for replicated state', () => {
  for (const options of configurations)
    it(`keep every promise with ${nameOf(options)}`, () => {
      expect(findFault(options, WORLDS, SEED)).to.equal(null);
      expect(findFault({ ...options, hasGuests: true }, GUESTS, SEED + WORLDS)).to.equal(null);
    });

  it('tell states apart where a liar asks for another round after the signal', () => {
    const two = { of: 2, quorum: 2, ends: 'loose', hasGuests: true } as const;
    const five = { of: 5, quorum: 3, ends: 'strict', hasGuests: true } as const;
    expect([findFault(two, 1, 105_473), findFault(five, 1, 111_405)]).to.deep.equal([null, null]);
  });
});
