/** Each guard of the registry machine is needed: a schedule that is fine with it violates something without it. */
import { expect } from 'chai';
import { guards } from './guards.js';
import { Violation } from './registry-world.js';

describe('a guard of the registry machine', () => {
  for (const guard of guards) {
    const { name, refusals } = guard;

    it(`holds: ${name}`, () => {
      expect(guard.play()).to.deep.equal(refusals);
    });

    it(`is missed when it is off: ${name}`, () => {
      const switchOn = guard.switchOff();
      try {
        expect(() => guard.play()).to.throw(Violation);
      } finally {
        switchOn();
      }
    });
  }
});
