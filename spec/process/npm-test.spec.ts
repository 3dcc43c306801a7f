/** What runs all specs, on a few that it does not know: their output, their summary, their end. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { repositoryRoot } from '../support/recordings.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { eventually } from '../support/wait.js';

const BUILD = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAMS = ['scripts/test.js', 'lib/util/option-errors.js', 'spec/support/skip.js'];
const LIMIT = 20_000;

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Whether a process is there, and no zombie. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('npm test', function () {
  this.timeout(2 * LIMIT);

  let folder: TemporaryDirectory;
  let child: ChildProcess | null = null;

  beforeEach(async () => {
    folder = await TemporaryDirectory.make();
    const parts = readdirSync(join(BUILD, 'scripts/test')).filter((file) => file.endsWith('.js'));
    for (const file of [...PROGRAMS, ...parts.map((each) => `scripts/test/${each}`)]) {
      mkdirSync(dirname(folder.file(`build/${file}`)), { recursive: true });
      copyFileSync(join(BUILD, file), folder.file(`build/${file}`));
    }
    for (const file of ['package.json', '.mocharc.json'])
      copyFileSync(join(repositoryRoot, file), folder.file(file));
    symlinkSync(join(repositoryRoot, 'node_modules'), folder.file('node_modules'));
  });

  afterEach(async () => {
    if (child?.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    child = null;
    await folder[Symbol.asyncDispose]();
  });

  /** A spec of one test. */
  function put(spec: string, body: string): void {
    const file = folder.file(`build/spec/${spec}.spec.js`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `it('${spec}', async function () {\n${body}\n});\n`);
  }

  /** Starts it. @returns what it has printed so far, and its end */
  function start(...args: readonly string[]): {
    readonly printed: { out: string };
    readonly end: Promise<Ended>;
  } {
    const { CI: _, NO_COLOR: __, ...environment } = process.env;
    const started = spawn(process.execPath, [folder.file('build/scripts/test.js'), ...args], {
      env: environment,
    });
    child = started;
    const printed = { out: '', err: '' };
    started.stdout.on('data', (text) => (printed.out += text));
    started.stderr.on('data', (text) => (printed.err += text));
    const end = (async () => {
      const [status] = (await once(started, 'close')) as [number | null];
      return { status, ...printed };
    })();
    return { printed, end };
  }

  const run = async (...args: readonly string[]): Promise<Ended> => await start(...args).end;

  it('runs three parts beside one another, then the fourth, and shows one after the other', async () => {
    // Each waits for what the others write.
    const meet = (own: string, others: readonly string[]): string =>
      `const { writeFileSync, existsSync } = await import('node:fs');
       const { setTimeout } = await import('node:timers/promises');
       writeFileSync('${folder.file(own)}', '');
       for (const other of ${JSON.stringify(others.map((each) => folder.file(each)))})
         while (!existsSync(other)) await setTimeout(5);
       console.log('met in ${own}');`;
    put('session/a', meet('a', ['b', 'c']));
    put('process/b', meet('b', ['a', 'c']));
    put('wire/c', meet('c', ['a', 'b']));
    put('cluster/d', `console.log('d, last');`);
    const { status, out } = await run();
    expect(status, out).to.equal(0);
    expect(out).to.match(
      /met in a\n[^]*✔ session\/a[^]*met in b\n[^]*✔ process\/b[^]*met in c\n[^]*✔ wire\/c[^]*d, last\n[^]*✔ cluster\/d/,
    );
    expect(out).to.match(/\n {2}Passed: 4 passing, 0 failing, 0 skipped \(\d+ s\)\n$/);
  });

  it('fails when one of them does, and shows the failures and the reasons of what was skipped at its end', async () => {
    put('session/a', `throw new Error('broken there');`);
    put('wire/b', `(await import('../support/skip.js')).skip(this, 'nothing to test here');`);
    const { status, out } = await run();
    expect(status).to.equal(1);
    expect(out).to.match(/Failures of sockets[^]*1\) session\/a:[^]*Error: broken there/);
    expect(out).to.include('\n  Skipped:\n    1 test: nothing to test here\n');
    expect(out).to.match(/\n {2}Failed: 0 passing, 1 failing, 1 skipped \(\d+ s\)\n$/);
  });

  it('fails when a part ends before its result', async () => {
    put('session/a', '');
    put('wire/b', 'process.exit(0);');
    const { status, out } = await run();
    expect(status).to.equal(1);
    expect(out).to.include('  pure and simulated: expected a result, got none\n');
  });

  it('runs only what is named, with the options of mocha that follow', async () => {
    put('session/a', '');
    put('wire/b', '');
    writeFileSync(folder.file('build/spec/wire/c.spec.js'), `it('one', () => {}); it('two', () => {});\n`);
    for (const [args, count] of [
      [['spec/wire/c.spec.ts'], 2],
      [['wire', '--grep', 'two'], 1],
    ] as const) {
      const { status, out } = await run(...args);
      expect(status, out).to.equal(0);
      expect(out).to.include(`  Passed: ${count} passing, 0 failing, 0 skipped`);
    }
    expect(await run('wire/x')).to.deep.equal({
      status: 1,
      out: '',
      err: 'expected the name of a spec, such as core/core, got wire/x; did you mean "wire/b"?\n',
    });
  });

  it('runs the specs of hosts, and those alone, behind --hosts', async () => {
    put('hosts/members', '');
    put('hosts/consumer', '');
    put('wire/b', '');
    for (const [args, lines] of [
      [[], ['  hosts and browsers: 1 passing', '  compilers and packages: 1 passing', '  Passed: 2 passing']],
      [['members'], ['  members: 1 passing', '  Passed: 1 passing']],
    ] as const) {
      const { status, out } = await run('--hosts', ...args);
      expect(status, out).to.equal(0);
      for (const line of lines) expect(out).to.include(line);
    }
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`ends both parts at ${signal}, and what their specs have started`, async () => {
      // The process of the spec ends with its group alone: it does not listen to its input, nor to signals.
      const hang = `const { spawn } = await import('node:child_process');
        const { writeFileSync } = await import('node:fs');
        const deaf = "for (const s of ['SIGINT', 'SIGTERM']) process.on(s, () => {}); console.log('up'); setInterval(() => {}, 1000)";
        const child = spawn(process.execPath, ['-e', deaf]);
        await new Promise((resolve) => child.stdout.once('data', resolve));
        writeFileSync('${folder.path}/' + process.pid + '.' + child.pid + '.pids', '');
        await new Promise(() => setInterval(() => {}, 1000));`;
      put('session/a', hang);
      put('wire/b', hang);
      const { end } = start('--timeout', '0');
      const pids = (): number[] =>
        readdirSync(folder.path)
          .filter((file) => file.endsWith('.pids'))
          .flatMap((file) => file.split('.').slice(0, 2).map(Number));
      await eventually(() => pids().length === 4, 'both to hang', LIMIT);
      const all = pids();
      child?.kill(signal);
      const { status, out } = await end;
      expect(status).to.equal(signal === 'SIGINT' ? 130 : 143);
      expect(out).to.match(/\n {2}Failed: 0 passing/);
      await eventually(() => !all.some(isAlive), 'all to be gone');
    });
  }
});
