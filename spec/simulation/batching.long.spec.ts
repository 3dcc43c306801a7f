/** The promises do not depend on how much goes into a payload: worlds with the longest turns, and with none. */
import { expect } from 'chai';
import { Batcher } from '../../daemon/core/batcher.js';
import type { Clock } from '../../lib/util/clock.js';
import { givenSeed } from '../support/random.js';
import { seeds } from '../support/seeds.js';
import { replace } from './bugs/planted.js';
import { Process } from '../../daemon/testing/time/process.js';
import { runSeed } from './worker.js';

const SEEDS = seeds(20, 75);
/** Milliseconds; a turn of the event loop otherwise lasts a twentieth of one. */
const LONG_TURN = 30;

describe('simulation: batches', function () {
  this.timeout(300_000);

  const first = givenSeed();

  /** Payloads that were handed to an engine, and the bytes in them. */
  function play(): { payloads: number; bytes: number } {
    const sum = { payloads: 0, bytes: 0 };
    const restore = replace(Batcher, 'flush', (flush) => (self) => {
      const pack = self as { close(): void; ready: { payload: { length: number } }[] };
      pack.close();
      for (const { payload } of pack.ready) {
        sum.payloads++;
        sum.bytes += payload.length;
      }
      return flush(self);
    });
    try {
      for (let seed = first; seed < first + SEEDS; seed++) {
        // A long turn is a good part of the simulated token timeout, so who is told before whom cannot hold.
        const violations = runSeed(seed).violations.filter((text) => !text.startsWith('told:'));
        expect(violations, `seed ${seed}`).to.deep.equal([]);
      }
    } finally {
      restore();
    }
    return sum;
  }

  let ordinary = 0;

  before(() => {
    const { payloads, bytes } = play();
    ordinary = bytes / payloads;
  });

  it(`of all that comes in ${LONG_TURN} ms break no promise in ${SEEDS} worlds`, () => {
    const restore = replace(Process, 'soon', () => (self, act) => {
      (self as unknown as Clock).after(LONG_TURN, act as () => void);
    });
    try {
      const { payloads, bytes } = play();
      expect(bytes / payloads).to.be.above(1.1 * ordinary);
    } finally {
      restore();
    }
  });

  it(`of one frame each break no promise in ${SEEDS} worlds`, () => {
    const restore = replace(Batcher, 'add', (add) => (self, ...args) => {
      add(self, ...args);
      (self as { close?: () => void }).close?.();
    });
    try {
      const { payloads, bytes } = play();
      expect(bytes / payloads).to.be.below(ordinary);
    } finally {
      restore();
    }
  });
});
