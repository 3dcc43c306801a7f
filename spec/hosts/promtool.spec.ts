/** The files for Prometheus and Grafana, as promtool judges them. `spec/monitor/dashboard.spec.ts` looks at their names. */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { dashboard, questionsOf } from '../monitor/dashboard.js';
import { repositoryRoot } from '../support/recordings.js';
import { skip } from '../support/skip.js';
import { TemporaryDirectory } from '../support/temporary.js';

const promtool = process.env['PROMTOOL'] ?? '/usr/bin/promtool';

describe('hosts: files for Prometheus', () => {
  before(function () {
    if (!existsSync(promtool)) skip(this, 'no promtool here: apt-get install prometheus');
  });

  function judge(...args: readonly string[]): void {
    const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: repositoryRoot, encoding: 'utf8' });
    expect(status, stdout + stderr).to.equal(0);
  }

  it('the alert rules are sound', () =>
    judge('check', 'rules', '--lint=all', '--lint-fatal', 'docs/operate/alerts.yml'));

  it('the alert rules fire when they should, and else do not', () =>
    judge('test', 'rules', 'spec/hosts/alerts.test.yml'));

  it('the dashboard asks what Prometheus understands', async () => {
    await using folder = await TemporaryDirectory.make();
    const rules = questionsOf(dashboard()).map((expr, i) => ({ record: `question:${i}`, expr }));
    const file = join(folder.path, 'rules.json');
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    judge('check', 'rules', file);
  });
});
