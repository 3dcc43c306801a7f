/** Dashboard and alert rules ask for what `/metrics` has. Whether Prometheus understands them shows spec/hosts/promtool. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Metrics } from '../../daemon/monitor/metrics.js';
import { repositoryRoot } from '../support/recordings.js';
import { dashboard, questionsOf } from './dashboard.js';
import { fakeStatus } from './fake-status.js';

const read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');
const metricsIn = (text: string): string[] => [...new Set(text.match(/\bsspd_\w+/g))].toSorted();

/** Metrics that a system other than Linux does not have. */
const known = new Set(metricsIn(read('docs/operate/metrics.md')));

describe('monitor: dashboard and alert rules', () => {
  it('name metrics that there are', async () => {
    const metrics = new Metrics(fakeStatus());
    const text = await metrics.text();
    metrics.stop();
    const named = metricsIn([...questionsOf(dashboard()), read('docs/operate/alerts.yml')].join('\n'));
    expect(named.length).to.be.above(20);
    // The page has them all, which another spec compares with what is given out.
    expect(named.filter((name) => !known.has(name) && !text.includes(`# TYPE ${name} `))).to.deep.equal([]);
  });

  it('have a place of their own for each panel', () => {
    const { panels } = dashboard();
    expect(new Set(panels.map(({ id }) => id)).size).to.equal(panels.length);
    for (const [i, { gridPos: a, title }] of panels.entries()) {
      expect(a.x + a.w, title).to.be.at.most(24);
      for (const { gridPos: b, title: other } of panels.slice(i + 1)) {
        const isApart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect(isApart, `${title} and ${other}`).to.equal(true);
      }
    }
  });

  it('ask something in each panel', () => {
    const silent = dashboard().panels.filter(({ type, targets }) => type !== 'row' && !targets?.length);
    expect(silent).to.deep.equal([]);
  });
});
