/** Secure groups of the client API, on a daemon: join, read, send, views, rekeys, refusals. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { SecureOptions } from '../../lib/client/secure-options.js';
import * as fl from '../../lib/flush/index.js';
import type { SecureReport } from '../../lib/mailbox/diagnostics.js';
import { issueCertificate } from '../../lib/secure/authorize.js';
import { generateIdentity } from '../../lib/secure/identity.js';
import { publicBytes } from '../../lib/secure/node-provider.js';
import { identityOf, secureOf } from '../secure/identities.js';
import { Published } from '../support/diagnostics.js';
import { member, pair, until } from './secure-members.js';
import { ClientWorld, failure, isWaiting, next, settle, within } from './support.js';

describe('a secure group', () => {
  it('is joined when the first view has its key, the same for both', async () => {
    await using world = await ClientWorld.start();
    const [first, second] = await pair(world);
    expect(first.log).to.deep.equal(['join a +a', 'join a,b +b']);
    expect(second.g.members).to.deep.equal(['#a#d1', '#b#d1']);
    const { view } = second.g;
    expect(view.secure).to.equal(true);
    expect(view.secureId).to.deep.equal(first.g.view.secureId);
    expect(Buffer.from(view.identities.get('#a#d1') ?? [])).to.deep.equal(
      Buffer.from(publicBytes(identityOf('a').publicKey)),
    );
    expect(first.g.exportKey('disk', 32)).to.deep.equal(second.g.exportKey('disk', 32));
    await within(Promise.all([first.g.confirmed(), second.g.confirmed()]), 'confirmations');
    expect([...first.g.confirmedMembers].toSorted()).to.deep.equal(['#a#d1', '#b#d1']);
  });

  for (const authenticity of ['group', 'member'] as const)
    it(`carries messages that only its members read (${authenticity})`, async () => {
      await using world = await ClientWorld.start();
      const [first, second] = await pair(world, { authenticity });
      const heard = next(second.g, 'data');
      await first.g.send('a marker', { type: 5 });
      const event = await heard;
      expect([event.text, event.type, event.encrypted, event.sender, event.toSome]).to.deep.equal([
        'a marker',
        5,
        true,
        '#a#d1',
        false,
      ]);
      const toOne = next(first.g, 'data');
      await second.g.sendToMembers(['#a#d1'], 'to a alone');
      expect((await toOne).text).to.be.oneOf(['a marker', 'to a alone']);
      await until(() => first.log.includes('to a alone'), 'what is for a');
      expect(second.log).to.not.include('to a alone');
    });

  it('gives a new view, id and key to whoever stays', async () => {
    await using world = await ClientWorld.start();
    const [first, second] = await pair(world);
    const before = first.g.view.secureId;
    await second.g.leave();
    await until(() => first.log.includes('leave a -b'), 'the view without b');
    expect(first.g.view.secureId).to.not.deep.equal(before);
    expect(second.log.at(-1)).to.equal('self-leave');
    expect(() => second.g.exportKey('x', 16)).to.throw(/was left/);
    await first.g.send('alone');
    await until(() => first.log.includes('alone'), 'its own message');
  });

  it('holds what is sent without a key, and sends it under the next one', async () => {
    await using world = await ClientWorld.start();
    const [first] = await pair(world);
    const c = await world.connect('c');
    // Nobody accepts c: the key of the next view takes the time of the seal.
    const joining = c.join('vault', {
      secure: { ...secureOf('c', 'a', 'b', 'c'), rejoin: false, giveUpMs: 100_000 },
    });
    joining.catch(() => undefined);
    await until(() => first.g.isMember && c.open, 'the connection');
    await settle();
    const sent = first.g.send('held');
    await within(sent, 'the send');
    await until(() => first.log.includes('held'), 'the message');
    expect(first.g.view.outsiders.map(({ name, reason }) => [name, reason])).to.deep.equal([
      ['#c#d1', 'unauthorized'],
    ]);
    expect(first.g.members).to.deep.equal(['#a#d1', '#b#d1']);
  }).timeout(20_000);

  it('rejects the join of one that nobody accepts, after three views without it', async () => {
    await using world = await ClientWorld.start();
    await pair(world);
    const c = await world.connect('c');
    // Its own timer runs out after those of the others, which come before it in the view.
    const error = await failure(c.join('vault', { secure: secureOf('c', 'a', 'b', 'c') }));
    expect([error.code, (error as Error & { reason?: string }).reason]).to.deep.equal([
      'ERR_SSP_SECURITY',
      'excluded',
    ]);
  }).timeout(20_000);

  it('rejects a join without a key in time', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const authority = generateIdentity().publicKey;
    const error = await failure(
      a.join('vault', { secure: { identity: identityOf('a'), authority, giveUpMs: 200 } }),
    );
    expect((error as Error & { reason?: string }).reason).to.equal('stalled');
  });

  it('accepts the certificates of an authority', async () => {
    await using world = await ClientWorld.start();
    const authority = generateIdentity();
    const notAfter = new Date(Date.now() + 60_000);
    const secure = (name: string): SecureOptions => ({
      identity: identityOf(name),
      authority: authority.publicKey,
      credential: issueCertificate(authority, { identity: identityOf(name).publicKey, name, notAfter }),
    });
    const first = await member(await world.connect('a'), secure('a'));
    await member(await world.connect('b'), secure('b'));
    await until(() => first.log.includes('join a,b +b'), 'the view of both');
  });

  it('takes a new key while it is used', async () => {
    await using world = await ClientWorld.start();
    const [first, second] = await pair(world);
    const before = first.g.exportKey('x', 16);
    await within(first.g.rekey(), 'the rekey');
    await until(() => second.log.includes('rekeyed 1'), 'the new key of b');
    expect(first.g.exportKey('x', 16)).to.not.deep.equal(before);
    expect(first.g.exportKey('x', 16)).to.deep.equal(second.g.exportKey('x', 16));
    await second.g.send('under the new key');
    await until(() => first.log.includes('under the new key'), 'the message');
  });

  it('shows and sends nothing in clear', async () => {
    await using world = await ClientWorld.start();
    const [first, second] = await pair(world);
    const b = await world.connect('stranger');
    await b.send('vault', 'clear from outside');
    const [own] = [...first.g.members];
    expect(own).to.equal('#a#d1');
    await first.g.send('encrypted');
    await until(() => second.log.includes('encrypted'), 'the message');
    expect(second.log).to.not.include('clear from outside');
  });

  it('is sent to by its connection as by itself', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const first = await member(a, secureOf('a', 'a'));
    const heard: boolean[] = [];
    a.on('event', (event) => {
      if (event.kind === 'data') heard.push(event.encrypted);
    });
    await a.send('vault', 'by the connection');
    await until(() => first.log.includes('by the connection'), 'the message');
    expect(heard).to.deep.equal([true]);
    expect((await failure(first.g.send('x', { type: -32_765 }))).code).to.equal(
      'ERR_SSP_ILLEGAL_MESSAGE_TYPE',
    );
    expect((await failure(first.g.send(Buffer.alloc(143_072)))).code).to.equal('ERR_SSP_MESSAGE_TOO_LONG');
    expect((await failure(first.g.sendToMembers(['#x#d1'], 'x'))).code).to.equal('ERR_SSP_ILLEGAL_RECEIVERS');
  });

  it('is not joined in another way, and takes only options that are some', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const secure = secureOf('a', 'a');
    const first = await member(a, secure);
    expect(await a.join('vault', { secure })).to.equal(first.g);
    for (const options of [{}, { viewSynchrony: true }, { viewSynchrony: { flush: 'manual' as const } }])
      expect((await failure(a.join('vault', options))).code).to.equal('ERR_SSP_ILLEGAL_PARAM');
    const wrong: readonly object[] = [
      {},
      { ...secure, allow: undefined },
      { ...secure, authority: generateIdentity().publicKey },
      { ...secure, identity: undefined },
      { ...secure, credential: 'text' },
      { ...secure, authenticity: 'nobody' },
      { ...secure, flush: 'maybe' },
      { ...secure, sealAfterMs: -1 },
      { ...secure, rejoin: 1 },
      { ...secure, clear: true },
    ];
    for (const each of wrong)
      expect(
        (await failure(a.join('other', { secure: each as SecureOptions }))).code,
        JSON.stringify(Object.keys(each)),
      ).to.equal('ERR_SSP_ILLEGAL_PARAM');
    expect((await failure(a.join('other', { secure, viewSynchrony: false }))).code).to.equal(
      'ERR_SSP_ILLEGAL_PARAM',
    );
  });

  it('lets the application flush in manual mode, and send only in views that it has seen', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const first = await member(a, { ...secureOf('a', 'a', 'b'), flush: 'manual' });
    const request = next(first.g, 'flush-request');
    const joining = member(await world.connect('b'), secureOf('b', 'a', 'b'));
    const asked = await request;
    expect(await isWaiting(joining)).to.equal(true);
    await first.g.send('last words');
    asked.flush();
    expect((await failure(first.g.send('too late'))).code).to.equal('ERR_SSP_ILLEGAL_STATE');
    const second = await joining;
    await until(() => first.log.includes('join a,b +b'), 'the view of both');
    await first.g.send('next view');
    await until(() => second.log.includes('next view'), 'the message');
    expect(second.log).to.not.include('last words');
  });

  it('answers late, and rejects what a function does not accept', async () => {
    await using world = await ClientWorld.start();
    const slow: SecureOptions = {
      identity: identityOf('a'),
      authorize: async ({ member: name }) => {
        await settle(5);
        return name === '#b#d1';
      },
    };
    const first = await member(await world.connect('a'), slow);
    const second = await member(await world.connect('b'), secureOf('b', 'a', 'b'));
    await until(() => first.log.includes('join a,b +b'), 'the view of both');
    await second.g.send('hello');
    await until(() => first.log.includes('hello'), 'the message');
  });

  it('is left once, as the readers of its connection see it', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const heard: string[] = [];
    a.on('event', ({ kind }) => heard.push(kind));
    const first = await member(a, secureOf('a', 'a'));
    await first.g.leave();
    await settle();
    expect(heard.filter((kind) => kind === 'self-leave')).to.have.length(1);
  });

  it('tells the diagnostics channel of views, rekeys, and what it ignores, and of no key', async () => {
    await using world = await ClientWorld.start();
    using told = new Published<SecureReport>('ssp-toolkit:secure');
    const [first] = await pair(world);
    await within(first.g.confirmed(), 'confirmations');
    await within(first.g.rekey(), 'the rekey');
    const outsider = await fl.FL_connect(world.address, 'fl', 0);
    await fl.FL_join(outsider.mbox, 'vault');
    const options = { max_groups: 9, max_mess_len: 200, mess: Buffer.alloc(200) };
    await within(fl.FL_receive(outsider.mbox, options), 'the view');
    for (const [type, body] of [
      [1, 'in clear'],
      [-32_765, 'neither share nor seal'],
    ] as const)
      await fl.FL_multicast(outsider.mbox, 0x10, 'vault', type, Buffer.from(body));
    const ofA = (): string[] => {
      const reports = told.messages.filter(({ id }) => id === '#a#d1');
      return reports.map((report) => `${report.event} ${'reason' in report ? report.reason : ''}`.trim());
    };
    await until(() => ofA().includes('dropped malformed'), 'what is malformed');
    expect(ofA()).to.include.members([
      'keyed',
      'confirmed',
      'rekeyed',
      'tampering clear',
      'dropped malformed',
    ]);
    const keyed = told.messages.find(({ event, id }) => event === 'keyed' && id === '#b#d1');
    const { ms, ...rest } = keyed as Extract<SecureReport, { event: 'keyed' }>;
    expect(rest).to.deep.equal({
      id: '#b#d1',
      group: 'vault',
      event: 'keyed',
      members: ['#a#d1', '#b#d1'],
      outsiders: [],
    });
    expect(ms).to.be.within(0, 60_000);
    const malformed = told.messages.find(({ event }) => event === 'dropped');
    expect(malformed).to.deep.include({ group: 'vault', reason: 'malformed', sender: '#fl#d1' });
    const values = told.messages.flatMap((report) => Object.values(report));
    expect(values.filter((value) => value instanceof Uint8Array)).to.deep.equal([]);
    await fl.FL_disconnect(outsider.mbox);
  });

  it('ends with its connection', async () => {
    await using world = await ClientWorld.start();
    const [first, second] = await pair(world);
    const confirmed = first.g.confirmed();
    await within(confirmed, 'confirmations');
    await world.daemon.stop();
    await until(() => !first.g.isMember && !second.g.isMember, 'the end');
    expect(first.log, 'nobody has left').to.not.include('self-leave');
    expect((await failure(first.g.send('x'))).code).to.be.oneOf([
      'ERR_SSP_CONNECTION_CLOSED',
      'ERR_SSP_ILLEGAL_STATE',
      'ERR_SSP_NETWORK',
    ]);
  });
});
