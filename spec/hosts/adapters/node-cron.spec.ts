/** `ssp-toolkit/node-cron` under node-cron: processes that share a job, of which one is killed and one has a late clock. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { startDaemon } from '../../support/local-daemon.js';
import { eventually } from '../../support/wait.js';
import { HostProject } from './host-project.js';

/** Prints `run` and `skip` with the time for which a run was due, in seconds. */
const worker = `
  const [address, name, lateMs] = process.argv.slice(2);
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      if (args.length === 0) super(RealDate.now() - Number(lateMs));
      else super(...args);
    }
    static now() {
      return RealDate.now() - Number(lateMs);
    }
  };
  const { default: cron } = await import('node-cron');
  const { connect } = await import('ssp-toolkit');
  const { coordinator } = await import('ssp-toolkit/node-cron');
  const connection = await connect({ address, name });
  cron.setRunCoordinator(await coordinator(connection));
  const quiet = { info() {}, warn() {}, error() {}, debug() {} };
  const say = (what, date) => console.log(what, Math.floor(date.getTime() / 1000));
  const task = cron.schedule('* * * * * *', ({ date }) => say('run', date), {
    name: 'report', distributed: true, logger: quiet, maxRandomDelay: name === 'ann' ? 200 : 0,
  });
  task.on('execution:skipped', ({ date, reason }) => say(reason, date));
  connection.on('close', () => {
    console.log('closed 0');
    setTimeout(() => process.exit(0), 2500);
  });
`;

interface Line {
  readonly who: string;
  readonly what: string;
  readonly slot: number;
}

class Workers implements AsyncDisposable {
  readonly lines: Line[] = [];
  private readonly all = new Map<string, ChildProcess>();

  constructor(private readonly project: HostProject) {
    project.write('worker.mjs', worker);
  }

  start(address: string, who: string, lateMs = 0): void {
    const child = this.project.start('worker.mjs', [address, who, String(lateMs)]);
    let rest = '';
    child.stdout?.on('data', (text) => {
      const lines = (rest + String(text)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const [what = '', slot] = line.split(' ');
        this.lines.push({ who, what, slot: Number(slot) });
      }
    });
    this.all.set(who, child);
  }

  of(what: string, who?: string): number[] {
    return this.lines
      .filter((line) => line.what === what && (who ?? line.who) === line.who)
      .map(({ slot }) => slot);
  }

  async kill(who: string): Promise<void> {
    const child = this.all.get(who);
    this.all.delete(who);
    if (child?.exitCode !== null) return;
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.all.keys()].map((who) => this.kill(who)));
  }
}

describe('hosts: node-cron', () => {
  it('runs a job once in three processes, of which one is killed and one has a clock 3 s late', async () => {
    await using project = await HostProject.make({ 'node-cron': 'node-cron' });
    await using daemon = await startDaemon();
    const address = `${daemon.port}@127.0.0.1`;
    await using workers = new Workers(project);
    for (const who of ['ann', 'bob']) workers.start(address, who);
    // Whoever asks first for any time at all gets it, whatever its clock says.
    await eventually(() => workers.of('run').length >= 1, 'a run', 60_000);
    workers.start(address, 'cid', 3000);
    await eventually(() => workers.of('run').length >= 5, 'five runs', 60_000);
    await eventually(() => workers.of('not-elected', 'cid').length >= 2, 'the late one to be asked', 60_000);
    await workers.kill('ann');
    const before = workers.of('run').length;
    await eventually(() => workers.of('run').length >= before + 5, 'five more runs', 60_000);
    const runs = workers.of('run');
    expect(runs.length).to.equal(new Set(runs).size);
    expect(workers.of('run', 'cid'), 'a late clock').to.deep.equal([]);
    expect(workers.of('coordinator-error')).to.deep.equal([]);
  });

  it('skips runs when the daemon has gone', async () => {
    await using project = await HostProject.make({ 'node-cron': 'node-cron' });
    await using daemon = await startDaemon();
    await using workers = new Workers(project);
    workers.start(`${daemon.port}@127.0.0.1`, 'ann');
    await eventually(() => workers.of('run').length >= 1, 'a run', 60_000);
    await daemon.stop();
    await eventually(() => workers.of('coordinator-error').length >= 1, 'a skipped run', 60_000);
    expect(workers.of('closed')).to.deep.equal([0]);
  });

  it('has a type for which the coordinator of this toolkit will do', async () => {
    await using project = await HostProject.make({ 'node-cron': 'node-cron' });
    const said = project.compile(`
      import { type RunCoordinator, setRunCoordinator } from 'node-cron';
      import { coordinator } from 'ssp-toolkit/node-cron';
      const ours: RunCoordinator = await coordinator({ addresses: ['4803@a'] }, { quorum: 2, prefer: 'leader' });
      setRunCoordinator(ours);
      // @ts-expect-error A slip.
      await coordinator({ addresses: [] }, { prefer: 'last' });
    `);
    expect(said).to.equal('');
  });

  it('does what its page says', async () => {
    await using project = await HostProject.make({ 'node-cron': 'node-cron' });
    await project.showsPage('node-cron');
  });
});
