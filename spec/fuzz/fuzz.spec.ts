/** The short form of the fuzz rig: every target of its table. */
import * as fc from 'fast-check';
import { targets } from '../../scripts/fuzz/targets.js';

describe('fuzz', () => {
  for (const [name, { property, smoke }] of Object.entries(targets)) {
    it(`${name}, ${smoke} runs`, async () => {
      await fc.assert(property as fc.IAsyncProperty<unknown[]>, { numRuns: smoke });
    }).timeout(60_000);
  }
});
