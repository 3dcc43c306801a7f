/** `ssp init`: the folder that it makes holds a program that works, and a test that passes. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { createDaemon } from '../../daemon/index.js';
import { Program } from '../support/program.js';
import { repositoryRoot } from '../support/recordings.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { eventually } from '../support/wait.js';

const run = promisify(execFile);
const init = (...args: readonly string[]): Program => Program.start('lib/cli/main.js', ['init', ...args]);

describe('process: ssp init', () => {
  let directory: TemporaryDirectory;
  let folder: string;

  beforeEach(async () => {
    directory = await TemporaryDirectory.make();
    folder = directory.file('My Importer');
  });
  afterEach(async () => {
    await Program.endAll();
    await directory[Symbol.asyncDispose]();
  });

  /** What `npm install` of a folder does. */
  async function link(): Promise<void> {
    await mkdir(join(folder, 'node_modules/.bin'), { recursive: true });
    await symlink(repositoryRoot, join(folder, 'node_modules/ssp-toolkit'));
  }

  it('makes a project, and says what to do with it', async () => {
    const { status, out, err } = await init(folder, '--package', '^9.8.7').end();
    expect([status, err]).to.deep.equal([0, '']);
    expect(out).to.match(/^made 7 files in .*My Importer; next:\n {2}cd .*\n {2}npm install\n {2}npm test\n/);
    expect((await readdir(folder)).toSorted()).to.deep.equal([
      '.gitignore',
      'README.md',
      'compose.yaml',
      'main.js',
      'package.json',
      'worker.js',
      'worker.test.js',
    ]);
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as object;
    expect(manifest).to.deep.include({
      name: 'my-importer',
      type: 'module',
      dependencies: { 'ssp-toolkit': '^9.8.7' },
    });
  });

  it('makes a test that passes', async () => {
    await init(folder).end();
    await link();
    const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap'], { cwd: folder });
    expect(stdout)
      .to.match(/^# pass 2$/m)
      .and.to.match(/^# fail 0$/m);
  });

  it('makes a program of which one process works', async () => {
    await init(folder).end();
    await link();
    await using daemon = await createDaemon({ name: 'one', listen: [{ host: '127.0.0.1', port: 0 }] });
    const env = { ...process.env, SSP_ADDRESS: `${daemon.port}@127.0.0.1` };
    const children = [0, 1].map(() => spawn(process.execPath, ['main.js'], { cwd: folder, env }));
    const outs = ['', ''];
    for (const [place, { stdout }] of children.entries()) stdout.on('data', (text) => (outs[place] += text));
    try {
      await eventually(() => outs.every((out) => out.includes('connected')), 'both processes');
      await eventually(() => outs.some((out) => /has done step 1\n/.test(out)), 'the first step');
      const working = outs.findIndex((out) => out.includes('works, term '));
      const ended = once(children[working] ?? process, 'exit');
      children[working]?.kill('SIGTERM');
      expect((await ended)[0]).to.equal(0);
      await eventually(() => outs[1 - working]?.includes('works, term ') ?? false, 'the other one');
    } finally {
      for (const child of children) child.kill('SIGKILL');
    }
  });

  it('makes a compose file whose commands are there', async () => {
    await init(folder).end();
    const compose = await readFile(join(folder, 'compose.yaml'), 'utf8');
    const commands = Array.from(compose.matchAll(/command:\s*(\[[^\]]*\])/g), ([, list = '']) =>
      JSON.parse(list.replaceAll("'", '"').replace(/,\s*\]/, ']')),
    ) as string[][];
    expect(commands.map(([file]) => file)).to.deep.equal(['node_modules/.bin/sspd', 'node']);
    const options = (commands[0] ?? []).slice(1);
    const checked = await Program.start('daemon/cli/main.js', [...options, '--check']).end();
    expect([checked.status, checked.err]).to.deep.equal([0, '']);
    expect(checked.out).to.include('"0.0.0.0"').and.to.include('4803');
    expect(await readdir(folder)).to.include(commands[1]?.[1]);
  });

  it('takes an empty folder, and refuses one that has files', async () => {
    await mkdir(folder);
    expect((await init(folder).end()).status).to.equal(0);
    const { status, out, err } = await init(folder).end();
    expect([status, out]).to.deep.equal([1, '']);
    expect(err).to.match(/^ssp: expected a new or empty folder, got ".*", which has files\n$/);
  });

  it('refuses the name of a file', async () => {
    await writeFile(folder, 'mine');
    const { status, err } = await init(folder).end();
    expect(status).to.equal(1);
    expect(err).to.match(/^ssp: cannot write to ".*": EEXIST/);
    expect(await readFile(folder, 'utf8')).to.equal('mine');
  });
});
