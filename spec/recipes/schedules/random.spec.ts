import { expect } from 'chai';
import { configurations, findFault, nameOf } from './configurations.js';

/** Worlds of each configuration. */
const WORLDS = 150;
const SEED = 1;

describe('random schedules for replicated state', () => {
  for (const options of configurations)
    it(`keep every promise with ${nameOf(options)}`, () => {
      expect(findFault(options, WORLDS, SEED)).to.equal(null);
    });
});
