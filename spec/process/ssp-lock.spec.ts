/** `ssp lock`: what becomes of the command, of the lock, and of the status. */
import { expect } from 'chai';
import { createDaemon, type Daemon } from '../../daemon/index.js';
import { connect } from '../../lib/client/connect.js';
import { type HeldLock, lock } from '../../lib/recipes/index.js';
import { Program } from '../support/program.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { eventually } from '../support/wait.js';
import { DEAF, FAMILY, STAYING, TALKING, tokensOf } from './held-command.js';
import { Sspd } from './sspd.js';

const MAIN = 'lib/cli/main.js';
const NOWHERE = '1@127.0.0.1';

describe('process: ssp lock', () => {
  let daemon: Daemon;
  let address: string;

  beforeEach(async () => {
    daemon = await createDaemon({ name: 'one', listen: [{ host: '127.0.0.1', port: 0 }] });
    address = `${daemon.port}@127.0.0.1`;
  });
  afterEach(async () => {
    await Program.endAll();
    await daemon.stop();
  });

  const ssp = (...args: readonly string[]): Program => Program.start(MAIN, args, { SSP_ADDRESS: address });

  /** The lock of the group, held by this process. */
  async function holder(group: string): Promise<{ held: HeldLock; free: () => Promise<void> }> {
    const connection = await connect({ address });
    const it = await lock(connection, group);
    const held = await it.acquire();
    return { held, free: () => connection.close() };
  }

  it('runs the command with the group and a token, and ends with its status', async () => {
    const { status, out, err } = await ssp(
      'lock',
      'backup',
      '--',
      'sh',
      '-c',
      'echo $SSP_GROUP; exit 3',
    ).end();
    expect([status, out, err]).to.deep.equal([3, 'backup\n', '']);
  });

  it('gives the command its input, and the arguments as they are', async () => {
    const program = ssp('lock', 'backup', '--', 'sh', '-c', 'echo "$1"; cat', 'sh', '--json -x');
    expect(await program.write('a line\n').eof().end()).to.deep.equal({
      status: 0,
      out: '--json -x\na line\n',
      err: '',
    });
  });

  it('waits for the one who has the lock, and gets a higher token', async () => {
    const first = ssp('lock', 'backup', '--', ...TALKING);
    await first.prints(/begun backup \d+\n/);
    const second = ssp('lock', 'backup', '--', ...TALKING).eof();
    await eventually(() => daemon.sessions === 2, 'the second one');
    expect(second.out).to.equal('');
    const { status, out } = await first.eof().end();
    const next = await second.end();
    expect([status, next.status]).to.deep.equal([0, 0]);
    expect(tokensOf(next.out)[0]).to.be.above(tokensOf(out)[0] as number);
  });

  for (const [signal, word, expected] of [
    ['SIGINT', 'int', 5],
    ['SIGTERM', 'term', 7],
  ] as const) {
    it(`passes ${signal} to the command, and frees the lock when that has ended`, async () => {
      const program = ssp('lock', 'backup', '--', ...TALKING);
      await program.prints(/begun/);
      const { status, out, err } = await program.signal(signal).end();
      expect([status, err]).to.deep.equal([expected, '']);
      expect(out).to.match(new RegExp(`\n${word}\n$`));
      expect((await ssp('lock', 'backup', '--', 'true').end()).status).to.equal(0);
    });
  }

  it('ends a command that does not end with SIGKILL', async () => {
    const program = ssp('lock', 'backup', '--grace', '50ms', '--', ...DEAF);
    await program.prints(/begun/);
    expect((await program.signal('SIGTERM').end()).status).to.equal(137);
  });

  it('waits for what the command has started', async () => {
    const program = ssp('lock', 'backup', '--', ...FAMILY);
    await program.prints(/begun/);
    const { status, out } = await program.signal('SIGTERM').end();
    expect([status, out]).to.deep.equal([7, 'begun\nchild ends\n']);
  });

  it('ends the command when ssp itself is killed', async () => {
    // One that reads would see the end of its input, too, which comes from this process.
    const program = ssp('lock', 'backup', '--', ...STAYING);
    await program.prints(/begun/);
    // Its output is open for as long as the command lives.
    const { status, out } = await program.signal('SIGKILL').end();
    expect(status).to.equal(null);
    expect(out).to.match(/\nterm\n$/);
  });

  it('ends the command with SIGTERM when the daemon is killed, and says so with its status', async () => {
    await using sspd = new Sspd(['--port', '0', '--unix-dir', '', '--name', 'other']);
    const other = `${await sspd.port()}@127.0.0.1`;
    const program = ssp('lock', 'backup', '--address', other, '--', ...TALKING);
    await program.prints(/begun/);
    sspd.child.kill('SIGKILL');
    const { status, out, err } = await program.end();
    expect([status, err]).to.deep.equal([122, 'ssp: the lock is lost: the connection to the daemon broke\n']);
    expect(out).to.match(/\nterm\n$/);
  });

  it('takes the lock at another daemon when the first one goes while it waits', async () => {
    const other = await createDaemon({ name: 'two', listen: [{ host: '127.0.0.1', port: 0 }] });
    const { free } = await holder('backup');
    const program = ssp('lock', 'backup', '-a', `${address},${other.port}@127.0.0.1`, '--', ...TALKING).eof();
    await eventually(() => daemon.sessions + other.sessions === 2, 'the connection of the command');
    // Whichever daemon it has found first, the second one has to do.
    if (daemon.sessions === 2) await daemon.stop();
    const { status, out, err } = await program.end();
    expect([status, err]).to.deep.equal([0, '']);
    expect(tokensOf(out)).to.have.length(1);
    await free();
    await other.stop();
  });

  it('gives up with --timeout, and at a signal, without having run the command', async () => {
    const { free } = await holder('backup');
    const late = await ssp('lock', 'backup', '--timeout', '300ms', '--', 'echo', 'ran').end();
    expect(late).to.deep.equal({
      status: 124,
      out: '',
      err: 'ssp: the lock backup was not acquired within 0.30 s\n',
    });
    const program = ssp('lock', 'backup', '--json', '--', 'echo', 'ran');
    await program.prints(/waiting/);
    const { status, err } = await program.signal('SIGINT').end();
    expect([status, err]).to.deep.equal([130, '']);
    await free();
  });

  it('says that there is no daemon', async () => {
    const { status, out, err } = await Program.start(MAIN, ['lock', 'a', '-a', NOWHERE, '--', 'echo']).end();
    expect([status, out]).to.deep.equal([121, '']);
    expect(err).to.match(/^ssp: no daemon answers at 1@127\.0\.0\.1/);
  });

  it('has a status of its own for other failures', async () => {
    await using connection = await connect({ address, name: 'anna' });
    const { status, err } = await ssp('lock', 'a', '--name', 'anna', '--', 'echo').end();
    expect([status, connection.open]).to.deep.equal([125, true]);
    expect(err).to.include('the name "anna" is in use');
  });

  it('says that a command is not there, and frees the lock', async () => {
    const { status, err } = await ssp('lock', 'a', '--', 'no-such-command').end();
    expect([status, err]).to.deep.equal([127, 'ssp: cannot run "no-such-command": not found\n']);
    expect((await ssp('lock', 'a', '--', 'true').end()).status).to.equal(0);
  });

  it('says that a command cannot be run', async () => {
    await using directory = await TemporaryDirectory.make();
    for (const command of [directory.path, '']) {
      const { status, err } = await ssp('lock', 'a', '--', command).end();
      expect(status).to.equal(126);
      expect(err).to.match(/^ssp: cannot run ".*": [^\n]+\n$/);
    }
  });

  it('reports its steps in JSON, and moves what the command prints away from them', async () => {
    const { status, out, err } = await ssp(
      'lock',
      'backup',
      '--json',
      '--',
      'sh',
      '-c',
      'echo hello; exit 4',
    ).end();
    const steps = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect([status, err]).to.deep.equal([4, 'hello\n']);
    expect(steps.map(({ kind }) => kind)).to.deep.equal(['waiting', 'acquired', 'ended']);
    expect(steps[2]).to.include({ group: 'backup', status: 4, token: steps[1]?.['token'] });
    expect(steps[1]?.['token']).to.be.above(0);
  });
});
