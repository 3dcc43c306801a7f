/** `npm start` where something is missing: one line that says what to do, or it works. */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { repositoryRoot } from '../support/recordings.js';
import { TemporaryDirectory } from '../support/temporary.js';

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** A preload that lets Node say something else of itself. */
const pretend = (property: string, value: string): string[] => [
  '--import',
  `data:text/javascript,Object.defineProperty(process, ${JSON.stringify(property)}, { value: ${value} })`,
];
const OLD = pretend('versions', '{ ...process.versions, node: "18.20.8" }');
const WINDOWS = pretend('platform', '"win32"');

describe('npm start', function () {
  this.timeout(30_000);

  let folder: TemporaryDirectory;
  beforeEach(async () => {
    folder = await TemporaryDirectory.make();
    const scripts = ['start.mjs', 'setup.mjs', 'install.mjs', 'node-version.mjs', 'free-port.mjs'];
    for (const file of scripts) put(`scripts/${file}`);
    for (const file of ['package.json', 'package-lock.json']) put(file);
  });
  afterEach(async () => await folder[Symbol.asyncDispose]());

  const put = (file: string): void => {
    mkdirSync(dirname(folder.file(file)), { recursive: true });
    copyFileSync(join(repositoryRoot, file), folder.file(file));
  };

  const write = (file: string, text: string): string => {
    mkdirSync(dirname(folder.file(file)), { recursive: true });
    writeFileSync(folder.file(file), text);
    chmodSync(folder.file(file), 0o755);
    return folder.file(file);
  };

  /** A compiler that makes what the real one would, and a daemon that greets and ends. */
  const installCompiler = (): void => {
    const root = JSON.stringify(folder.path);
    write(
      'node_modules/typescript/bin/tsc',
      `const { mkdirSync, writeFileSync } = require('fs');
       for (const folder of ['lib/cli', 'daemon/cli', 'daemon/monitor/console', 'spec', 'scripts', 'docs/examples']) mkdirSync(${root} + '/build/' + folder, { recursive: true });
       writeFileSync(${root} + '/build/lib/cli/bin.js', '');
       for (const file of ['bin', 'main']) writeFileSync(${root} + '/build/daemon/cli/' + file + '.js', 'console.log("sspd listens on 127.0.0.1:7\\\\n" + process.argv.slice(2))');
       writeFileSync(${root} + '/build/docs/examples/map.js', 'map();\\n//# sourceMappingURL=map.js.map\\n');
       console.log('compiled');`,
    );
    for (const source of [
      'lib/cli/bin.ts',
      'daemon/cli/bin.ts',
      'daemon/cli/main.ts',
      'daemon/monitor/console/app.css',
      'docs/examples/map.ts',
    ])
      write(source, '');
  };

  function run(
    options: readonly string[],
    script: string,
    environment: NodeJS.ProcessEnv = {},
    args: readonly string[] = [],
  ): Ended {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...options, folder.file(`scripts/${script}`), ...args],
      {
        cwd: folder.path,
        encoding: 'utf8',
        env: { PATH: '/nowhere', ...environment },
      },
    );
    return { status, out: stdout, err: stderr };
  }

  it('says that Node is too old, as do the programs, before anything fails', () => {
    const line = 'expected Node 20.19 or newer, got 18.20.8: get one from https://nodejs.org\n';
    for (const script of ['start.mjs', 'setup.mjs']) {
      expect(run(OLD, script)).to.deep.equal({ status: 1, out: '', err: line });
    }
    for (const program of ['build/daemon/cli/bin.js', 'build/lib/cli/bin.js']) {
      const { status, stderr } = spawnSync(process.execPath, [...OLD, join(repositoryRoot, program)]);
      expect([status, String(stderr)]).to.deep.equal([1, line]);
    }
  });

  it('names the version of Node that package.json asks for', () => {
    const { engines } = JSON.parse(readFileSync(folder.file('package.json'), 'utf8')) as {
      engines: { node: string };
    };
    const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(engines.node) ?? [];
    for (const file of ['scripts/node-version.mjs', 'lib/node-version.ts']) {
      expect(readFileSync(join(repositoryRoot, file), 'utf8')).to.include(`NEEDED = [${major}, ${minor}]`);
    }
  });

  it('without npm says where it is to be had', () => {
    const { status, out, err } = run([], 'start.mjs');
    expect([status, out]).to.deep.equal([1, '']);
    expect(err).to.match(/^npm is not found: it comes with Node \(https:\/\/nodejs\.org\)[^\n]*\n$/);
  });

  it('without npm works with the dependencies that are here, and says when it builds', () => {
    installCompiler();
    const { status, out, err } = run([], 'start.mjs', {}, ['--monitor', '127.0.0.1:9']);
    expect([status, err]).to.deep.equal([
      0,
      'npm is not found: building with the dependencies that are here\nBuilding ...\n',
    ]);
    expect(out).to.match(
      /^compiled\nsspd listens on 127\.0\.0\.1:7\n[^]*npx ssp join room --address 7@localhost/,
    );
  });

  it('says where the console is, and leaves a monitor of its own to the user', () => {
    installCompiler();
    for (const [args, place] of [
      [['--monitor', '127.0.0.1:9'], '127.0.0.1:9'],
      [['--monitor=[::1]:9', '--port', '7'], '[::1]:9'],
      [['--monitor', '127.0.0.1:0'], null],
      [['--monitor', '/run/monitor'], null],
      [['-c', 'spread.conf'], null],
    ] as const) {
      const { out } = run([], 'start.mjs', {}, args);
      if (place === null) expect(out).not.to.include('/console');
      else expect(out).to.include(`\nLook at it, in a browser:\n  http://${place}/console\n`);
      // The daemon is given no other one.
      expect(out).to.include(`\n${args.join()}\n`);
    }
  });

  it('finds the next free port for the monitor', async () => {
    const { freePort } = (await import(
      pathToFileURL(join(repositoryRoot, 'scripts/free-port.mjs')).href
    )) as {
      readonly freePort: (first: number) => Promise<number | null>;
    };
    const server = createServer();
    server.listen({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await freePort(port)).to.be.within(port + 1, port + 99);
    server.close();
    await once(server, 'close');
    expect(await freePort(port)).to.equal(port);
  });

  it('puts compiled examples beside their sources, and takes away those whose source is gone', () => {
    installCompiler();
    write('docs/examples/gone.js', '');
    write('build/docs/examples/gone.js', '');
    run([], 'setup.mjs');
    expect(readdirSync(folder.file('docs/examples')).toSorted()).to.deep.equal(['map.js', 'map.ts']);
    expect(readFileSync(folder.file('docs/examples/map.js'), 'utf8')).to.equal('map();\n');
  });

  it('leaves dependencies alone that another package manager has installed', () => {
    installCompiler();
    write('node_modules/.modules.yaml', '');
    const { status, err } = run([], 'setup.mjs');
    expect([status, err]).to.deep.equal([0, 'Building ...\n']);
  });

  it('on Windows starts npm.cmd by a shell, which Node needs for it', () => {
    installCompiler();
    write('tools/npm.cmd', '');
    const comspec = write('tools/shell', '#!/bin/sh\nPATH=/bin:/usr/bin\necho "$@" > shell.txt\n');
    const { status, err } = run(WINDOWS, 'setup.mjs', { PATH: folder.file('tools'), comspec });
    expect([status, err]).to.deep.equal([0, 'Installing dependencies ...\nBuilding ...\n']);
    expect(readFileSync(folder.file('shell.txt'), 'utf8')).to.match(
      /npm\.cmd install --no-save --no-audit --no-fund/,
    );
  });

  it('ends with the status of an npm that fails', () => {
    const npm = write('tools/npm', '#!/bin/sh\necho "no network" >&2\nexit 7\n');
    const { status, err } = run([], 'start.mjs', { PATH: `${dirname(npm)}:/bin:/usr/bin` });
    expect([status, err]).to.deep.equal([7, 'Installing dependencies ...\nno network\n']);
  });
});
