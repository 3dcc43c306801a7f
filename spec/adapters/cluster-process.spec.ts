/** `ssp-toolkit/cluster-process` with real processes: a primary and its workers, and processes that share a daemon. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { connectHere, primaryDaemon } from '../../lib/adapters/cluster-process/index.js';
import { LockFile } from '../../lib/adapters/cluster-process/lock-file.js';
import { CouldNotConnectError, IllegalParamError } from '../../lib/errors.js';
import { failure } from '../support/failure.js';
import { Program } from '../support/program.js';
import { repositoryRoot } from '../support/recordings.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { eventually, until } from '../support/wait.js';

const uid = process.getuid?.() ?? 0;
const LIMIT = 60_000;
const start = (name: string, ...args: readonly string[]): Program =>
  Program.start('spec/adapters/programs/worker.js', [name, ...args]);

describe('the daemon of a primary', function () {
  // Processes are started, which takes long on a busy machine.
  this.timeout(LIMIT);
  afterEach(() => Program.endAll());

  it('is found in the environment, and gone with its directory', async () => {
    await using folder = await TemporaryDirectory.make();
    const daemon = await primaryDaemon({ dir: folder.path, name: 'here' });
    expect([process.env.SSP_ADDRESS, daemon.scope]).to.deep.equal([daemon.address, 'machine']);
    const socket = daemon.address.replace('unix:', '');
    expect(((await stat(dirname(socket))).mode & 0o777).toString(8)).to.equal('700');
    const connection = await connectHere({ name: 'ann' });
    expect([connection.id, connection.scope, connection.isHost]).to.deep.equal([
      '#ann#here',
      'machine',
      false,
    ]);
    expect((await failure(primaryDaemon())).message).to.include('has a primary daemon already');
    const closed = new Promise((resolve) => connection.once('close', resolve));
    await daemon.stop();
    expect(await closed).to.be.instanceOf(Error);
    expect([process.env.SSP_ADDRESS, await readdir(folder.path)]).to.deep.equal([undefined, []]);
    await (await primaryDaemon({ dir: folder.path })).stop();
  });

  it('leaves nothing behind where it cannot begin', async () => {
    await using folder = await TemporaryDirectory.make();
    const error = await failure(primaryDaemon({ dir: folder.path, name: 'a name that is far too long' }));
    expect([error.constructor, await readdir(folder.path)]).to.deep.equal([IllegalParamError, []]);
    expect((await failure(primaryDaemon({ dirs: '' } as never))).message).to.include('did you mean "dir"?');
  });

  it('serves four workers of node:cluster, which hear of its end', async () => {
    const primary = Program.start('spec/adapters/programs/primary.js', []);
    await primary.prints(/daemon unix:\/.* machine\n/, LIMIT);
    await primary.prints(/(?:worker \d+ sees 4\n[^]*){4}/, LIMIT);
    const [, socket = ''] = /daemon unix:(\S+)/.exec(primary.out) ?? [];
    primary.signal('SIGKILL');
    // The workers write to the same pipe, and end when their connection is lost.
    await primary.end(LIMIT);
    expect(primary.out.match(/worker \d+ closed lost/g)).to.have.length(4);
    await rm(dirname(socket), { recursive: true, force: true });
  });
});

describe('the daemon that processes share', function () {
  // Processes are started, which takes long on a busy machine.
  this.timeout(LIMIT);
  afterEach(() => Program.endAll());

  it('is run by the first of them, and by another one when that is killed', async () => {
    await using folder = await TemporaryDirectory.make();
    const all = ['a', 'b', 'c', 'd'].map((name) => start(name, 'shop', folder.path));
    await Promise.all(all.map((program) => program.prints(/members 4\n/, LIMIT)));
    const isHost = (program: Program): boolean => /ready host machine/.test(program.out);
    expect(all.filter(isHost)).to.have.length(1);
    const host = all.find(isHost) as Program;
    const rest = all.filter((program) => program !== host);
    host.signal('SIGKILL');
    await host.end();
    await Promise.all(rest.map((program) => program.prints(/back (?:host|guest)\n/, LIMIT)));
    await until(() => rest.filter(({ out }) => out.includes('back host')).length === 1, 'one host');
    // All three are in one group again, of one daemon, and have one leader.
    await Promise.all(rest.map((program) => program.prints(/back[^]*members 3\n/, LIMIT)));
    for (const { out } of rest) expect(out.match(/gap \S+/g)).to.deep.equal(['gap forgotten']);
    rest[0]?.write('hello\n');
    await Promise.all(rest.map((program) => program.prints(/got hello\n/, LIMIT)));
    const leaders = (): Set<string | undefined> =>
      new Set(rest.map(({ out }) => out.match(/leader \S+/g)?.at(-1)));
    await until(() => leaders().size === 1, 'one leader', LIMIT);
  });

  it('is handed on when the connection of its host is closed', async () => {
    await using folder = await TemporaryDirectory.make();
    const first = start('a', 'shop', folder.path);
    await first.prints(/ready host/, LIMIT);
    const second = start('b', 'shop', folder.path);
    await second.prints(/ready guest/, LIMIT);
    const { status, out } = await first.write('end\n').end(LIMIT);
    expect([status, /a closed closed here/.test(out)]).to.deep.equal([0, true]);
    await second.prints(/back host\n/, LIMIT);
    expect((await second.write('end\n').end(LIMIT)).status).to.equal(0);
    expect(existsSync(folder.file(`ssp-${uid}/shop/sspd.sock`)), 'the socket').to.equal(false);
  });

  it('is another one for another application, and for one process with two connections the same', async () => {
    await using folder = await TemporaryDirectory.make();
    const options = (app: string): Parameters<typeof connectHere>[0] => ({ app, dir: folder.path });
    const [a, b, other] = [
      await connectHere(options('shop')),
      await connectHere(options('shop')),
      await connectHere(options('bank')),
    ];
    expect([a.isHost, b.isHost, other.isHost]).to.deep.equal([true, true, true]);
    await a.join('g');
    await other.join('g');
    expect((await b.join('g')).members).to.have.length(2);
    await a.close();
    expect([b.open, b.isHost]).to.deep.equal([true, true]);
    await b.close();
    await other.close();
    await eventually(() => !existsSync(folder.file(`ssp-${uid}/shop/sspd.sock`)), 'the end of the daemon');
  });

  it('takes the place of a process that was killed with the lock', async () => {
    await using folder = await TemporaryDirectory.make();
    const killed = start('a', 'shop', folder.path);
    await killed.prints(/ready host/, LIMIT);
    const [, pid] = /^(\d+)/.exec(String((killed as unknown as { child: { pid: number } }).child.pid)) ?? [];
    killed.signal('SIGKILL');
    await killed.end();
    await writeFile(folder.file(`ssp-${uid}/shop/lock`), `${pid}-0000000000000000`);
    const connection = await connectHere({ app: 'shop', dir: folder.path });
    expect(connection.isHost).to.equal(true);
    await connection.close();
    await eventually(() => !existsSync(folder.file(`ssp-${uid}/shop/sspd.sock`)), 'the end of the daemon');
  });

  it('is refused in a directory that others may enter, or that is not one', async () => {
    await using folder = await TemporaryDirectory.make();
    const own = folder.file(`ssp-${uid}`);
    await mkdir(own);
    await chmod(own, 0o755);
    const error = await failure(connectHere({ app: 'shop', dir: folder.path }));
    expect(error).to.be.instanceOf(CouldNotConnectError);
    expect(error.message).to.include('must be a directory that only its owner');
    await using link = await TemporaryDirectory.make();
    await symlink(folder.path, link.file(`ssp-${uid}`));
    expect(await failure(connectHere({ app: 'shop', dir: link.path }))).to.be.instanceOf(
      CouldNotConnectError,
    );
  });

  it('needs the name of the application, which is one word', async () => {
    expect((await failure(connectHere())).message).to.include('expected the option app, or SSP_ADDRESS');
    for (const app of ['', '../x', '.x', 'a b', 'x'.repeat(32)])
      expect((await failure(connectHere({ app }))).message, app).to.include('must be 1 to 31 letters');
    expect((await failure(connectHere({ apps: 'x' } as never))).message).to.include('app');
  });
});

describe('the guide to cluster-process', () => {
  it('shows the example as it is, and what it prints', async () => {
    const path = join(repositoryRoot, 'docs/examples/hosts/cluster-process.mjs');
    const page = readFileSync(join(repositoryRoot, 'docs/guide/cluster-process.md'), 'utf8');
    expect(page).to.include('```js\n' + readFileSync(path, 'utf8') + '```');
    const { SSP_ADDRESS: _, ...env } = process.env;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [path], { env });
    expect(stderr).to.equal('');
    const lines = stdout.trimEnd().split('\n').toSorted();
    expect(page).to.include('```\n' + lines.join('\n') + '\n```');
  });
});

describe('a lock file', () => {
  it('is had by one at a time, and by the next when it is given back', async () => {
    await using folder = await TemporaryDirectory.make();
    const path = folder.file('lock');
    const [a, b] = [new LockFile(path), new LockFile(path)];
    const [one, two] = await Promise.all([a.take(), b.take()]);
    expect([one, two].filter((each) => each !== null)).to.have.length(1);
    await (one ?? two)?.();
    const again = await b.take();
    expect(again).not.to.equal(null);
    await again?.();
    expect(await readdir(folder.path)).to.deep.equal([]);
  });

  it('is taken away by one of many from a process that has ended', async () => {
    await using folder = await TemporaryDirectory.make();
    const path = folder.file('lock');
    await writeFile(path, '999999999-dead');
    const taken = await Promise.all(Array.from({ length: 20 }, () => new LockFile(path).take()));
    const own = taken.filter((each) => each !== null);
    expect(own).to.have.length.within(0, 1);
    await own[0]?.();
    const next = await new LockFile(path).take();
    expect(next).not.to.equal(null);
    await next?.();
    expect(await readdir(folder.path)).to.deep.equal([]);
  });
});
