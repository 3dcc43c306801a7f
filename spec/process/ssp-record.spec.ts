/** `ssp record` and `ssp replay`: what a group was told, kept in a file and told again. */
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { type Cluster, cluster } from '../../daemon/testing/index.js';
import type { Connection } from '../../lib/client/connection.js';
import type { DataEvent } from '../../lib/client/event.js';
import { Program } from '../support/program.js';
import { TemporaryDirectory } from '../support/temporary.js';

const MAIN = 'lib/cli/main.js';

/** The head of the message to the recorder alone: its sender, three words, and its only destination. */
const TO_RECORDER = /#ann#d1\0{25}[^]{12}#rec#d1\0{25}/;

describe('process: ssp record and replay', () => {
  let c: Cluster;
  let folder: TemporaryDirectory;
  let path: string;

  beforeEach(async () => {
    c = await cluster(2, { tcp: true });
    folder = await TemporaryDirectory.make();
    path = folder.file('room.ssplog');
  });

  afterEach(async () => {
    await Program.endAll();
    await c[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  const ssp = (...args: readonly string[]): Program =>
    Program.start(MAIN, args, { SSP_ADDRESS: c.address(0) });

  const members = (group: string): number =>
    c.daemons[0]?.groups().find(({ name }) => name === group)?.members.length ?? 0;

  /** Starts a recorder. Resolves when it is a member. */
  async function recorder(...args: readonly string[]): Promise<Program> {
    const program = ssp('record', 'room', '-o', path, '--name', 'rec', ...args);
    await c.until(() => members('room') > 0, 'the recorder to be a member', 10_000);
    return program;
  }

  /** Two members of the room, at two daemons, which say something, part and meet again. */
  async function talk(): Promise<Connection[]> {
    const connections = await Promise.all(['ann', 'bob'].map((name, i) => c.connect(i, { name })));
    const [ann, bob] = connections as [Connection, Connection];
    for (const each of connections) (await each.join('room')).on('event', () => undefined);
    await ann.send('room', 'hello', { type: 7, service: 'safe' });
    await c.settled();
    await bob.send('room', Buffer.alloc(20_000, 'x'));
    await c.settled();
    await c.partition([[0], [1]]);
    await ann.send('room', 'alone');
    await c.settled();
    await c.heal();
    await ann.sendTo('#rec#d1', 'to you alone');
    // The recorder is another process: frames are written as they come to it.
    await c.until(() => TO_RECORDER.test(readFileSync(path, 'latin1')), 'the last frame in the file');
    return connections;
  }

  const timeless = (text: string): string => text.replace(/^\d\d:\d\d:\d\d /gm, '');

  it('keeps what arrives, and prints it as join does', async () => {
    const program = await recorder();
    await talk();
    const { status, err } = await program.signal('SIGINT').end();
    expect(status).to.equal(0);
    expect(err).to.match(/^\d+ frames, [\d,]+ bytes in .*room\.ssplog\n$/);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    const { out } = await ssp('replay', path).end();
    const [head, ...lines] = timeless(out).trimEnd().split('\n');
    expect(head).to.match(/^-- room at d1, from \d{4}-.*Z on, as #rec#d1 saw it$/);
    expect(lines.map((line) => line.replace(/x{100,}.*/, 'xxx'))).to.deep.equal([
      'view  room  join of #rec#d1 (me)  1 member: #rec#d1 (leader, me)',
      'view  room  join of #ann#d1  2 members: #ann#d1 (leader) #rec#d1 (me)',
      'view  room  join of #bob#d2  3 members: #ann#d1 (leader) #rec#d1 (me) #bob#d2',
      'data  room  #ann#d1  safe  type 7  hello',
      'data  room  #bob#d2  agreed  type 0  xxx',
      'trans  room  daemons were lost; the next view lists the members that are left',
      'view  room  network without #bob#d2  2 members: #ann#d1 (leader) #rec#d1 (me)',
      'data  room  #ann#d1  agreed  type 0  alone',
      'view  room  network with #bob#d2  3 members: #ann#d1 (leader) #rec#d1 (me) #bob#d2',
      'data  #rec#d1  #ann#d1  agreed  type 0  to you alone',
    ]);
    const json = await ssp('replay', path, '--json', '--group', 'room', '--from', '1ms').end();
    const kinds = json.out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { readonly kind: string }).kind);
    expect(kinds.filter((kind) => kind === 'data')).to.have.length(3);
    const late = await ssp('replay', path, '--json', '--from', '10m').end();
    expect(late.out).to.equal('');
  });

  it('sends the messages again: same senders, same order', async () => {
    const program = await recorder();
    const connections = await talk();
    for (const each of connections) for (let i = 0; i < 30; i++) await each.send('room', `${each.name} ${i}`);
    const isThere = (text: string): boolean => readFileSync(path).includes(text);
    await c.until(() => isThere('ann 29') && isThere('bob 29'), 'the last frames in the file');
    await program.signal('SIGINT').end();
    const recorded = await ssp('replay', path, '--json').end();
    const words = (sender: string, text: string): string => `${sender} ${text.length} ${text.slice(0, 20)}`;
    const expected = recorded.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; sender: string; groups: string[]; text: string })
      .filter(({ kind, groups }) => kind === 'data' && groups[0] === 'room')
      .map(({ sender, text }) => words(sender, text));
    expect(expected).to.have.length(63);
    // Names that are in use here are taken elsewhere.
    await connections[1]?.close();
    const got: DataEvent[] = [];
    const listener = await c.connect(1, { name: 'listener' });
    (await listener.join('room')).on('data', (event) => void got.push(event));
    await c.settled();
    const { err, status } = await ssp('replay', path, '--to', c.address(1), '--fast').end();
    expect([status, err]).to.deep.equal([
      0,
      '63 messages sent; 5 views cannot be sent again, and 1 message to the recorder alone\n',
    ]);
    await c.settled();
    expect(got.map(({ sender, text }) => words(sender.replace('#ann#d2', '#ann#d1'), text))).to.deep.equal(
      expected,
    );
  });

  it('sends them with the time in between, divided by the speed', async () => {
    const program = await recorder();
    const ann = await c.connect(0, { name: 'ann' });
    await ann.send('room', 'first');
    await c.clock.sleep(400);
    await ann.send('room', 'second');
    await c.settled();
    await program.signal('SIGINT').end();
    await ann.close();
    const times: number[] = [];
    const listener = await c.connect(1);
    (await listener.join('room')).on('data', () => void times.push(performance.now()));
    await ssp('replay', path, '--to', c.address(0), '--speed', '2').end();
    await c.settled();
    expect((times[1] ?? 0) - (times[0] ?? 0)).to.be.at.least(190);
  });

  it('reads to the last whole record when the recorder was killed', async () => {
    const program = await recorder();
    await talk();
    await program.signal('SIGKILL').end();
    const whole = await ssp('replay', path).end();
    expect(whole.err).to.equal('');
    truncateSync(path, statSync(path).size - 5);
    const torn = await ssp('replay', path).end();
    expect(torn.err).to.equal(`${path}: the last record was cut off\n`);
    expect(torn.out).to.equal(whole.out.split('\n').slice(0, -2).join('\n') + '\n');
  });

  it('keeps hashes of bodies where these are not wanted', async () => {
    const program = await recorder('--no-bodies');
    await talk();
    await program.signal('SIGINT').end();
    const bytes = readFileSync(path);
    expect([bytes.includes('hello'), bytes.includes('#bob#d2')]).to.deep.equal([false, true]);
    const { out } = await ssp('replay', path).end();
    expect(out).to.match(/saw it, hashes in place of bodies\n/);
    expect(out.match(/ data {2}/g)).to.have.length(4);
    const { err, status } = await ssp('replay', path, '--to', c.address(0)).end();
    expect([status, err]).to.deep.equal([
      1,
      'ssp: the recording has no bodies to send: it was made with --no-bodies\n',
    ]);
  });

  it('prints and sends again what a test has recorded', async () => {
    const ann = await c.connect(0, { name: 'ann' });
    c.record(path, ann);
    (await ann.join('room')).on('event', () => undefined);
    await ann.send('room', 'of a test', { type: 3 });
    await c.settled();
    await ann.close();
    const { out } = await ssp('replay', path).end();
    const [head, ...lines] = timeless(out).trimEnd().split('\n');
    expect(head).to.match(/^-- room at d1, from .* on, as #ann#d1 saw it$/);
    expect(lines).to.deep.equal([
      'view  room  join of #ann#d1 (me)  1 member: #ann#d1 (leader, me)',
      'data  room  #ann#d1 (me)  agreed  type 3  of a test',
    ]);
    const { err, status } = await ssp('replay', path, '--to', c.address(0), '--fast').end();
    expect([status, err]).to.deep.equal([0, '1 message sent; 1 view cannot be sent again\n']);
  });

  it('ends after its time, and before its file is too large', async () => {
    expect((await (await recorder('--for', '50ms')).end()).status).to.equal(0);
    path = folder.file('small.ssplog');
    const program = await recorder('--max', '30kB');
    const ann = await c.connect(0);
    for (let i = 0; i < 20; i++) await ann.send('room', Buffer.alloc(5_000));
    const { status } = await program.end();
    expect([status, statSync(path).size < 30_000, statSync(path).size > 20_000]).to.deep.equal([
      0,
      true,
      true,
    ]);
  });

  it('says in one line what is wrong with a file', async () => {
    const text = async (bytes: Buffer | string): Promise<string> => {
      writeFileSync(path, bytes);
      const { err, status } = await ssp('replay', path).end();
      expect(status).to.equal(1);
      return err.replaceAll(path, 'FILE');
    };
    expect(await text('a text')).to.equal('ssp: FILE is not a recording\n');
    expect(await text('SSPLOG 2\n{}\n')).to.equal('ssp: FILE is a recording of version 2, expected 1\n');
    expect(await text('SSPLOG 1\n{]\n')).to.equal('ssp: FILE is damaged: its first lines make no sense\n');
    const head =
      'SSPLOG 1\n{"id":"#a#d1","groups":[],"daemon":"d1","started":"2026-01-01T00:00:00Z","bodies":true}\n';
    const wrong = Buffer.alloc(20);
    wrong.writeUInt32LE(4, 0);
    wrong.writeUInt32LE(1, 12);
    expect(await text(Buffer.concat([Buffer.from(head), wrong]))).to.equal(
      'ssp: FILE is damaged: record 1 is not what was written\n',
    );
    writeFileSync(path, 'mine');
    const { err, status } = await ssp('record', 'room', '-o', path).end();
    expect([status, err]).to.deep.equal([1, `ssp: ${path} cannot be written: it exists already\n`]);
  });
});
