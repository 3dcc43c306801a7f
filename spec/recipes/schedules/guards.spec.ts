import { expect } from 'chai';
import { huntFrom } from '../../support/seeds.js';
import { findFault, nameOf } from './configurations.js';
import { guards } from './guards.js';
import type { Guard } from './planted-guards.js';
import { scenarios } from './scenarios.js';

/** Worlds within which it is noticed that a guard is off. */
const WORLDS = 2000;

function noticed({ seenBy, seed }: Guard): boolean {
  if (seenBy !== null && typeof seenBy !== 'string')
    return findFault(seenBy, WORLDS, huntFrom(seed)) !== null;
  try {
    scenarios.find(({ name }) => name === seenBy)?.play();
    return false;
  } catch {
    return true;
  }
}

describe('the checks of schedules for replicated state', () => {
  for (const guard of guards) {
    const { name, seenBy } = guard;
    if (seenBy === null) continue;
    it(`notice it when ${name} (${typeof seenBy === 'string' ? seenBy : nameOf(seenBy)})`, () => {
      const on = guard.off();
      try {
        expect(noticed(guard)).to.equal(true);
      } finally {
        on();
      }
    });
  }
});
