/** The bench runs, and its files have their shape. No figure is judged: that is what the bench is for. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { cases } from '../../scripts/bench/cases/index.js';
import { readResults, type Results } from '../../scripts/bench/results.js';
import { type Ended, Program } from '../support/program.js';
import { TemporaryDirectory } from '../support/temporary.js';

/** Milliseconds for all runs: some seconds, on a machine that does nothing else. */
const LIMIT = 100_000;

const bench = (...args: readonly string[]): Promise<Ended> =>
  Program.start('scripts/bench/main.js', args).end(LIMIT);

const RUNS = 2;
/** One of each kind that a machine without Corosync can run in a moment. */
const KINDS = [
  'one-to-one 100 B',
  'one-to-one 100 B library',
  'membership 1',
  'death of a daemon, 300000 memberships',
  'start import',
  'start ssp --help',
];

describe('bench', function () {
  this.timeout(LIMIT);

  let directory: TemporaryDirectory;
  let file: string;
  let ended: Ended;
  let results: Results;

  before(async () => {
    directory = await TemporaryDirectory.make();
    file = directory.file('results.json');
    const few = ['--quick', '--runs', String(RUNS), '--milliseconds', '2', '--only', ...KINDS];
    ended = await bench(...few, '--json', file);
    expect(ended.err).to.equal('');
    results = readResults(file);
  });

  after(() => directory[Symbol.asyncDispose]());

  it('prints a row for each case', () => {
    const names = ended.out.split('\n').map((line) => line.split(/ {2,}/)[0]);
    expect(names).to.deep.equal(['case', ...KINDS, '']);
  });

  it('writes a row for each case, with as many runs as asked for', () => {
    expect(results.rows.map((row) => [row.case, row.runs])).to.deep.equal(KINDS.map((name) => [name, RUNS]));
  });

  it('orders the figures of the runs', () => {
    for (const { rate } of results.rows) {
      expect(rate.min).to.be.above(0);
      expect(rate.median).to.be.within(rate.min, rate.max);
    }
  });

  it('gives latencies in order where messages carry the time', () => {
    for (const row of results.rows.slice(0, 2)) {
      const { p50, p99, p999 } = row.latency ?? { p50: 0, p99: 0, p999: 0 };
      expect(p50).to.be.above(0);
      expect([p50, p99, p999]).to.deep.equal([p50, p99, p999].toSorted((a, b) => a - b));
    }
  });

  it('measures a yardstick beside every flow, and the ratio to it', () => {
    const flows = results.rows.filter(({ unit }) => unit === 'messages/s');
    expect(flows).to.have.length(2);
    for (const { yardstick, ratio } of flows) {
      expect(yardstick?.rate.median).to.be.above(0);
      expect(ratio).to.be.above(0);
    }
  });

  it('says where it measured', () => {
    expect(results.node).to.equal(process.version);
    expect(results.cores).to.be.above(0);
    expect(Date.parse(results.date)).to.be.above(0);
  });

  it('compares two files', async () => {
    const { out } = await bench('--compare', file, file);
    const rows = out.trimEnd().split('\n').slice(1);
    expect(rows).to.have.length(KINDS.length);
    for (const row of rows) expect(row).to.match(/ x1\.00/);
  });

  it('draws a chart of a file', async () => {
    const svg = directory.file('chart.svg');
    await bench('--from', file, '--chart', svg);
    const text = readFileSync(svg, 'utf8');
    expect(text).to.match(/^<svg [\s\S]*<\/svg>\n$/);
    for (const name of KINDS.slice(0, 3)) expect(text).to.contain(`>${name}</text>`);
  });

  it('refuses a file that is none of its own', async () => {
    const { status, err } = await bench('--from', 'package.json');
    expect([status, err]).to.deep.equal([1, 'bench: package.json is not a result file\n']);
  });

  it('lists its cases, each with a name of its own', async () => {
    const { out } = await bench('--list');
    const names = out.trimEnd().split('\n');
    expect(names).to.deep.equal(cases.map(({ name }) => name));
    expect(new Set(names).size).to.equal(names.length);
  });

  it('names the cases when there is none like the one asked for', async () => {
    const { status, err } = await bench('--only', 'nothing');
    expect(status).to.equal(1);
    expect(err).to.contain('no case "nothing"').and.to.contain('one-to-one 100 B');
  });
});
