/** The SSP calls on a secure mailbox, row by row of [secure-groups 8], on our daemon. */
import { Buffer } from 'node:buffer';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';
import * as fl from '../../lib/flush/index.js';
import type { SecureReport } from '../../lib/mailbox/diagnostics.js';
import { generateIdentity } from '../../lib/secure/identity.js';
import * as face from '../../lib/ssp/index.js';
import { deferred } from '../../lib/util/deferred.js';
import { GROUP_ID_BYTES, readGroupId } from '../../lib/wire/group-id.js';
import { identityOf, secureOf } from '../secure/identities.js';
import { frame } from '../support/fake-daemon-frames.js';
import type { SecureSession } from '../../lib/ssp/secure-session.js';
import { secureAt } from '../../lib/ssp/secure-table.js';
import { withRules } from '../support/permissions.js';
import { repositoryRoot } from '../support/recordings.js';
import { until } from '../support/wait.js';
import { isWaiting, roomy, sspNow } from './receiving.js';
import { endPeers, SecurePeer } from './secure-peer.js';
import { AGREED, answersOf, type Box, ENCRYPTED, receive, SecureWorld, send, text } from './secure-world.js';

const { ILLEGAL_GROUP, ILLEGAL_PARAM, ILLEGAL_SESSION, NOT_ALLOWED_TO_SEND, GROUP_NOT_SECURE } = face;

const VIEW_JOIN = 0x1100;
const VIEW_LEAVE = 0x1200;
const VIEW_NETWORK = 0x1800;

