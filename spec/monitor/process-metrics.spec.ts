import { PerformanceObserver } from 'node:perf_hooks';
import { expect } from 'chai';
import type { Metric, Sample } from '../../daemon/monitor/exposition.js';
import { ProcessMetrics } from '../../daemon/monitor/process-metrics.js';

describe('monitor: metrics of the process', () => {
  let metrics: ProcessMetrics;
  beforeEach(() => {
    metrics = new ProcessMetrics();
  });
  afterEach(() => metrics.stop());

  const find = async (name: string): Promise<Metric> =>
    (await metrics.read()).find((metric) => metric.name === name) as Metric;
  const valueOf = async (name: string): Promise<number> => ((await find(name)).samples[0] as Sample).value;

  it('agree with what Node says itself', async () => {
    const before = process.cpuUsage();
    const user = await valueOf('process_cpu_user_seconds_total');
    const after = process.cpuUsage();
    expect(user).to.be.within(before.user / 1e6, after.user / 1e6);
    expect(await valueOf('process_start_time_seconds')).to.be.closeTo(
      Date.now() / 1_000 - process.uptime(),
      2,
    );
    expect((await find('nodejs_version_info')).samples[0]?.labels).to.include({ version: process.version });
    const spaces = (await find('nodejs_heap_space_size_used_bytes')).samples;
    expect(spaces.map(({ labels }) => labels?.['space'])).to.include.members(['old', 'new', 'large_object']);
  });

  it('look at the event loop since the look before', async () => {
    await metrics.read();
    const least = await valueOf('nodejs_eventloop_lag_min_seconds');
    expect(least).to.be.at.least(0);
    const names = (await metrics.read())
      .map(({ name }) => name)
      .filter((name) => name.includes('eventloop_lag'));
    expect(names).to.have.length(8);
    for (const name of names) expect(Number.isFinite(await valueOf(name)), name).to.equal(true);
  });

  it('count the pauses of the garbage collector in growing buckets', async () => {
    const seen = new Promise<void>((resolve) => {
      const observer = new PerformanceObserver(() => {
        observer.disconnect();
        resolve();
      });
      observer.observe({ entryTypes: ['gc'] });
    });
    // Enough that the youngest space is full several times.
    let kept: object[] = [];
    for (let round = 0; round < 200; round++) kept = Array.from({ length: 10_000 }, (_, i) => ({ i }));
    expect(kept).to.have.length(10_000);
    await seen;
    const { samples } = await find('nodejs_gc_duration_seconds');
    const minor = samples.filter(({ labels }) => labels?.['kind'] === 'minor');
    const buckets = minor.filter(({ suffix }) => suffix === '_bucket');
    expect(buckets.map(({ labels }) => labels?.['le'])).to.deep.equal([
      '0.001',
      '0.01',
      '0.1',
      '1',
      '2',
      '5',
      '+Inf',
    ]);
    const counts = buckets.map(({ value }) => value);
    expect(counts).to.deep.equal(counts.toSorted((a, b) => a - b));
    const [count, sum] = ['_count', '_sum'].map(
      (end) => minor.find(({ suffix }) => suffix === end)?.value ?? 0,
    );
    expect(count).to.be.above(0).and.to.equal(counts.at(-1));
    expect(sum).to.be.above(0);
  });
});
