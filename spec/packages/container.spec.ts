/** What the container images are made of: the recipe, the probe, and the script that starts Corosync. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { repositoryRoot } from '../support/recordings.js';
import { skip } from '../support/skip.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { eventually } from '../support/wait.js';

const LIMIT = 30_000;
const folder = join(repositoryRoot, 'docs/operate/container');
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');

describe('the container recipe', () => {
  const recipe = read('Containerfile');

  it('copies files that are there, or that package:debian makes', () => {
    const copied = Array.from(recipe.matchAll(/^COPY (\S+) /gm), ([, path]) => path as string);
    expect(copied).to.include('build/packages/ssp-toolkit_*.deb');
    const missing = copied.filter(
      (path) => !path.startsWith('build/') && !existsSync(join(repositoryRoot, path)),
    );
    expect(missing).to.deep.equal([]);
  });

  it('runs the daemon as a user with a fixed number, which Corosync admits', () => {
    const [, user] = /^USER (\d+)$/m.exec(recipe) ?? [];
    expect(recipe).to.include(`useradd --system --uid ${user} `);
    expect(read('start-corosync.sh')).to.include(`SSPD_UID=\${SSPD_UID:-${user}}`);
  });

  it('has a configuration and a probe that agree on the monitor', () => {
    const [, monitor = 'none'] = /MonitorAddress = "(.*)"/.exec(read('sspd.conf')) ?? [];
    expect(read('sspd-probe.mjs')).to.include(`?? '${monitor}'`);
  });
});

describe('sspd-probe', function () {
  this.timeout(2 * LIMIT);

  /** How it ends with each word, beside a monitor with that answer; null for none. */
  async function probe(answer: number | null): Promise<Readonly<Record<string, number | null>>> {
    const asked: string[] = [];
    const server = createServer(({ url = '' }, response) => {
      asked.push(url);
      response.writeHead(answer ?? 200).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
    if (answer === null) await close();
    const ends: Record<string, number | null> = {};
    for (const word of ['ready', 'live']) {
      const child = spawn(process.execPath, [join(folder, 'sspd-probe.mjs'), word], {
        env: { ...process.env, SSP_MONITOR: `127.0.0.1:${port}` },
        stdio: 'ignore',
      });
      const [status] = (await once(child, 'exit')) as [number | null];
      ends[word] = status;
    }
    if (answer !== null) await close();
    expect(asked).to.deep.equal(answer === null ? [] : ['/healthz', '/healthz']);
    return ends;
  }

  it('refuses another question', async () => {
    const child = spawn(process.execPath, [join(folder, 'sspd-probe.mjs'), 'well'], { stdio: 'ignore' });
    expect(await once(child, 'exit')).to.deep.equal([2, null]);
  });
  it('passes when the daemon is well', async () => {
    expect(await probe(200)).to.deep.equal({ ready: 0, live: 0 });
  });
  it('says that a daemon which drains lives, and is not ready', async () => {
    expect(await probe(503)).to.deep.equal({ ready: 1, live: 0 });
  });
  it('fails when something else answers', async () => {
    expect(await probe(404)).to.deep.equal({ ready: 1, live: 1 });
  });
  it('fails when nothing answers', async () => {
    expect(await probe(null)).to.deep.equal({ ready: 1, live: 1 });
  });
});

function nodesIn(configuration: string): string[] {
  const node = /node \{\s+nodeid: (\d+)\s+name: (\S+)\s+ring0_addr: (\S+)\s+\}/g;
  return Array.from(configuration.matchAll(node), ([, ...fields]) => fields.join(' '));
}

/** The script with programs of its own for what it asks and starts. */
class StartCorosync implements AsyncDisposable {
  private child: ChildProcess | null = null;
  status: number | null = null;
  isOver = false;

  private constructor(private readonly place: TemporaryDirectory) {}

  static async make(): Promise<StartCorosync> {
    const script = new StartCorosync(await TemporaryDirectory.make());
    const { place } = script;
    mkdirSync(place.file('bin'));
    script.program('hostname', 'echo one');
    script.program('getent', `grep -- " $2\\$" "${place.file('hosts')}"`);
    script.program(
      'corosync',
      `trap 'echo ended >> "${place.file('log')}"; exit 0' TERM; cp "$3" "${place.file('started')}"; while :; do sleep 0.05; done`,
    );
    script.program(
      'corosync-cfgtool',
      `[ "$*" = -R ] && { cat "$CONF"; echo =; } >> "${place.file('reloads')}"`,
    );
    writeFileSync(place.file('key'), 'key');
    script.hosts({});
    return script;
  }

  private program(name: string, text: string): void {
    writeFileSync(this.place.file(`bin/${name}`), `#!/bin/sh\n${text}\n`);
    chmodSync(this.place.file(`bin/${name}`), 0o755);
  }

