/** The metrics of the process beside those of prom-client, which most programs on Node give to Prometheus. */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { exposition } from '../../daemon/monitor/exposition.js';
import { ProcessMetrics } from '../../daemon/monitor/process-metrics.js';
import { hosts } from './consumer.js';

const program = `
  import { Counter, Gauge, Registry, collectDefaultMetrics, register } from 'prom-client';
  if (process.argv[1] === 'process') {
    collectDefaultMetrics();
    console.log(await register.metrics());
  } else {
    const registry = new Registry();
    const registers = [registry];
    const labels = { code: 'a\\\\b"c\\nd', by: '' };
    new Gauge({ name: 'x', help: 'one\\\\two\\n"three"', labelNames: ['code', 'by'], registers }).set(labels, 0.25);
    new Gauge({ name: 'y', help: 'Most.', registers }).set(Infinity);
    new Counter({ name: 'z_total', help: 'None.', labelNames: ['code'], registers });
    process.stdout.write(await registry.metrics());
  }
`;
const promClient = (what: string): string =>
  execFileSync(process.execPath, ['--input-type=module', '--eval', program, what], {
    cwd: hosts,
    encoding: 'utf8',
  });

/** Names and kinds. */
const announced = (text: string): string[] => (text.match(/^# TYPE .*$/gm) ?? []).toSorted();

describe('hosts: metrics', () => {
  it('of the process have the names and kinds that prom-client gives them', async function () {
    if (process.platform !== 'linux') return this.skip();
    const metrics = new ProcessMetrics();
    const ours = announced(exposition(await metrics.read()));
    metrics.stop();
    const theirs = announced(promClient('process')).filter((line) => !line.includes(' nodejs_active_'));
    expect(theirs.length).to.be.above(20);
    expect(ours).to.deep.equal(theirs);
    return undefined;
  });

  it('are written as prom-client writes them', () => {
    const samples = [{ labels: { code: 'a\\b"c\nd', by: '' }, value: 0.25 }];
    const text = exposition([
      { name: 'x', help: 'one\\two\n"three"', kind: 'gauge', samples },
      { name: 'y', help: 'Most.', kind: 'gauge', samples: [{ value: Infinity }] },
      { name: 'z_total', help: 'None.', kind: 'counter', samples: [] },
    ]);
    expect(text.trim()).to.equal(promClient('text').trim());
  });
});
