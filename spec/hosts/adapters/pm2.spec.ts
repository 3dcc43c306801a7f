/** `ssp-toolkit/cluster-process` under pm2 itself, which has a home of its own here: processes share a daemon, and a reload replaces all of them. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { eventually } from '../../support/wait.js';
import { hosts } from '../consumer.js';
import { HostProject } from './host-project.js';

const run = promisify(execFile);
const WORKERS = 4;
/** pm2 starts its own daemon and four processes of Node. */
const LIMIT = 100_000;

/** Notes its id and the leader at each election, and closes its connection when pm2 ends it. */
const worker = `
  import { appendFileSync } from 'node:fs';
  import { connectHere } from 'ssp-toolkit/cluster-process';
  import { election } from 'ssp-toolkit/recipes';
  const connection = await connectHere({ app: 'shop' });
  const workers = await election(connection, 'workers');
  const note = (leader) => {
    const line = JSON.stringify({ pid: process.pid, id: connection.id, leader, term: workers.term });
    appendFileSync('elections.log', line + '\\n');
  };
  workers.on('elected', ({ leader }) => note(leader));
  workers.on('leader-lost', () => note(null));
  process.once('SIGINT', () => void connection.close().then(() => process.exit(0)));
  process.send('ready');
`;

interface Note {
  readonly pid: number;
  readonly id: string;
  readonly leader: string | null;
  readonly term: number | null;
}

class Pm2 implements AsyncDisposable {
  private readonly home: string;

  constructor(private readonly project: HostProject) {
    this.home = project.file('pm2');
  }

  /** Runs a command of pm2. @returns what it prints */
  async run(...args: readonly string[]): Promise<string> {
    const { SSP_ADDRESS: _, ...inherited } = process.env;
    const here = {
      PM2_HOME: this.home,
      XDG_RUNTIME_DIR: this.project.file('run'),
      PM2_DISABLE_VERSION_CHECK: 'true',
    };
    const pm2 = join(hosts, 'node_modules/pm2/bin/pm2');
    const options = { cwd: this.project.file('.'), env: { ...inherited, ...here }, timeout: LIMIT };
    return (await run(process.execPath, [pm2, ...args], options)).stdout;
  }

  /** The last election of each process that lives. */
  elections(): Note[] {
    const file = this.project.file('elections.log');
    if (!existsSync(file)) return [];
    const notes = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Note);
    const last = new Map(notes.map((note) => [note.pid, note]));
    return [...last.values()].filter(({ pid }) => isAlive(pid));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const file = join(this.home, 'pm2.pid');
    const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : null;
    await this.run('kill');
    if (pid !== null) await eventually(() => !isAlive(pid), 'the end of pm2', LIMIT);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('hosts: pm2', () => {
  it('has processes with one leader, also after each of them was replaced by a reload', async () => {
    await using project = await HostProject.make({});
    project.write('worker.mjs', worker);
    await using pm2 = new Pm2(project);
    await pm2.run('start', 'worker.mjs', '--name', 'shop', '-i', String(WORKERS), '--wait-ready');
    const agree = (): boolean => {
      const notes = pm2.elections();
      const leaders = new Set(notes.map(({ leader }) => leader));
      return notes.length === WORKERS && leaders.size === 1 && notes.some(({ id, leader }) => id === leader);
    };
    await eventually(agree, 'one leader', LIMIT);
    const before = pm2.elections();
    await pm2.run('reload', 'shop');
    await eventually(agree, 'one leader after the reload', LIMIT);
    const after = pm2.elections();
    const old = new Set(before.map(({ pid }) => pid));
    expect(after.filter(({ pid }) => old.has(pid))).to.deep.equal([]);
    const [termBefore, termAfter] = [before, after].map((notes) =>
      Math.max(...notes.map(({ term }) => term ?? 0)),
    );
    expect(termAfter).to.be.above(termBefore as number);
    await pm2.run('delete', 'shop');
    await eventually(() => pm2.elections().length === 0, 'the end of the processes', LIMIT);
  });
});
