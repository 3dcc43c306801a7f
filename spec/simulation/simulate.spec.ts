import { expect } from 'chai';
import { givenSeed } from '../support/random.js';
import { seeds } from '../support/seeds.js';
import { generate } from './generate.js';
import { run } from './run.js';
import { runSeed } from './worker.js';

const SEEDS = seeds(15, 50);

describe('simulation: worlds', () => {
  const first = givenSeed();

  it(`of ${SEEDS} fresh seeds from ${first} violate nothing`, function () {
    this.timeout(120_000);
    for (let seed = first; seed < first + SEEDS; seed++) {
      expect(runSeed(seed).violations, `seed ${seed}`).to.deep.equal([]);
    }
  });

  for (const kind of ['ideal', 'cpg'] as const) {
    it(`of one seed come out the same each time: ${kind}`, () => {
      const hashes = [1, 2, 3].map(() => run(generate(first, { kind })).hash);
      expect(new Set(hashes)).to.have.length(1);
    });

    it(`of different seeds come out differently: ${kind}`, () => {
      const hashes = [1, 2, 3, 4, 5].map((step) => run(generate(first + step, { kind })).hash);
      expect(new Set(hashes)).to.have.length(5);
    });
  }

  it('come out the same whether they are traced or not', () => {
    const plan = generate(first);
    const traced = run(plan, true);
    expect(traced.hash).to.equal(run(plan).hash);
    expect(traced.lines).to.not.be.empty;
  });

  it('do much: daemon views, messages, deliveries', () => {
    const { figures } = run(generate(7, { kind: 'cpg', profile: 'everything' }));
    expect(figures.views).to.be.above(10);
    expect(figures.sends).to.be.above(50);
    expect(figures.deliveries).to.be.above(200);
  });
});
