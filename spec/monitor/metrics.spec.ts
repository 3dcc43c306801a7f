import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Metrics } from '../../daemon/monitor/metrics.js';
import type { DaemonStatus } from '../../daemon/monitor/status.js';
import { repositoryRoot } from '../support/recordings.js';
import { fakeStatus } from './fake-status.js';
import { skip } from '../support/skip.js';

/** Names in a text for Prometheus. */
const named = (text: string): string[] =>
  Array.from(text.matchAll(/^# HELP (\S+) /gm), ([, name = '']) => name);

const lineOf = (text: string, start: string): string | undefined =>
  text.split('\n').find((line) => line.startsWith(start));

describe('monitor: metrics', () => {
  const opened: Metrics[] = [];
  afterEach(() => opened.splice(0).forEach((metrics) => metrics.stop()));

  function metricsOf(status: DaemonStatus): Metrics {
    const metrics = new Metrics(status);
    opened.push(metrics);
    return metrics;
  }

  it('are what the status says at that time', async () => {
    const daemonStatus = fakeStatus();
    const metrics = metricsOf(daemonStatus);
    for (let looks = 0; looks < 2; looks++) {
      const text = await metrics.text();
      expect(lineOf(text, 'sspd_received_bytes_total')).to.equal('sspd_received_bytes_total 1000');
      expect(lineOf(text, 'sspd_sessions ')).to.equal('sspd_sessions 2');
      expect(lineOf(text, 'sspd_view_daemons')).to.equal('sspd_view_daemons 1');
      expect(lineOf(text, 'sspd_start_time_seconds')).to.equal(
        `sspd_start_time_seconds ${daemonStatus.started / 1_000}`,
      );
    }
    daemonStatus.sessionCount = 7;
    daemonStatus.counters = { ...daemonStatus.counters, bytesIn: 1_001 };
    const text = await metrics.text();
    expect(lineOf(text, 'sspd_received_bytes_total')).to.equal('sspd_received_bytes_total 1001');
    expect(lineOf(text, 'sspd_sessions ')).to.equal('sspd_sessions 7');
  });

  it('have the causes as labels', async () => {
    const text = await metricsOf(fakeStatus()).text();
    expect(text).to.include('sspd_handshake_rejections_total{code="REJECT_NOT_UNIQUE"} 2\n');
    expect(text).to.include('sspd_connections_ended_total{reason="closed"} 4\n');
    expect(text).to.include('sspd_returns_total{verdict="whole"} 2\n');
    expect(text).to.include('sspd_gaps_total{reason="overrun"} 3\n');
    expect(text).to.include('sspd_resume_buffer_bytes 5000\n');
    expect(text).to.include('sspd_info{name="one",version="0.1.0",engine="solo",configuration="c0ffee"} 1\n');
  });

  it('forget a configuration that is no longer in force', async () => {
    const daemonStatus = fakeStatus();
    const metrics = metricsOf(daemonStatus);
    await metrics.text();
    daemonStatus.configurationHash = 'decaf';
    expect((await metrics.text()).match(/^sspd_info\{.*/gm)).to.deep.equal([
      'sspd_info{name="one",version="0.1.0",engine="solo",configuration="decaf"} 1',
    ]);
  });

  it('of two daemons in one process do not mix', async () => {
    const [one, two] = [metricsOf(fakeStatus()), metricsOf(fakeStatus({ sessionCount: 9 }))];
    expect(lineOf(await one.text(), 'sspd_sessions ')).to.equal('sspd_sessions 2');
    expect(lineOf(await two.text(), 'sspd_sessions ')).to.equal('sspd_sessions 9');
    expect(await two.text()).to.include('sspd_process_cpu_seconds_total');
  });

  it('are all in docs/operate/metrics.md, and no others', async function () {
    // Some metrics of the process exist on Linux only, and the page has them.
    if (process.platform !== 'linux') skip(this, 'some metrics exist on Linux only');
    const page = readFileSync(join(repositoryRoot, 'docs/operate/metrics.md'), 'utf8');
    const described = Array.from(page.matchAll(/^\| `(sspd_\w+)`/gm), ([, name = '']) => name);
    expect(described.toSorted()).to.deep.equal(named(await metricsOf(fakeStatus()).text()).toSorted());
  });
});
