import { expect } from 'chai';
import { searchAll, SMALL } from './small-world.js';

describe('all small schedules for replicated state', () => {
  for (const [title, options] of [
    ['one cut of a calm group', { ...SMALL, steps: [2, 99] }],
    ['one cut while a member is frozen', { ...SMALL, steps: [1], freezes: true }],
  ] as const)
    it(`keep every promise after ${title}`, () => {
      const { fault, isDone } = searchAll(options);
      expect(fault).to.equal(null);
      expect(isDone).to.equal(true);
    });
});
