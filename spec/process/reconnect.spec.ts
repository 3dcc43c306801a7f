/** Connections that come back, with daemons as processes that are killed and start again. */
import { Buffer } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { Connection } from '../../lib/client/connection.js';
import { connect } from '../../lib/client/connect.js';
import { NotSupportedError } from '../../lib/client/resume/errors.js';
import type { ResumedEvent } from '../../lib/client/resume/events.js';
import { word } from '../client/support.js';
import { RecordedDaemon } from '../conformance/recorded-daemon.js';
import { failure } from '../support/failure.js';
import { Program } from '../support/program.js';
import { streamOf, traceOf } from '../support/recordings.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { eventually } from '../support/wait.js';
import { freePort, Sspd } from './sspd.js';

const LIMIT = 15_000;
const MAIN = 'lib/cli/main.js';

describe('reconnecting to daemons of their own', function () {
  this.timeout(40_000);

  let folder: TemporaryDirectory;
  const open: AsyncDisposable[] = [];
  beforeEach(async () => {
    folder = await TemporaryDirectory.make();
  });
  afterEach(async () => {
    await Program.endAll();
    for (const each of open.splice(0)) await each[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  async function start(name: string, port: number, more = ''): Promise<Sspd> {
    const file = folder.file(`${name}.conf`);
    await writeFile(
      file,
      `Spread_Segment 127.0.0.255:${port} { ${name} 127.0.0.1 }\nUnixSocketDir = "${folder.path}"\n${more}`,
    );
    const sspd = new Sspd(['-c', file, '-n', name]);
    open.unshift(sspd);
    await sspd.greeting();
    return sspd;
  }

  const comesBack = (connection: Connection): Promise<ResumedEvent> =>
    new Promise((resolve) => void connection.once('resumed', resolve));

  it('prints with ssp join what happens when the first of two daemons is killed', async () => {
    const ports = [await freePort(), await freePort()];
    const [one] = [await start('one', ports[0] ?? 0), await start('two', ports[1] ?? 0)];
    const [first, second] = ports.map((port) => `${port}@127.0.0.1`);
    const ssp = Program.start(MAIN, ['join', 'room', '--name', 'anna', '--address', `${first},${second}`]);
    await ssp.prints(/1 member: #anna#one/);
    one.child.kill('SIGKILL');
    await ssp.prints(/1 member: #anna#two/);
    expect(ssp.out).to.match(/\n-- reconnecting\n-- back at \d+@127\.0\.0\.1 after \d+ ms, with 1 gap\n/);
    expect(ssp.out).to.include(`-- back at ${second} after `);
    expect(ssp.out).to.include('\n-- gap: forgotten, messages may be missing in room\n');
    const { status } = await ssp.signal('SIGTERM').end();
    expect(status).to.equal(0);
  });

  it('sends with ssp send to the first of several daemons that accepts', async () => {
    const [port, nowhere] = [await freePort(), await freePort()];
    await start('one', port);
    const address = `${port}@127.0.0.1`;
    await using connection = await connect({ address });
    const room = await connection.join('room');
    const heard: string[] = [];
    room.on('data', ({ text }) => heard.push(text));
    const ssp = Program.start(MAIN, [
      'send',
      'room',
      'hello',
      '--address',
      `${nowhere}@127.0.0.1,${address}`,
    ]);
    expect((await ssp.end()).status).to.equal(0);
    await eventually(() => heard.length === 1, 'the message', LIMIT);
  });

  it('comes back to the only daemon when it starts again, with its name and groups', async () => {
    const port = await freePort();
    const first = await start('one', port);
    await using connection = await connect({ address: `${port}@127.0.0.1`, name: 'ann', resume: true });
    const room = await connection.join('room');
    const kinds: string[] = [];
    room.on('event', ({ kind }) => kinds.push(kind));
    const back = comesBack(connection);
    first.child.kill('SIGKILL');
    await first.ended();
    expect(room.isMember).to.equal(false);
    void connection.send('room', 'while it was away');
    await start('one', port);
    expect(await back).to.deep.include({ moved: null, gaps: 1 });
    await eventually(() => kinds.length === 4, 'gap, view and message', LIMIT);
    expect(kinds).to.deep.equal(['view', 'gap', 'view', 'data']);
    expect(room.members).to.deep.equal(['#ann#one']);
  });

  it('goes to a daemon of Spread with the bytes of any client, and has a gap there', async () => {
    const trace = traceOf('join-self', 'alice');
    const spread = await RecordedDaemon.start(trace, '');
    open.unshift({ [Symbol.asyncDispose]: () => spread.stop() });
    const port = await freePort();
    const one = await start('one', port);
    const addresses = [`${port}@127.0.0.1`, `${spread.port}@127.0.0.1`];
    await using connection = await connect({ addresses, name: 'alice' });
    const foo = await connection.join('foo');
    const words: string[] = [];
    foo.on('event', (event) => words.push(word(event)));
    one.child.kill('SIGKILL');
    await eventually(() => words.length === 3, 'gap and view', LIMIT);
    expect(words).to.deep.equal(['join alice +alice', 'gap plain', 'join alice +alice']);
    expect(connection.id).to.equal('#alice#dmn1');
    const { received } = spread;
    const recorded = Buffer.from(streamOf(trace, 'c2d').subarray(0, received.length));
    // In the options of the first frame one bit offers the extension.
    recorded[3] = (recorded[3] ?? 0) | 0x02;
    expect(received.equals(recorded)).to.equal(true);
    expect(await failure(connection.send('foo', 'x', { confirm: true }))).to.be.instanceOf(NotSupportedError);
  });

  it('has a gap at a daemon without the extension, as those of earlier releases', async () => {
    const ports = [await freePort(), await freePort()];
    const one = await start('one', ports[0] ?? 0);
    await start('old', ports[1] ?? 0, 'ClientExtension = no\n');
    const addresses = ports.map((port) => `${port}@127.0.0.1`);
    await using connection = await connect({ addresses, name: 'ann' });
    const room = await connection.join('room');
    const words: string[] = [];
    room.on('event', (event) => words.push(word(event)));
    one.child.kill('SIGKILL');
    await eventually(() => words.length === 3, 'gap and view', LIMIT);
    expect(words).to.deep.equal(['join ann +ann', 'gap plain', 'join ann +ann']);
    expect(connection.id).to.equal('#ann#old');
    expect(await failure(connection.send('room', 'x', { confirm: true }))).to.be.instanceOf(
      NotSupportedError,
    );
  });

  it('moves when its daemon hangs, after 2.5 heartbeats', async () => {
    const ports = [await freePort(), await freePort()];
    const one = await start('one', ports[0] ?? 0);
    await start('two', ports[1] ?? 0);
    const addresses = ports.map((port) => `${port}@127.0.0.1`);
    await using connection = await connect({ addresses, name: 'ann', resume: { heartbeatMs: 200 } });
    expect(connection.id).to.equal('#ann#one');
    const back = comesBack(connection);
    one.child.kill('SIGSTOP');
    expect((await back).moved).to.deep.equal({ from: '#ann#one', to: '#ann#two' });
  });
});
