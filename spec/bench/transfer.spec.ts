/** The bench of state transfer runs to its end in a short form. No figure is judged: that is what the bench is for. */
import { expect } from 'chai';
import { type Ended, Program } from '../support/program.js';

/** Milliseconds for a run, on a machine that has other work. */
const LIMIT = 60_000;

const bench = (...args: readonly string[]): Promise<Ended> =>
  Program.start('scripts/transfer-bench.js', args).end(LIMIT);

/** The two figures of a row. */
function row({ out }: Ended, name: string): [median: number, worst: number] {
  const line = out.split('\n').find((each) => each.startsWith(`${name}, `)) ?? '';
  const [, median, worst] = /([\d.]+) +([\d.]+)$/.exec(line) ?? [];
  return [Number(median), Number(worst)];
}

describe('bench: state transfer', function () {
  this.timeout(LIMIT);

  let ended: Ended;

  before(async () => {
    ended = await bench('--megabytes', '5', '--runs', '1', '--before', '100');
  });

  afterEach(() => Program.endAll());

  it('finds equal states behind a donor that was killed half way', () => {
    expect([ended.status, ended.err]).to.deep.equal([0, '']);
    expect(ended.out).to.match(/^worker, onlooker and joiner had equal states after each of 1$/m);
    const [received] = row(ended, 'received');
    expect(received).to.be.within(5, 5.5);
    const [first] = row(ended, 'of that from the donor that died');
    expect(first).to.be.within(2.4, 4.9);
  });

  it('measures what the others felt, and how long it took', () => {
    for (const name of [
      'slowest command',
      'longest gap at the worker',
      'longest gap at the onlooker',
      'transfer',
    ]) {
      const [median, worst] = row(ended, name);
      expect(median, name).to.be.above(0);
      expect(worst, name).to.equal(median);
    }
  });

  it('says in one line what it was given wrong', async () => {
    const { status, err } = await bench('--runs', 'many');
    expect(status).to.equal(1);
    expect(err).to.match(/^error: [^\n]+\n$/);
  });
});