  hosts(addresses: Readonly<Record<string, string>>): void {
    const lines = Object.entries(addresses).map(([name, address]) => `${address} STREAM ${name}\n`);
    writeFileSync(this.place.file('hosts.new'), lines.join(''));
    renameSync(this.place.file('hosts.new'), this.place.file('hosts'));
  }

  start(environment: NodeJS.ProcessEnv = {}): void {
    this.child = spawn('sh', [join(folder, 'start-corosync.sh')], {
      env: {
        PATH: `${this.place.file('bin')}:${process.env['PATH']}`,
        CONF: this.place.file('corosync.conf'),
        KEY: this.place.file('key'),
        INTERVAL: '0.05',
        NODES: 'one.sspd two.sspd three.sspd',
        ...environment,
      },
      stdio: 'ignore',
    });
    this.child.on('exit', (status) => {
      this.status = status;
      this.isOver = true;
    });
  }

  text(file: string): string {
    return existsSync(this.place.file(file)) ? readFileSync(this.place.file(file), 'utf8') : '';
  }

  /** The node list of a configuration, as `1 one 192.0.2.1`. */
  nodes(file: string): string[] {
    return nodesIn(this.text(file));
  }

  /** That of the configuration at each reload. */
  get reloads(): string[][] {
    return this.text('reloads').split('=\n').slice(0, -1).map(nodesIn);
  }

  stop(): void {
    this.child?.kill('SIGTERM');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    if (this.child !== null) await eventually(() => this.isOver, 'the end of the script', LIMIT);
    await this.place[Symbol.asyncDispose]();
  }
}

describe('start-corosync', function () {
  this.timeout(2 * LIMIT);

  before(function () {
    if (process.platform !== 'linux') skip(this, 'containers need Linux');
  });

  it('waits for an address of its own, and starts with those that are known', async () => {
    await using script = await StartCorosync.make();
    script.hosts({ 'two.sspd': '192.0.2.2' });
    script.start();
    await eventually(() => script.nodes('corosync.conf').length === 1, 'a first look', LIMIT);
    expect(script.text('started')).to.equal('');
    script.hosts({ 'one.sspd': '192.0.2.1', 'two.sspd': '192.0.2.2' });
    await eventually(() => script.nodes('started').length > 0, 'Corosync', LIMIT);
    expect(script.nodes('started')).to.deep.equal(['1 one 192.0.2.1', '2 two 192.0.2.2']);
    expect(script.text('started'))
      .to.match(/uidgid \{\n {2}uid: 4803\n\}/)
      .and.match(/crypto_cipher: aes256/);
  });

  it('adds nodes that get an address, and keeps those whose name cannot be looked up', async () => {
    await using script = await StartCorosync.make();
    script.hosts({ 'one.sspd': '192.0.2.1', 'two.sspd': '192.0.2.2' });
    script.start();
    await eventually(() => script.text('started') !== '', 'Corosync', LIMIT);
    script.hosts({ 'three.sspd': '192.0.2.3' });
    await eventually(() => script.reloads.length > 0, 'a reload', LIMIT);
    expect(script.reloads).to.deep.equal([['1 one 192.0.2.1', '2 two 192.0.2.2', '3 three 192.0.2.3']]);
  });

  it('removes a node before it has another address, since Corosync changes none', async () => {
    await using script = await StartCorosync.make();
    script.hosts({ 'one.sspd': '192.0.2.1', 'two.sspd': '192.0.2.2' });
    script.start();
    await eventually(() => script.text('started') !== '', 'Corosync', LIMIT);
    script.hosts({ 'one.sspd': '192.0.2.1', 'two.sspd': '192.0.2.9' });
    await eventually(() => script.reloads.length > 1, 'two reloads', LIMIT);
    expect(script.reloads).to.deep.equal([['1 one 192.0.2.1'], ['1 one 192.0.2.1', '2 two 192.0.2.9']]);
  });

  it('ends Corosync on SIGTERM, and itself after it', async () => {
    await using script = await StartCorosync.make();
    script.hosts({ 'one.sspd': '192.0.2.1' });
    script.start();
    await eventually(() => script.text('started') !== '', 'Corosync', LIMIT);
    script.stop();
    await eventually(() => script.isOver, 'its end', LIMIT);
    expect(script.text('log')).to.equal('ended\n');
    expect(script.status).to.equal(0);
  });

  it('refuses to start without nodes or a key', async () => {
    for (const environment of [{ NODES: '' }, { KEY: '/nowhere/key' }]) {
      await using script = await StartCorosync.make();
      script.start(environment);
      await eventually(() => script.isOver, 'its end', LIMIT);
      expect(script.status).to.be.within(1, 2);
      expect(script.text('started')).to.equal('');
    }
  });

  it('is read by the shell of Debian', () => {
    execFileSync('sh', ['-n', join(folder, 'start-corosync.sh')]);
  });
});
