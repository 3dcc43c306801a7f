/** `ssp lead`: who runs its command, and when. */
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { createDaemon, type Daemon } from '../../daemon/index.js';
import { connect } from '../../lib/client/connect.js';
import { election } from '../../lib/recipes/index.js';
import { Program } from '../support/program.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { lateToEnd, STAYING, TALKING, tokensOf } from './held-command.js';
import { Sspd } from './sspd.js';

describe('process: ssp lead', () => {
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

  const ssp = (...args: readonly string[]): Program =>
    Program.start('lib/cli/main.js', args, { SSP_ADDRESS: address });
  const times = (word: string, n: number): RegExp => new RegExp(`(?:^${word}\\b[^]*?){${n}}`, 'm');

  it('ends with the status of the command', async () => {
    const { status, out } = await ssp('lead', 'jobs', '--', 'sh', '-c', 'echo $SSP_GROUP; exit 3').end();
    expect([status, out]).to.deep.equal([3, 'jobs\n']);
  });

  it('starts the command of another one when one is killed, and ends that of the killed one', async () => {
    // One that reads would see the end of its input, too, which comes from this process.
    const first = ssp('lead', 'jobs', '--', ...STAYING);
    await first.prints(/begun/);
    const second = ssp('lead', 'jobs', '--json', '--', ...TALKING);
    // The second one is in the group: the change has interrupted the first one.
    await first.prints(times('begun', 2));
    await second.prints(/waiting/);
    expect(second.err).to.equal('');
    const killed = await first.signal('SIGKILL').end();
    expect(killed.out).to.match(/\nterm\n$/);
    await second.prints(/"kind":"leading"/);
    const { status, out, err } = await second.eof().end();
    expect(status).to.equal(0);
    const [token] = tokensOf(err);
    expect(token).to.be.above(tokensOf(killed.out).at(-1) as number);
    expect(out).to.include(`"kind":"ended"`).and.to.include(`"token":${token}`);
  });

  it('ends the command when the members change, and starts it again with a higher token', async () => {
    const program = ssp('lead', 'jobs', '--', ...TALKING);
    await program.prints(/begun/);
    await using connection = await connect({ address });
    await election(connection, 'jobs', { prefer: 'oldest' });
    await program.prints(times('begun', 2));
    const { status, out } = await program.eof().end();
    expect(status).to.equal(0);
    expect(out).to.match(/^begun .*\nterm\nbegun .*\ndone\n$/);
    const [first = 0, second] = tokensOf(out);
    expect(second).to.be.above(first);
  });

  it('ends with --once when it leads no more', async () => {
    const program = ssp('lead', 'jobs', '--once', '--', ...TALKING);
    await program.prints(/begun/);
    await using connection = await connect({ address });
    await connection.join('jobs').then((group) => group.on('event', () => undefined));
    const { status, out, err } = await program.end();
    expect([status, err]).to.deep.equal([122, 'ssp: the lead is lost: the members of the group change\n']);
    expect(out).to.match(/^begun .*\nterm\n$/);
  });

  it('leads until the command has ended when it is asked to end', async () => {
    await using directory = await TemporaryDirectory.make();
    const log = directory.file('log');
    const command = (name: string): string[] => lateToEnd(name, log);
    const first = ssp('lead', 'jobs', '--', ...command('first'));
    await first.prints(/begun/);
    const second = ssp('lead', 'jobs', '--', ...command('second'));
    await first.prints(times('begun', 2));
    expect((await first.signal('SIGTERM').end()).status).to.equal(0);
    await second.prints(/begun/);
    await second.signal('SIGTERM').end();
    const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
    expect(lines.slice(-4)).to.deep.equal(['first begins', 'first ends', 'second begins', 'second ends']);
  });

  it('ends the command with SIGTERM when the daemon is killed, and says so with its status', async () => {
    await using sspd = new Sspd(['--port', '0', '--unix-dir', '', '--name', 'other']);
    const other = `${await sspd.port()}@127.0.0.1`;
    const program = ssp('lead', 'jobs', '--address', other, '--', ...TALKING);
    await program.prints(/begun/);
    sspd.child.kill('SIGKILL');
    const { status, out, err } = await program.end();
    expect([status, err]).to.deep.equal([122, 'ssp: the lead is lost: the connection to the daemon broke\n']);
    expect(out).to.match(/\nterm\n$/);
  });

  it('leads again at another daemon of several', async () => {
    const other = await createDaemon({ name: 'two', listen: [{ host: '127.0.0.1', port: 0 }] });
    const both = [daemon, other];
    const addresses = both.map(({ port }) => `${port}@127.0.0.1`).join(',');
    const program = ssp('lead', 'jobs', '--address', addresses, '--', ...TALKING);
    await program.prints(/begun/);
    const used = both.find((each) => each.sessions > 0);
    await used?.stop();
    await program.prints(times('begun', 2));
    const { status, out } = await program.eof().end();
    expect([status, tokensOf(out).length]).to.deep.equal([0, 2]);
    await other.stop();
  });

  it('gives up with --timeout where it does not lead', async () => {
    await using connection = await connect({ address, name: 'anna' });
    const it = await election(connection, 'jobs', { prefer: 'oldest' });
    await it.waitFor();
    const { status, out, err } = await ssp('lead', 'jobs', '--timeout', '300ms', '--', 'echo', 'ran').end();
    expect([status, out, err]).to.deep.equal([
      124,
      '',
      'ssp: this process did not lead jobs within 0.30 s\n',
    ]);
  });

  it('waits for a quorum, and ends at a signal meanwhile', async () => {
    const program = ssp('lead', 'jobs', '--quorum', '2', '--json', '--', 'echo', 'ran');
    await program.prints(/waiting/);
    const { status, err } = await program.signal('SIGTERM').end();
    expect([status, err]).to.deep.equal([143, '']);
  });

  it('says that a command is not there', async () => {
    const { status, err } = await ssp('lead', 'jobs', '--', 'no-such-command').end();
    expect([status, err]).to.deep.equal([127, 'ssp: cannot run "no-such-command": not found\n']);
  });
});