/** A function that answers when the spec says so. */
function slowly(): { readonly authorize: () => Promise<boolean>; readonly answer: (is: boolean) => void } {
  const { promise, resolve } = deferred<boolean>();
  return { authorize: () => promise, answer: resolve };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A member whose first companion is being asked about: the view of both has no key yet. */
async function keying(world: SecureWorld): Promise<{ a: Box; b: Box; answer: (is: boolean) => void }> {
  const { authorize, answer } = slowly();
  const sealAfterMs = 60_000;
  const a = await world.join('a', [], { allow: undefined, authorize, sealAfterMs });
  const b = await world.open('b', { sealAfterMs });
  expect(await face.SSP_join(b.mbox, 'g')).to.equal(0);
  // Until the view of the flush layer is installed at both.
  while (face.SSP_get_key(a.mbox, 'g').ret === 0) await turn();
  while ((await send(b, 'x')) === ILLEGAL_GROUP) await turn();
  return { a, b, answer };
}

describe('a secure mailbox', () => {
  it('is none for the SP and FL calls, and theirs is none for it', async () => {
    await using world = await SecureWorld.start();
    const { mbox } = await world.open('a');
    const mess = Buffer.alloc(100);
    const options = { service_type: face.DONT_BLOCK, max_groups: 1, max_mess_len: 100, mess };
    const answers: (Promise<number> | number)[] = [
      face.SP_join(mbox, 'g'),
      face.SP_leave(mbox, 'g'),
      face.SP_multicast(mbox, AGREED, 'g', 0, mess),
      face.SP_multigroup_multicast(mbox, AGREED, ['g'], 0, mess),
      face.SP_receive(mbox, options).then(({ ret }) => ret),
      face.SP_poll(mbox),
      face.SP_kill(mbox),
      face.SP_disconnect(mbox),
      fl.FL_join(mbox, 'g'),
      fl.FL_leave(mbox, 'g'),
      fl.FL_flush(mbox, 'g'),
      fl.FL_multicast(mbox, AGREED, 'g', 0, mess),
      fl.FL_receive(mbox, options).then(({ ret }) => ret),
      fl.FL_poll(mbox),
      fl.FL_more_msgs(mbox),
      fl.FL_disconnect(mbox),
    ];
    const codes = await Promise.all(answers.map(async (each) => await each));
    expect(new Set(codes)).to.deep.equal(new Set([ILLEGAL_SESSION]));
    expect([face.SSP_poll(mbox), await face.SSP_join(mbox, 'g')], 'it still works').to.deep.equal([0, 0]);
  });

  it('needs an identity and somebody to accept; another suite or provider has a code of its own', async () => {
    await using world = await SecureWorld.start();
    const good = secureOf('a', 'a');
    const { identity } = good;
    const cases: readonly (readonly [secure: unknown, ret: number])[] = [
      [{}, ILLEGAL_PARAM],
      [null, ILLEGAL_PARAM],
      ['yes', ILLEGAL_PARAM],
      [{ identity }, ILLEGAL_PARAM],
      [{ ...good, authorize: () => true }, ILLEGAL_PARAM],
      [{ identity, authorize: 'all' }, ILLEGAL_PARAM],
      [{ identity, allow: 'all' }, ILLEGAL_PARAM],
      [{ identity, allow: [null] }, ILLEGAL_PARAM],
      [{ ...good, identity: { privateKey: identityOf('a').publicKey } }, ILLEGAL_PARAM],
      [{ ...good, clear: true }, ILLEGAL_PARAM],
      [{ ...good, giveUpMs: 1 }, ILLEGAL_PARAM],
      [{ ...good, flush: 'maybe' }, ILLEGAL_PARAM],
      [{ ...good, suite: 2 }, face.ENCRYPTION_NOT_SUPPORTED],
      [{ ...good, provider: 'mls' }, face.KEY_AGR_NOT_SUPPORTED],
    ];
    for (const [secure, ret] of cases) {
      const answer = await face.SSP_connect(world.address, 'x', { secure } as face.ConnectOptions);
      expect(answer, JSON.stringify(secure)).to.deep.equal({ ret, mbox: -1, private_group: '' });
    }
    const known = { ...good, suite: 1, provider: 'node' };
    const { mbox } = await face.SSP_connect(world.address, 'x', { secure: known, group_membership: false });
    expect(await face.SSP_disconnect(mbox)).to.equal(0);
    // What takes no such option makes no other mailbox instead.
    const options = { secure: good } as face.SpConnectOptions;
    expect((await face.SP_connect(world.address, 'x', 0, true, options)).ret).to.equal(ILLEGAL_PARAM);
    expect((await fl.FL_connect(world.address, 'x', 0, options)).ret).to.equal(ILLEGAL_PARAM);
  });

  it('answers CONNECTION_CLOSED once when the connection broke, after what has come', async () => {
    const world = await SecureWorld.start();
    const a = await world.join('a');
    expect(await send(a, 'last')).to.equal(4);
    while (face.SSP_poll(a.mbox) === 0) await turn();
    await world.daemon.stop();
    expect((await receive(a)).text).to.equal('last');
    const calls = [send(a, 'x'), face.SSP_leave(a.mbox, 'g'), face.SSP_join(a.mbox, 'h')];
    expect(await Promise.all(calls)).to.deep.equal([-8, -8, -8]);
    expect([(await receive(a)).ret, (await receive(a)).ret]).to.deep.equal([-8, ILLEGAL_SESSION]);
    expect([await send(a, 'x'), await face.SSP_disconnect(a.mbox)]).to.deep.equal([
      ILLEGAL_SESSION,
      ILLEGAL_SESSION,
    ]);
    await world[Symbol.asyncDispose]();
  });

  for (const end of [face.SSP_disconnect, face.SSP_kill])
    it(`wakes the calls that wait on ${end.name}`, async () => {
      await using world = await SecureWorld.start();
      const a = await world.join('a');
      const waits = receive(a);
      expect(await end(a.mbox)).to.equal(0);
      expect((await waits).ret).to.equal(ILLEGAL_SESSION);
    });
});

describe('a mailbox that is not secure', () => {
  it('has no group with a key: ENCRYPT_MESS, SSP_flush and SSP_get_key', async () => {
    await using world = await SecureWorld.start();
    const { mbox } = await face.SSP_connect(world.address, 'p');
    const scat = { num_elements: 0, elements: [] };
    const calls = [
      face.SSP_multicast(mbox, ENCRYPTED, 'g', 0, text('x')),
      face.SSP_scat_multicast(mbox, ENCRYPTED, 'g', 0, scat),
      face.SSP_multigroup_multicast(mbox, ENCRYPTED, ['g', 'h'], 0, text('x')),
      face.SSP_multigroup_scat_multicast(mbox, ENCRYPTED, ['g'], 0, scat),
    ];
    expect(new Set(await Promise.all(calls))).to.deep.equal(new Set([GROUP_NOT_SECURE]));
    expect(await face.SSP_flush(mbox, 'g')).to.equal(ILLEGAL_GROUP);
    expect(face.SSP_get_key(mbox, 'g')).to.deep.equal({ ret: ILLEGAL_GROUP });
    await face.SSP_disconnect(mbox);
    expect(await face.SSP_multicast(mbox, ENCRYPTED, 'g', 0, text('x'))).to.equal(ILLEGAL_SESSION);
    expect(await face.SSP_flush(mbox, 'g')).to.equal(ILLEGAL_SESSION);
    expect(face.SSP_get_key(mbox, 'g')).to.deep.equal({ ret: ILLEGAL_SESSION });
  });
});

describe('a secure mailbox on a scripted daemon', () => {
  afterEach(endPeers);

  it('answers ILLEGAL_MESSAGE to a malformed message, which is gone [receive R69]', async () => {
    const peer = await SecurePeer.start();
    const malformed = frame({ type: 0x1100, name: 'g', groups: ['#a#d1'], data: 'no body of a view' });
    await peer.send([malformed, peer.encrypted('next', 1)], 2);
    const box = { mbox: peer.mbox, id: '#a#d1' };
    expect(await receive(box)).to.deep.equal({ ret: face.ILLEGAL_MESSAGE, more_messes: 1, text: '' });
    expect((await receive(box)).text).to.equal('next');
  });

  it('ignores the bits that a daemon adds to what is encrypted', async () => {
    const peer = await SecurePeer.start();
    const bytes = peer.encrypted('hi', 1);
    bytes.writeInt32LE(bytes.readInt32LE(0) | face.DROP_RECV | face.FLUSH_REQ_MESS, 0);
    await peer.send([bytes], 1);
    expect((await receive({ mbox: peer.mbox, id: '#a#d1' })).service_type).to.equal(0x08000010);
  });
});

describe('the SSP calls in a secure group', () => {
  it('show the views that have a key, and carry what only their members read, with a member of the client API', async () => {
    await using world = await SecureWorld.start();
    const a = await world.open('a');
    expect(await face.SSP_join(a.mbox, 'g')).to.equal(0);
    const first = await receive(a);
    expect([first.service_type, first.num_groups, first.groups, first.mess_type, first.ret]).to.deep.equal([
      VIEW_JOIN,
      1,
      [a.id],
      0,
      48,
    ]);
    const b = await world.join('b', [a]);
    const c = await world.member('c');
    const views = [await receive(a), await receive(b)];
    expect(views.map(({ groups }) => groups)).to.deep.equal([c.members, c.members]);
    expect(views.map(({ mess_type }) => mess_type)).to.deep.equal([0, 1]);
    expect(views.map(({ membership }) => membership)).to.deep.equal([
      { group_id: c.view.id, names: ['#c#d1'] },
      { group_id: c.view.id, names: ['#c#d1'] },
    ]);

    expect(await send(a, 'of a', ENCRYPTED, 42)).to.equal(4);
    await c.send('of c', { type: -5, service: 'safe' });
    const got = [await receive(b), await receive(b)];
    expect(
      got.map((each) => [each.text, each.sender, each.service_type, each.mess_type, each.groups]),
    ).to.deep.equal([
      ['of a', a.id, 0x08000010, 42, ['g']],
      ['of c', '#c#d1', 0x08000020, -5, ['g']],
    ]);
    for await (const event of c) {
      if (event.kind !== 'data' || event.text !== 'of a') continue;
      expect([event.encrypted, event.type, event.sender]).to.deep.equal([true, 42, a.id]);
      break;
    }

    const { key } = face.SSP_get_key(a.mbox, 'g');
    expect(key).to.have.length(32);
    expect(face.SSP_get_key(b.mbox, 'g')).to.deep.equal({ ret: 0, key });
    expect(Buffer.from(c.exportKey('SSP_get_key', 32))).to.deep.equal(Buffer.from(key ?? []));
  });

  it('send with every call, and receive weak services as FIFO', async () => {
    await using world = await SecureWorld.start();
    const a = await world.join('a');
    const b = await world.join('b', [a]);
    const elements = ['on', '', 'two'].map((each) => ({ len: each.length, buf: text(`${each}...`) }));
    const scat = { num_elements: 3, elements };
    const { UNRELIABLE_MESS, RELIABLE_MESS, SELF_DISCARD, ENCRYPT_MESS } = face;
    const sent = [
      face.SSP_multicast(a.mbox, UNRELIABLE_MESS | ENCRYPT_MESS, 'g', 32_767, Buffer.alloc(0)),
      face.SSP_scat_multicast(a.mbox, RELIABLE_MESS | ENCRYPT_MESS, 'g', 1, scat),
      face.SSP_multigroup_multicast(a.mbox, ENCRYPTED | SELF_DISCARD, ['g'], -32_764, text('three')),
      face.SSP_multigroup_scat_multicast(a.mbox, ENCRYPTED | 0x10000000, ['g'], 2, scat),
    ];
    expect(await Promise.all(sent)).to.deep.equal([0, 5, 5, 5]);
    const got = [await receive(b), await receive(b), await receive(b), await receive(b)];
    expect(got.map((each) => [each.text, each.service_type, each.mess_type])).to.deep.equal([
      ['', 0x08000004, 32_767],
      ['ontwo', 0x08000004, 1],
      ['three', 0x08000050, -32_764],
      ['ontwo', 0x08000010, 2],
    ]);
    const own = [await receive(a), await receive(a), await receive(a)];
    expect(
      own.map(({ mess_type }) => mess_type),
      'self-discarded',
    ).to.deep.equal([32_767, 1, 2]);
  });

  it('receive into several buffers, and what goes to some members', async () => {
    await using world = await SecureWorld.start();
    const a = await world.join('a');
    const c = await world.member('c');
    await receive(a);
    await c.sendToMembers([a.id], 'for a alone');
    const elements = [3, 4].map((len) => ({ len, buf: Buffer.alloc(len) }));
    const groups = ['?', '?', '?'];
    const scat = { num_elements: 2, elements };
    const got = await face.SSP_scat_receive(a.mbox, { max_groups: 1, groups, scat });
    const { SUBGROUP_CAST, ENCRYPT_MESS } = face;
    expect([got.ret, got.full_length, got.num_groups, got.groups, groups]).to.deep.equal([
      face.BUFFER_TOO_SHORT,
      11,
      -2,
      [a.id],
      [a.id, '?', '?'],
    ]);
    expect((got.service_type ?? 0) & (SUBGROUP_CAST | ENCRYPT_MESS)).to.equal(SUBGROUP_CAST | ENCRYPT_MESS);
    expect(elements.map(({ buf }) => buf.toString())).to.deep.equal(['for', ' a a']);
  });

  it('find the first of several faults', async () => {
    await using world = await SecureWorld.start();
    const a = await world.join('a');
    const nothing = undefined as never;
    const cast = (service: number, group: string, type: number, mess: Uint8Array): Promise<number> =>
      face.SSP_multicast(a.mbox, service, group, type, mess);
    const several = (...groups: string[]): Promise<number> =>
      face.SSP_multigroup_multicast(a.mbox, ENCRYPTED, groups, 0, text('x'));
    const x = text('x');
    const cases: readonly (readonly [Promise<number>, number])[] = [
      [cast(nothing, 'g', 0, x), face.INVALID_PARAM],
      [cast(ENCRYPTED, nothing, 0, x), face.INVALID_PARAM],
      [cast(ENCRYPTED, 'g', nothing, x), face.INVALID_PARAM],
      [cast(ENCRYPTED, 'g', 0, nothing), face.INVALID_PARAM],
      [face.SSP_scat_multicast(a.mbox, ENCRYPTED, 'g', 0, nothing), face.INVALID_PARAM],
      [face.SSP_multigroup_multicast(a.mbox, ENCRYPTED, nothing, 0, x), face.INVALID_PARAM],
      [cast(ENCRYPTED, 'g', 0, 'text' as never), face.ILLEGAL_MESSAGE],
      [
        face.SSP_scat_multicast(a.mbox, ENCRYPTED, 'g', 0, { num_elements: 1, elements: [] }),
        face.ILLEGAL_MESSAGE,
      ],
      [face.SSP_multigroup_multicast(a.mbox, ENCRYPTED, 'g' as never, 0, x), ILLEGAL_PARAM],
      [cast('agreed' as never, 'none', -32_765, x), face.ILLEGAL_SERVICE],
      [cast(0, 'none', -32_765, x), face.ILLEGAL_MESSAGE],
      [cast(0, 'none', -40_000, x), face.ILLEGAL_MESSAGE],
      [cast(0, 'none', 40_000, x), face.ILLEGAL_MESSAGE_TYPE],
      [cast(0, 'none', 0, x), ILLEGAL_GROUP],
      [cast(0, a.id, 0, x), ILLEGAL_GROUP],
      [several('g', 'h'), ILLEGAL_GROUP],
      [several('g', 'g'), ILLEGAL_GROUP],
      [several(), ILLEGAL_GROUP],
      [cast(face.ENCRYPT_MESS, 'g', 0, x), face.ILLEGAL_SERVICE],
      [cast(0x14, 'g', 0, x), face.ILLEGAL_SERVICE],
      [cast(ENCRYPTED | face.REJECT_MESS, 'g', 0, x), face.ILLEGAL_SERVICE],
      [cast(AGREED, 'g', 0, Buffer.alloc(200_000)), GROUP_NOT_SECURE],
      [cast(ENCRYPTED, 'g', 0, Buffer.alloc(143_072)), face.MESSAGE_TOO_LONG],
      [cast(ENCRYPTED, 'g', 0, Buffer.alloc(143_071)), 143_071],
      [face.SSP_join(a.mbox, nothing), face.INVALID_PARAM],
      [face.SSP_join(a.mbox, '#a#d1'), ILLEGAL_GROUP],
      [face.SSP_join(a.mbox, 'g'), ILLEGAL_GROUP],
      [face.SSP_leave(a.mbox, nothing), face.INVALID_PARAM],
      [face.SSP_leave(a.mbox, 'none'), ILLEGAL_GROUP],
      [face.SSP_flush(a.mbox, nothing), face.INVALID_PARAM],
      [face.SSP_flush(a.mbox, 'none'), ILLEGAL_GROUP],
      [face.SSP_flush(a.mbox, 'g'), face.FLUSH_OK_ALREADY_SENT],
    ];
    const answers = await Promise.all(cases.map(async ([promise]) => await promise));
    expect(answers).to.deep.equal(cases.map(([, code]) => code));
    expect(face.SSP_get_key(a.mbox, nothing)).to.deep.equal({ ret: face.INVALID_PARAM });
    expect(face.SSP_get_key(a.mbox, 'none')).to.deep.equal({ ret: ILLEGAL_GROUP });
  });

  it('send nothing while a key is agreed: KEYING', async () => {
    await using world = await SecureWorld.start();
    const { a, b, answer } = await keying(world);
    const none = [NOT_ALLOWED_TO_SEND, face.FLUSH_OK_ALREADY_SENT, ILLEGAL_GROUP];
    expect([await answersOf(a), await answersOf(b)]).to.deep.equal([none, none]);
    const waits = receive(a);
    expect(await isWaiting(waits)).to.equal(true);
    answer(true);
    expect((await waits).groups).to.deep.equal([a.id, b.id]);
    expect(await send(a, 'of a')).to.equal(4);
    // The other one has not received the view.
    await world.reported(b.id, 'keyed');
    expect(await answersOf(b)).to.deep.equal(none);
    expect((await receive(b)).groups).to.deep.equal([a.id, b.id]);
    expect([await send(b, 'of b'), face.SSP_get_key(b.mbox, 'g').ret]).to.deep.equal([4, 0]);
    expect([(await receive(b)).text, (await receive(b)).text]).to.deep.equal(['of a', 'of b']);
  });

  it('send nothing after a transitional signal: DEAD', async () => {
    await using world = await SecureWorld.start();
    const { a, b } = await keying(world);
    // It never flushes, so that no view comes after the one that is dead.
    const plain = await world.connectRaw('plain');
    plain.join('g');
    await plain.next();
    face.SSP_kill(b.mbox);
    const signal = await receive(a);
    expect([
      signal.service_type,
      signal.sender,
      signal.mess_type,
      signal.num_groups,
      signal.ret,
    ]).to.deep.equal([face.TRANSITION_MESS, 'g', -1, 0, 0]);
    expect(await answersOf(a)).to.deep.equal([
      NOT_ALLOWED_TO_SEND,
      face.FLUSH_OK_ALREADY_SENT,
      ILLEGAL_GROUP,
    ]);
    plain.leave('g');
    const view = await receive(a);
    expect([view.service_type, view.groups, view.membership?.names]).to.deep.equal([
      VIEW_NETWORK,
      [a.id],
      [a.id],
    ]);
    expect(await send(a, 'alone')).to.equal(5);
  });

  it('have no key in a view that was sealed without them: OUTSIDE', async () => {
    await using world = await SecureWorld.start();
    const a = await world.join('a', [], { allow: secureOf('a', 'a').allow, sealAfterMs: 50 });
    const c = await world.open('c', { sealAfterMs: 60_000, rejoin: false });
    expect(await face.SSP_join(c.mbox, 'g')).to.equal(0);
    const view = await receive(a);
    expect([view.service_type, view.groups, view.membership?.names]).to.deep.equal([
      VIEW_NETWORK,
      [a.id],
      [a.id],
    ]);
    expect(await world.reported(c.id, 'excluded')).to.deep.include({
      reason: 'outside',
      sealer: a.id,
      rejoinInMs: null,
    });
    expect(await answersOf(c)).to.deep.equal([GROUP_NOT_SECURE, face.FLUSH_OK_ALREADY_SENT, ILLEGAL_GROUP]);
    expect(await send(a, 'for a alone')).to.equal(11);
    expect((await receive(a)).text).to.equal('for a alone');
    expect(await sspNow(c.mbox)).to.deep.equal({ ret: face.WOULD_BLOCK, more_messes: 0 });
    // It can leave, without a view to name.
    expect(await face.SSP_leave(c.mbox, 'g')).to.equal(0);
    const left = await receive(c);
    expect([left.service_type, left.membership]).to.deep.equal([
      face.CAUSED_BY_LEAVE,
      { group_id: [0, 0, 0], names: [c.id] },
    ]);
  });

  it('come back by themselves when they are accepted, and show nothing of it', async () => {
    await using world = await SecureWorld.start();
    let asked = 0;
    const authorize = (): boolean => ++asked > 1;
    const sealAfterMs = 30;
    await world.join('a', [], { allow: undefined, authorize, sealAfterMs });
    const c = await world.open('c', { sealAfterMs });
    expect(await face.SSP_join(c.mbox, 'g')).to.equal(0);
    const view = await receive(c);
    expect([view.service_type, view.groups]).to.deep.equal([VIEW_JOIN, ['#a#d1', c.id]]);
    expect(world.reports.filter(({ id, event }) => id === c.id && event === 'excluded')).to.have.length(1);
    expect(await send(c, 'here')).to.equal(4);
    expect((await receive(c)).text).to.equal('here');
  });

  it('let the application answer flush requests, once each', async () => {
    await using world = await SecureWorld.start();
    const a = await world.join('a', [], { flush: 'manual' });
    expect(await face.SSP_flush(a.mbox, 'g'), 'before any request').to.equal(face.FLUSH_OK_ALREADY_SENT);
    const b = await world.open('b');
    expect(await face.SSP_join(b.mbox, 'g')).to.equal(0);
    const request = await receive(a);
    expect([
      request.service_type,
      request.sender,
      request.num_groups,
      request.mess_type,
      request.ret,
    ]).to.deep.equal([face.FLUSH_REQ_MESS, 'g', 0, 0, 0]);
    expect(await send(a, 'last words')).to.equal(10);
    expect(await face.SSP_flush(a.mbox, 'g')).to.equal(0);
    expect(await answersOf(a)).to.deep.equal([NOT_ALLOWED_TO_SEND, face.FLUSH_OK_ALREADY_SENT, 0]);
    expect((await receive(a)).text).to.equal('last words');
    await world.reported(b.id, 'keyed');
    await world.reported(a.id, 'confirmed');
    expect(await send(a, 'unread'), 'the view waits').to.equal(NOT_ALLOWED_TO_SEND);
    expect((await receive(a)).groups).to.deep.equal([a.id, b.id]);
    expect(await send(a, 'next view')).to.equal(9);
    expect([(await receive(b)).groups, (await receive(b)).text]).to.deep.equal([[a.id, b.id], 'next view']);
  });

  it('leave with a self-leave, after which the group can be joined again', async () => {
    await using world = await SecureWorld.start();
    const a = await world.join('a');
    const b = await world.join('b', [a]);
    const { key } = face.SSP_get_key(a.mbox, 'g');
    expect(await face.SSP_leave(b.mbox, 'g')).to.equal(0);
    expect([await face.SSP_leave(b.mbox, 'g'), ...(await answersOf(b))]).to.deep.equal([
      ILLEGAL_GROUP,
      ILLEGAL_GROUP,
      ILLEGAL_GROUP,
      ILLEGAL_GROUP,
    ]);
    const options = roomy();
    const left = await face.SSP_receive(b.mbox, options);
    expect([left.service_type, left.ret, left.mess_type, left.num_groups, left.sender]).to.deep.equal([
      face.CAUSED_BY_LEAVE,
      48,
      0,
      0,
      'g',
    ]);
    expect(left.membership?.names).to.deep.equal([b.id]);
    expect(readGroupId(Buffer.from(options.mess), 0, true)).to.deep.equal(left.membership?.group_id);
    expect(Buffer.from(options.mess).readInt32LE(GROUP_ID_BYTES)).to.equal(1);

    const signal = await receive(a);
    expect(signal.service_type, 'what follows reaches only those who stay').to.equal(face.TRANSITION_MESS);
    const view = await receive(a);
    expect([view.service_type, view.groups, view.membership?.names]).to.deep.equal([
      VIEW_LEAVE,
      [a.id],
      [b.id],
    ]);
    expect(face.SSP_get_key(a.mbox, 'g').key).to.not.deep.equal(key);
    expect(await face.SSP_join(b.mbox, 'g')).to.equal(0);
    expect((await receive(b)).groups).to.deep.equal([a.id, b.id]);
  });

  it('leave before the first view', async () => {
    await using world = await SecureWorld.start();
    const { b } = await keying(world);
    expect([await face.SSP_leave(b.mbox, 'g'), await face.SSP_join(b.mbox, 'g')]).to.deep.equal([
      0,
      ILLEGAL_GROUP,
    ]);
    expect((await receive(b)).service_type).to.equal(face.CAUSED_BY_LEAVE);
    const c = await world.open('c');
    const calls = [face.SSP_join, face.SSP_leave].map((call) => call(c.mbox, 'h'));
    expect([await send(c, 'x'), ...(await Promise.all(calls))]).to.deep.equal([ILLEGAL_GROUP, 0, 0]);
    const got = await receive(c);
    expect(got.service_type).to.equal(face.CAUSED_BY_LEAVE);
  });

  it('neither send nor show messages in clear, and count them', async () => {
    await using world = await SecureWorld.start();
    const a = await world.join('a', [], { sealAfterMs: 50 });
    const outsider = await fl.FL_connect(world.address, 'fl', 0);
    expect(await fl.FL_join(outsider.mbox, 'g')).to.equal(0);
    expect((await fl.FL_receive(outsider.mbox, roomy())).num_groups, 'the view of the flush layer').to.equal(
      2,
    );
    await receive(a);
    await fl.FL_multicast(outsider.mbox, AGREED, 'g', 1, text('in clear'));
    await fl.FL_multicast(outsider.mbox, AGREED, a.id, 1, text('private'));
    await fl.FL_multicast(outsider.mbox, AGREED, 'g', -32_765, text('a forgery'));
    await world.reported(a.id, 'dropped', 'malformed');
    const clear = world.reports.filter(({ event }) => event === 'tampering');
    expect(clear.map(({ id, group }) => [id, group])).to.deep.equal([
      [a.id, 'g'],
      [a.id, a.id],
    ]);
    expect((await sspNow(a.mbox)).ret).to.equal(face.WOULD_BLOCK);
    expect(await send(a, 'in clear', AGREED)).to.equal(GROUP_NOT_SECURE);
    await fl.FL_disconnect(outsider.mbox);
  });

  it("send and show them with clear: 'as-2.1', without the bit of encrypted ones", async () => {
    await using world = await SecureWorld.start();
    const clear = 'as-2.1' as const;
    const a = await world.join('a', [], { clear });
    const b = await world.join('b', [a], { clear });
    const c = await world.member('c');
    const heard: string[] = [];
    c.on('event', (event) => heard.push(event.kind === 'data' ? event.text : event.kind));
    await receive(a);
    await receive(b);
    expect(await send(a, 'clear', face.FIFO_MESS, 3)).to.equal(5);
    expect(await send(a, 'hidden')).to.equal(6);
    const raw = await world.connectRaw('raw');
    raw.multicast(AGREED | face.ENCRYPT_MESS, [b.id], 'private');
    const got = [await receive(b), await receive(b), await receive(b)];
    expect(got.map((each) => [each.text, each.service_type, each.mess_type, each.groups])).to.deep.equal([
      ['clear', face.FIFO_MESS, 3, ['g']],
      ['hidden', 0x08000010, 7, ['g']],
      ['private', AGREED, 0, [b.id]],
    ]);
    await world.reported('#c#d1', 'tampering', 'clear');
    while (!heard.includes('hidden')) await turn();
    expect(heard).to.not.include('clear');
    expect(await send(a, 'x', AGREED, -32_765)).to.equal(face.ILLEGAL_MESSAGE);
  });

  it("are warned of once in a process with clear: 'as-2.1'", async () => {
    await using world = await SecureWorld.start();
    const program = `
      import { SSP_connect, SSP_disconnect } from 'ssp-toolkit/ssp';
      import { generateIdentity } from 'ssp-toolkit/secure';
      const secure = { identity: generateIdentity(), authorize: () => true, clear: 'as-2.1' };
      for (const name of ['a', 'b']) {
        const { mbox } = await SSP_connect('${world.address}', name, { secure });
        await SSP_disconnect(mbox);
      }
    `;
    const args = ['--input-type=module', '--eval', program];
    const { stderr } = await promisify(execFile)(process.execPath, args, { cwd: repositoryRoot });
    expect(stderr.match(/SspSecureWarning: clear: 'as-2.1' sends/g)).to.have.length(1);
  });

  it("send no message in clear either while a key is agreed, with clear: 'as-2.1'", async () => {
    await using world = await SecureWorld.start();
    const { authorize, answer } = slowly();
    const more = { clear: 'as-2.1', sealAfterMs: 60_000 } as const;
    const a = await world.join('a', [], { ...more, allow: undefined, authorize });
    const b = await world.open('b', more);
    await face.SSP_join(b.mbox, 'g');
    while ((await send(a, 'before', AGREED)) > 0) await receive(a);
    expect(await send(a, 'x', AGREED)).to.equal(NOT_ALLOWED_TO_SEND);
    answer(true);
    await receive(a);
    expect(await send(a, 'x', AGREED)).to.equal(1);
  });

  it('keep groups apart', async () => {
    await using world = await SecureWorld.start();
    const a = await world.join('a');
    expect(await face.SSP_join(a.mbox, 'h')).to.equal(0);
    expect((await receive(a)).sender).to.equal('h');
    const keys = ['g', 'h'].map((group) => face.SSP_get_key(a.mbox, group).key);
    expect(keys[0]).to.not.deep.equal(keys[1]);
    expect(await face.SSP_multicast(a.mbox, ENCRYPTED, 'h', 1, text('of h'))).to.equal(4);
    expect((await receive(a)).groups).to.deep.equal(['h']);
  });

  it('show what the daemon refuses: a join, which can be tried again, and no more of a message than its place', async () => {
    await using closed = await withRules(['* send *'], (options) => SecureWorld.start(options));
    const a = await closed.open('a');
    for (let time = 0; time < 2; time++) {
      expect(await face.SSP_join(a.mbox, 'g')).to.equal(0);
      const { service_type: service, groups } = await receive(a);
      expect([service, groups?.[0]]).to.deep.equal([face.REJECT_MESS | face.CAUSED_BY_JOIN, 'g']);
    }
    expect(await send(a, 'x')).to.equal(ILLEGAL_GROUP);
    await using silent = await withRules(['* join *'], (options) => SecureWorld.start(options));
    const b = await silent.open('b');
    expect(await face.SSP_join(b.mbox, 'g')).to.equal(0);
    const got = await receive(b);
    expect([got.service_type, got.groups?.[0], got.sender, got.mess_type, got.ret]).to.deep.equal([
      face.REJECT_MESS | face.FIFO_MESS,
      'g',
      b.id,
      0,
      0,
    ]);
  });

  it('answer ENCRYPT_FAILED when the key is used up', async () => {
    await using world = await SecureWorld.start();
    const a = await world.join('a');
    const { member } = (secureAt(a.mbox) as SecureSession).group('g') ?? {};
    if (member) member.machine.sendRefusal = () => 'exhausted';
    expect(await send(a, 'x')).to.equal(face.ENCRYPT_FAILED);
  });

  it('prove who speaks with authenticity: member, for less room', async () => {
    await using world = await SecureWorld.start();
    const more = { authenticity: 'member' } as const;
    const a = await world.join('a', [], more);
    const b = await world.join('b', [a], more);
    expect(await face.SSP_multicast(a.mbox, ENCRYPTED, 'g', 0, Buffer.alloc(143_008))).to.equal(
      face.MESSAGE_TOO_LONG,
    );
    expect(await send(a, 'signed')).to.equal(6);
    expect((await receive(b)).text).to.equal('signed');
  });

  it('hold up nobody when the application does not receive, however full the queue is', async () => {
    await using world = await SecureWorld.start();
    const secure = secureOf('a', 'a', 'b');
    const { mbox, private_group: id } = await face.SSP_connect(world.address, 'a', {
      secure,
      queueMessages: 3,
    });
    const a = { mbox, id };
    await face.SSP_join(mbox, 'g');
    await receive(a);
    for (const body of ['one', 'two', 'three']) await send(a, body);
    const b = await world.open('b', { sealAfterMs: 60_000 });
    await face.SSP_join(b.mbox, 'g');
    expect((await receive(b)).groups).to.deep.equal([id, b.id]);
    const got = [await receive(a), await receive(a), await receive(a), await receive(a)];
    expect(got.map(({ text: body, num_groups }) => [body.slice(0, 5), num_groups]).slice(0, 3)).to.deep.equal(
      [
        ['one', 1],
        ['two', 1],
        ['three', 1],
      ],
    );
    expect(got[3]?.groups).to.deep.equal([id, b.id]);
    await face.SSP_disconnect(mbox);
  });

  it('report a member that holds up the view itself', async () => {
    await using world = await SecureWorld.start();
    const a = await world.join('a');
    const plain = await world.connectRaw('plain');
    plain.join('g');
    await plain.next();
    const { layer } = secureAt(a.mbox) as SecureSession;
    while (layer.machine('g')?.waitingFor.join() !== plain.privateGroup) await turn();
    layer.tick(0);
    layer.tick(Number.MAX_SAFE_INTEGER);
    expect(await world.reported(a.id, 'stalled', 'flush')).to.deep.include({
      missing: [plain.privateGroup],
      refused: [],
    });
  });

  it('tell the diagnostics channel what they do not show, and no key', async () => {
    await using world = await SecureWorld.start();
    const a = await world.join('a', [], { rekeyAfterMs: 100 });
    const b = await world.join('b', [a]);
    const before = face.SSP_get_key(a.mbox, 'g').key;
    await world.reported(b.id, 'confirmed');
    await world.reported(a.id, 'rekeyed');
    await world.reported(b.id, 'rekeyed');
    const after = face.SSP_get_key(a.mbox, 'g').key;
    expect(after).to.not.deep.equal(before);
    const keyed = world.reports.filter(({ event }) => event === 'keyed') as Extract<
      SecureReport,
      { event: 'keyed' }
    >[];
    expect(keyed.map(({ id, group, members, outsiders }) => [id, group, members, outsiders])).to.deep.equal([
      [a.id, 'g', [a.id], []],
      [a.id, 'g', [a.id, b.id], []],
      [b.id, 'g', [a.id, b.id], []],
    ]);
    expect(keyed.every(({ ms }) => ms >= 0 && ms < 60_000)).to.equal(true);
    const bytes = world.reports
      .flatMap((report) => Object.values(report))
      .filter((value) => value instanceof Uint8Array);
    expect(bytes).to.deep.equal([]);
  });

  it('report whom a key waits for', async () => {
    await using world = await SecureWorld.start();
    const a = await world.join('a', [], { sealAfterMs: 60_000, stalledAfterMs: 20 });
    const c = await world.open('c', { identity: generateIdentity(), sealAfterMs: 60_000 });
    await face.SSP_join(c.mbox, 'g');
    // Its share is refused, or has not come yet; the first view may have taken its time, too.
    const waitsForC = (report: SecureReport): boolean =>
      report.id === a.id &&
      report.event === 'stalled' &&
      report.reason === 'missing' &&
      [...report.missing, ...report.refused.map(({ name }) => name)].includes(c.id);
    await until(() => world.reports.some(waitsForC), 'the report');
  });
});
