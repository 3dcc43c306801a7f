/** Refused requests come back as reject frames [session 4.9] and reach nobody. */
import { Buffer } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { hashPassword } from '../../daemon/access/passwords.js';
import type { Daemon, DaemonOptions } from '../../daemon/index.js';
import {
  ACCEPT_SESSION,
  CAUSED_BY_JOIN,
  passwordAuthenticator,
  type ReceiveResult,
  REJECT_MESS,
  SP_connect,
  SP_disconnect,
  SP_join,
  SP_multicast,
  SP_receive,
} from '../../lib/ssp/index.js';
import type { Delivery } from '../../lib/wire/delivery.js';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import { encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, SAFE_MESS, SELF_DISCARD } from '../../lib/wire/service.js';
import { startDaemon } from '../support/local-daemon.js';
import { RawSession } from '../support/raw-client.js';
import { tell } from '../support/describe-frame.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { ca, tlsOn, tlsText } from '../support/tls-files.js';
import { until } from '../support/wait.js';

const RULES = `
# everybody
*             join,send  public*
*             send       drop
# those we know
alice         join,send  team-*
alice         send       #*
cert:worker1  join       work
`;

/** A reject frame in words: what was refused, who is told, the names, the data. */
const refusal = (frame: Delivery): unknown[] => [
  frame.service & REJECT_MESS ? frame.service & ~REJECT_MESS : 'no refusal',
  frame.name,
  frame.names(),
  frame.body.toString(),
];

