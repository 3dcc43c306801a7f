/**
 * Random worlds of daemons that die and clients that come back. Each request is ordered once in the history that continues, in
 * the order of its session, and acknowledged only if it is there; views have no two names of a session, daemons at one place
 * have one table, nobody hangs, and all are members as they want.
 */
import { expect } from 'chai';
import { givenSeed } from '../support/random.js';
import { seeds } from '../support/seeds.js';
import { ResumeWorld, type Weights } from './resume-world.js';

/** Sessions are forgotten all the time. */
const forgetful: Partial<Weights> = { sweep: 15, break: 10, dial: 25, kill: 3, hold: 4, view: 3 };

const profiles: readonly (readonly [name: string, weights: Partial<Weights>])[] = [
  ['of all kinds', {}],
  ['with many joins, leaves and losses', { change: 25, break: 8 }],
  ['with many deaths', { kill: 6, start: 4, view: 4 }],
  [
    'with returns that wait for the end of an exchange',
    { kill: 5, view: 4, hold: 8, dial: 25, break: 8, start: 0.5 },
  ],
  ['with sessions that are forgotten all the time', forgetful],
];

describe('core: resumable sessions in random worlds', () => {
  it('brings nothing back to its sender, whose name of then another session has now', () => {
    new ResumeWorld(1847244012, { change: 25, break: 8 }).run();
  });

  it('orders nothing twice whose session was to be forgotten in the view before', () => {
    new ResumeWorld(610001358, forgetful).run();
  });

  for (const [name, weights] of profiles) {
    it(name, () => {
      const first = givenSeed();
      const count = seeds(4, 350);
      let deaths = 0;
      for (let i = 0; i < count; i++) deaths += new ResumeWorld(first + i, weights).run().deaths;
      expect(deaths).to.be.above(count);
    }).timeout(120_000);
  }
});
