import { expect } from 'chai';
import { configurations, findFault, nameOf } from './configurations.js';

/** Worlds of each configuration, without and with a liar and a stranger. */
const WORLDS = 100;
const GUESTS = 50;
const SEED = 1;

describe('random schedules for replicated state', () => {
  for (const options of configurations)
    it(`keep every promise with ${nameOf(options)}`, () => {
      expect(findFault(options, WORLDS, SEED)).to.equal(null);
      expect(findFault({ ...options, hasGuests: true }, GUESTS, SEED + WORLDS)).to.equal(null);
    });
});