describe('session: permissions', () => {
  let folder: TemporaryDirectory;
  let files: DaemonOptions = {};
  before(async () => {
    folder = await TemporaryDirectory.make();
    const [groupFile, passwordFile] = [folder.file('groups'), folder.file('users')];
    await writeFile(groupFile, RULES);
    await writeFile(
      passwordFile,
      `alice:${await hashPassword('secret')}\nbob:${await hashPassword('hidden')}\n`,
    );
    files = { groupFile, passwordFile, allowedAuthMethods: ['NULL', 'PWORD'] };
  });
  after(async () => {
    await folder[Symbol.asyncDispose]();
  });

  let daemon: Daemon;
  beforeEach(async () => {
    daemon = await startDaemon({ ...files, tls: tlsOn(true) });
  });
  afterEach(async () => {
    await daemon.stop();
  });

  const nobody = (name = 'nobody'): Promise<RawSession> => RawSession.connect(daemon.port, name);

  /** Our client as this user. */
  async function user(name: string, password: string): Promise<number> {
    const options = { auth: [passwordAuthenticator(name, password)] };
    const { ret, mbox } = await SP_connect(`${daemon.port}@127.0.0.1`, name, 0, true, options);
    expect(ret).to.equal(ACCEPT_SESSION);
    return mbox;
  }

  const mess = Buffer.alloc(1000);
  const receive = (mbox: number): Promise<ReceiveResult> =>
    SP_receive(mbox, { mess, max_mess_len: mess.length, max_groups: 10 });

  it('let through what a rule allows', async () => {
    const session = await nobody();
    session.join('public.a');
    expect(tell(await session.next())).to.equal('join public.a: #nobody#dmn1 (#nobody#dmn1)');
    session.multicast(AGREED_MESS, ['public.a'], 'hello');
    expect(tell(await session.next())).to.equal('#nobody#dmn1 > public.a: hello');
    expect(daemon.status.core.refused).to.equal(0);
    session.close();
  });

  it('send a refused join back, with its group and the sender', async () => {
    const session = await nobody();
    session.join('team-a');
    expect(refusal(await session.next())).to.deep.equal([
      CAUSED_BY_JOIN,
      '#nobody#dmn1',
      ['team-a', '#nobody#dmn1'],
      '',
    ]);
    expect([daemon.groups, daemon.status.core.refused]).to.deep.equal([0, 1]);
    session.close();
  });

  it('send a refused message back with its type, groups and data, and to nobody else', async () => {
    const member = await user('alice', 'secret');
    await SP_join(member, 'team-a');
    await receive(member);
    const session = await nobody();
    session.multicast(SAFE_MESS | SELF_DISCARD, ['team-a'], 'intrusion', -7);
    const frame = await session.next();
    expect(refusal(frame)).to.deep.equal([
      SAFE_MESS | SELF_DISCARD,
      '#nobody#dmn1',
      ['team-a', '#nobody#dmn1'],
      'intrusion',
    ]);
    expect(frame.messType).to.equal(-7);
    await SP_multicast(member, AGREED_MESS, 'team-a', 0, Buffer.from('mine'));
    const { ret, sender } = await receive(member);
    expect([sender, mess.toString('utf8', 0, ret)]).to.deep.equal(['#alice#dmn1', 'mine']);
    await SP_disconnect(member);
    session.close();
  });

  it('refuse a message of several groups as a whole when one of them is refused', async () => {
    const [session, other] = [await nobody(), await nobody('other')];
    other.join('public');
    await other.next();
    session.multicast(AGREED_MESS, ['public', 'team-a', 'public.b'], 'for all');
    expect(refusal(await session.next())).to.deep.equal([
      AGREED_MESS,
      '#nobody#dmn1',
      ['public', 'team-a', 'public.b', '#nobody#dmn1'],
      'for all',
    ]);
    session.multicast(AGREED_MESS, ['public'], 'next');
    expect(tell(await other.next())).to.equal('#nobody#dmn1 > public: next');
    for (const each of [session, other]) each.close();
  });

  it('put the sender in the place of the hundredth group', async () => {
    const session = await nobody();
    const groups = Array.from({ length: 100 }, (_, i) => `g${i}`);
    session.multicast(AGREED_MESS, groups, 'x');
    expect((await session.next()).names()).to.deep.equal([...groups.slice(0, 99), '#nobody#dmn1']);
    session.close();
  });

  it('know joining from sending', async () => {
    const session = await nobody();
    session.multicast(AGREED_MESS, ['drop'], 'kept by nobody');
    session.join('drop');
    expect(refusal(await session.next())[0]).to.equal(CAUSED_BY_JOIN);
    session.close();
  });

  it('count private groups among the groups', async () => {
    const session = await nobody();
    const alice = await user('alice', 'secret');
    session.multicast(AGREED_MESS, ['#alice#dmn1'], 'psst');
    expect(refusal(await session.next())).to.deep.equal([
      AGREED_MESS,
      '#nobody#dmn1',
      ['#alice#dmn1', '#nobody#dmn1'],
      'psst',
    ]);
    await SP_multicast(alice, AGREED_MESS, '#nobody#dmn1', 0, Buffer.from('hello'));
    expect(tell(await session.next())).to.equal('#alice#dmn1 > #nobody#dmn1: hello');
    await SP_disconnect(alice);
    session.close();
  });

  it('always allow to leave and to disconnect', async () => {
    const session = await nobody();
    session.leave('team-a');
    session.join('public');
    expect(tell(await session.next())).to.equal('join public: #nobody#dmn1 (#nobody#dmn1)');
    session.disconnect();
    await session.client.end();
    expect(daemon.counters.ends).to.deep.equal({ requested: 1 });
  });

  it('keep refusals in the order of the requests', async () => {
    const session = await nobody();
    session.multicast(AGREED_MESS, ['team-a'], 'no 1');
    session.join('public');
    session.multicast(AGREED_MESS, ['team-a'], 'no 2');
    await session.next();
    await session.next();
    await session.next();
    expect(
      session.frames.filter(({ service }) => service & REJECT_MESS).map(({ body }) => String(body)),
    ).to.deep.equal(['no 1', 'no 2']);
    session.close();
  });

  it('go by the user that the password proved', async () => {
    const [alice, bob] = [await user('alice', 'secret'), await user('bob', 'hidden')];
    for (const mbox of [alice, bob]) await SP_join(mbox, 'team-a');
    expect((await receive(alice)).num_groups).to.equal(1);
    const { ret, service_type, sender, groups } = await receive(bob);
    expect([ret, service_type, sender, groups]).to.deep.equal([
      0,
      REJECT_MESS | CAUSED_BY_JOIN,
      '#bob#dmn1',
      ['team-a', '#bob#dmn1'],
    ]);
    expect(daemon.status.members('team-a')).to.deep.equal(['#alice#dmn1']);
    for (const mbox of [alice, bob]) await SP_disconnect(mbox);
  });

  it('come back to our client as the message it sent', async () => {
    const bob = await user('bob', 'hidden');
    expect(await SP_multicast(bob, AGREED_MESS, 'team-a', 5, Buffer.from('try'))).to.equal(3);
    const { ret, service_type, mess_type, sender, groups } = await receive(bob);
    expect([ret, service_type, mess_type, sender, groups, mess.toString('utf8', 0, 3)]).to.deep.equal([
      3,
      REJECT_MESS | AGREED_MESS,
      5,
      '#bob#dmn1',
      ['team-a', '#bob#dmn1'],
      'try',
    ]);
    await SP_disconnect(bob);
  });

  it('go by the common name of a certificate', async () => {
    const tls = { ca, cert: tlsText('worker.crt'), key: tlsText('worker.key') };
    const { mbox } = await SP_connect(`tls://localhost:${daemon.tlsPort}`, 'w', 0, true, { tls });
    await SP_join(mbox, 'work');
    expect((await receive(mbox)).sender).to.equal('work');
    await SP_join(mbox, 'team-a');
    expect((await receive(mbox)).service_type).to.equal(REJECT_MESS | CAUSED_BY_JOIN);
    await SP_disconnect(mbox);
  });

  it('go by user and certificate together', async () => {
    const tls = { ca, cert: tlsText('worker.crt'), key: tlsText('worker.key') };
    const auth = [passwordAuthenticator('alice', 'secret')];
    const { mbox } = await SP_connect(`tls://localhost:${daemon.tlsPort}`, 'w', 0, true, { tls, auth });
    await SP_join(mbox, 'work');
    await SP_join(mbox, 'team-a');
    expect((await receive(mbox)).sender).to.equal('work');
    expect((await receive(mbox)).sender).to.equal('team-a');
    expect(daemon.status.sessions().map(({ principal }) => principal)).to.deep.equal(['alice']);
    await SP_disconnect(mbox);
  });

  it('give no rights by a name that a session chooses itself', async () => {
    const session = await nobody('alice');
    session.join('team-a');
    expect(refusal(await session.next())[0]).to.equal(CAUSED_BY_JOIN);
    session.close();
  });

  it('end a session whose join has no legal field, refused or not', async () => {
    for (const group of ['team-a', 'public']) {
      const session = await nobody();
      const frame = encodeRequest(JOIN_MESS, '#nobody#dmn1', [group]);
      frame.fill('x', HEADER_BYTES + group.length, HEADER_BYTES + NAME_BYTES);
      session.client.send(frame);
      await session.client.end();
      expect(session.frames).to.deep.equal([]);
    }
    expect(daemon.counters.ends).to.deep.equal({ 'illegal-group-field': 2 });
  });

  it('look no further than the NUL of a name', async () => {
    const [session, other] = [await nobody(), await nobody('other')];
    other.join('public');
    await other.next();
    session.multicast(AGREED_MESS, ['team-a\0public'], 'hidden');
    expect(refusal(await session.next())[3]).to.equal('hidden');
    expect(other.waiting).to.equal(0);
    for (const each of [session, other]) each.close();
  });

  it('end a session that does not read its refusals, within its limit of bytes', async () => {
    await using small = await startDaemon({ ...files, limits: { maxSessionBytes: 1024 * 1024 } });
    const session = await RawSession.connect(small.port, 'flood');
    session.client.socket.pause();
    for (let i = 0; i < 200; i++) session.multicast(AGREED_MESS, ['team-a'], Buffer.alloc(100_000));
    await until(() => small.counters.ends['slow-bytes'] === 1, 'the end', 15_000);
    expect(small.counters.ends).to.deep.equal({ 'slow-bytes': 1 });
    session.close();
  });
});
