/** Systems that are compared: the cases run with what is installed, and the pages follow from their result files. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { pagesOf } from '../../scripts/bench/publish.js';
import { readResults, type Results } from '../../scripts/bench/results.js';
import { Program } from '../support/program.js';
import { repositoryRoot } from '../support/recordings.js';
import { TemporaryDirectory } from '../support/temporary.js';

const BARE = 'peers bare sockets, 100 B';
/** One case of each kind. */
const KINDS = ['peers await every send, 100 B', 'peers echo, 100 B', BARE];
/** Our ways; of bare sockets a quick bench has the second one. */
const OURS = ['ssp-toolkit, TCP', 'ssp-toolkit, Unix socket'];
/** Starts some thirty processes, one after the other. */
const LIMIT_MS = 300_000;

describe('bench: several systems', function () {
  this.timeout(LIMIT_MS);

  let directory: TemporaryDirectory;
  let results: Results;
  let out: string;

  before(async () => {
    directory = await TemporaryDirectory.make();
    const file = directory.file('results.json');
    const few = ['--quick', '--runs', '1', '--milliseconds', '1', '--only', ...KINDS, '--json', file];
    const ended = await Program.start('scripts/bench/main.js', few).end(LIMIT_MS);
    expect(ended.err).to.equal('');
    out = ended.out;
    results = readResults(file);
  });

  after(async () => {
    await Program.endAll();
    await directory[Symbol.asyncDispose]();
  });

  it('measures our two ways in each case, and what is installed beside them', () => {
    expect(results.rows.map((row) => row.case)).to.deep.equal(KINDS);
    for (const { case: name, systems = [], leftOut = [] } of results.rows) {
      const names = systems.map(({ system }) => system);
      expect(names, name).to.include.members(name === BARE ? OURS.slice(1) : OURS);
      const others = name === BARE ? ['relay in C', 'relay in Node'] : ['NATS', 'Redis'];
      for (const other of others) {
        const isMeasured = names.some((each) => each.startsWith(other));
        const isExplained = leftOut.some((each) => each.startsWith(`${other}: left out, `));
        expect([isMeasured, isExplained], `${name}: ${other}`).to.have.members([true, false]);
      }
      for (const { rate } of systems) expect(rate.median, name).to.be.above(0);
    }
  });

  it('compares each system with the first one', () => {
    for (const { systems = [] } of results.rows) {
      const [first, ...others] = systems;
      expect(first?.ratio).to.equal(null);
      for (const { rate, ratio } of others)
        expect(ratio).to.be.closeTo((first?.rate.median ?? 0) / rate.median, 0.01 * (ratio ?? 0));
    }
  });

  it('gives the processor time of each process', function () {
    if (!existsSync('/proc/self/stat')) this.skip();
    const [flow, echo] = results.rows.map(({ systems = [] }) => Object.keys(systems[0]?.cpuOf ?? {}));
    expect(flow).to.deep.equal(['sender', 'server', 'receiver']);
    expect(echo).to.deep.equal(['client', 'server']);
  });

  it('has latencies of the echo, in order', () => {
    for (const { latency } of results.rows[1]?.systems ?? []) {
      expect(latency?.p50).to.be.above(0);
      expect(latency?.p99).to.be.at.least(latency?.p50 ?? Infinity);
    }
  });

  it('prints a line for each system below its case', () => {
    for (const { case: name, systems = [] } of results.rows) {
      expect(out).to.contain(`\n${name}, `);
      for (const { system } of systems) expect(out).to.contain(`\n  ${system} `);
    }
  });

  it('makes a page and a chart with all systems', async () => {
    const pages = await pagesOf(results);
    expect(pages.map(({ path }) => path)).to.deep.equal(['reliability/peers.md', 'reliability/peers.svg']);
    for (const { text } of pages) {
      for (const { systems = [] } of results.rows) {
        for (const { system } of systems) expect(text).to.contain(system);
      }
    }
  });

  it('refuses to publish results that have no page', async () => {
    const { status, err } = await Program.start('scripts/bench/main.js', [
      '--from',
      join(repositoryRoot, 'docs/reliability/performance.json'),
      '--publish',
    ]).end(LIMIT_MS);
    expect(status).to.equal(1);
    expect(err).to.match(/^bench: expected the results of --only peers or of --only growth/);
  });
});

describe('bench: published pages', () => {
  for (const name of ['peers', 'growth']) {
    it(`are those that follow from ${name}.json`, async () => {
      const results = readResults(join(repositoryRoot, `docs/reliability/${name}.json`));
      const pages = await pagesOf(results);
      expect(pages).to.have.length(2);
      for (const { path, text } of pages)
        expect(readFileSync(join(repositoryRoot, 'docs', path), 'utf8'), path).to.equal(text);
    });
  }
});
