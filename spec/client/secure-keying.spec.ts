/** Secure groups of the client API without a key: what is sent, what waits to be read, who comes back. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import type { SecureOptions } from '../../lib/client/secure-options.js';
import type { ExcludedEvent } from '../../lib/client/secure-types.js';
import { HASH_BYTES } from '../../lib/secure/core/limits.js';
import { nodeProvider } from '../../lib/secure/node-provider.js';
import { deferred } from '../../lib/util/deferred.js';
import { identityOf, secureOf } from '../secure/identities.js';
import { type Member, member, until } from './secure-members.js';
import { caughtUp, ClientWorld, isWaiting, read, settle, within } from './support.js';

const all = ['a', 'b', 'c'] as const;
/** On a slow machine another member's timer may seal as well, which is reported. */
const calm = (log: readonly string[]): string[] => log.filter((each) => !each.startsWith('disagreement'));
const digits = (log: readonly string[]): string[] => log.filter((each) => /^\d+$/.test(each));

describe('a message to a secure group that has no key', () => {
  it('is held in its order, and its promise with it, until the next key', async () => {
    await using world = await ClientWorld.start();
    const answer = deferred<boolean>();
    const asked: string[] = [];
    const judging = (own: string): SecureOptions => ({
      identity: identityOf(own),
      sealAfterMs: 60_000,
      authorize: ({ member: name }) => {
        if (name !== '#c#d1') return true;
        asked.push(own);
        return answer.promise;
      },
    });
    const first = await member(await world.connect('a'), judging('a'));
    const second = await member(await world.connect('b'), judging('b'));
    const joining = member(await world.connect('c'), secureOf('c', ...all));
    await until(() => asked.length === 2, 'the question who c is');
    // One that waits for each send has one message held, however much it has to send.
    let sent = 0;
    const patient = async (): Promise<void> => {
      for (const text of ['1', '2', '3']) {
        await first.g.send(text);
        sent++;
      }
    };
    const others = ['4', '5', '6'].map((text) => second.g.send(text));
    const sends = [patient(), ...others];
    expect(await isWaiting(Promise.race(sends))).to.equal(true);
    expect([sent, digits(first.log), digits(second.log)]).to.deep.equal([0, [], []]);
    answer.resolve(true);
    const third = await joining;
    await within(Promise.all(sends), 'the sends');
    await second.g.send('7');
    const members = [first, second, third];
    await until(() => members.every(({ log }) => log.includes('3') && log.includes('7')), 'all of them');
    for (const { log } of members) {
      expect(digits(log).filter((text) => text <= '3')).to.deep.equal(['1', '2', '3']);
      expect(digits(log).filter((text) => text > '3')).to.deep.equal(['4', '5', '6', '7']);
    }
    expect(third.log[0]).to.equal('join a,b,c +a +b +c');
  });
});

describe('a slow reader of a secure group', () => {
  it('holds up no key of the others, and gets everything in order', async () => {
    await using world = await ClientWorld.start();
    // It is the first: the others wait for its SEAL.
    const a = await world.connect('a');
    const secure = (own: string): SecureOptions => ({ ...secureOf(own, ...all), sealAfterMs: 60_000 });
    const slow = await a.join('vault', { secure: secure('a') });
    const other = await member(await world.connect('b'), secure('b'));
    const texts = Array.from({ length: 1_500 }, (_, i) => String(i));
    await Promise.all(texts.map((text) => other.g.send(text)));
    await until(() => other.log.includes('1499'), 'the flood at b');
    const third = await member(await world.connect('c'), secure('c'));
    await third.g.send('behind');
    expect(third.g.members).to.have.length(3);
    const words = await read(slow, texts.length + 4);
    expect(words).to.deep.equal(['join a +a', 'join a,b +b', ...texts, 'join a,b,c +c', 'behind']);
  });

  for (const [what, stalledAfterMs, isHeard] of [
    ['while the members agree on a key', 60_000, true],
    ['no more when no key comes for long', 20, false],
  ] as const) {
    it(`lets everything through ${what}`, async () => {
      await using world = await ClientWorld.start();
      const [a, b] = [await world.connect('a'), await world.connect('b')];
      const { g } = await member(a, { ...secureOf('a', 'a'), sealAfterMs: 60_000, stalledAfterMs });
      let isStalled = false;
      g.on('stalled', () => (isStalled = true));
      const [unread, heeded] = [await a.join('unread'), await a.join('heeded')];
      const heard: string[] = [];
      heeded.on('data', (event) => heard.push(event.text));
      // It flushes, and says nothing of a key.
      const silent = await b.join('vault', { viewSynchrony: true });
      silent.on('event', () => undefined);
      if (!isHeard) await until(() => isStalled, 'the stall');
      await caughtUp(a);
      await Promise.all(Array.from({ length: 1_500 }, () => b.send('unread', 'x')));
      await b.send('heeded', 'behind all that');
      await caughtUp(b);
      if (isHeard) await until(() => heard.length > 0, 'the message');
      else await settle(50);
      expect(heard).to.deep.equal(isHeard ? ['behind all that'] : []);
      await silent.leave();
      await within(g.send('under the next key'), 'a key again');
      expect(unread.isMember).to.equal(true);
    });
  }
});

describe('a member of a secure group that gets no key', () => {
  const SEAL_AFTER_MS = 150;
  let isAccepted: boolean;

  beforeEach(() => {
    isAccepted = true;
  });

  const judging = (own: string, extra: Partial<SecureOptions> = {}): SecureOptions => ({
    identity: identityOf(own),
    sealAfterMs: SEAL_AFTER_MS,
    authorize: ({ member: name }) => name !== '#c#d1' || isAccepted,
    ...extra,
  });

  /** Three members, and then the second one leaves while nobody accepts the third. */
  async function leftOut(
    world: ClientWorld,
    rejoin: boolean,
  ): Promise<{ first: Member; third: Member; event: ExcludedEvent }> {
    const first = await member(await world.connect('a'), judging('a'));
    const second = await member(await world.connect('b'), judging('b'));
    const third = await member(await world.connect('c'), {
      ...judging('c'),
      authorize: () => true,
      rejoin,
    });
    await until(() => first.log.includes('join a,b,c +c'), 'the view of three');
    const excluded = new Promise<ExcludedEvent>((resolve) => third.g.once('excluded', resolve));
    isAccepted = false;
    await second.g.leave();
    const event = await within(excluded, 'the exclusion');
    isAccepted = true;
    return { first, third, event };
  }

  it('leaves and joins by itself, and has the next key, where the others left it out', async () => {
    await using world = await ClientWorld.start();
    const { first, third, event } = await leftOut(world, true);
    const { reason, sealer, rejoinInMs } = event;
    expect([reason, sealer, rejoinInMs]).to.deep.equal(['outside', '#a#d1', SEAL_AFTER_MS]);
    const sent = third.g.send('held outside');
    await until(() => third.log.includes('network a,c +a -a -b'), 'the view of c');
    expect(calm(third.log).slice(1)).to.deep.equal([
      'transition',
      'excluded outside',
      'network a,c +a -a -b',
    ]);
    await within(sent, 'the message');
    await until(() => first.log.includes('held outside'), 'the message at a');
    expect(third.g.view.secureId).to.deep.equal(first.g.view.secureId);
  });

  it('stays where it is with `rejoin: false`, until a view in which the others accept it', async () => {
    await using world = await ClientWorld.start();
    const { first, third, event } = await leftOut(world, false);
    expect(event.rejoinInMs).to.equal(null);
    await pause(3 * SEAL_AFTER_MS);
    const before = calm(first.log).length;
    expect(calm(third.log).at(-1)).to.equal('excluded outside');
    await member(await world.connect('d'), judging('d'));
    await until(() => calm(first.log).length > before, 'the view of d');
    expect(calm(first.log).slice(before)).to.deep.equal(['network a,c,d +c +d']);
    await until(() => third.g.view.members.length === 3, 'the same at c');
  });

  it('leaves and joins by itself, and has the next key, where its box does not open', async () => {
    await using world = await ClientWorld.start();
    const first = await member(await world.connect('a'), judging('a'));
    const second = await member(await world.connect('b'), judging('b'));
    const seal = nodeProvider.seal.bind(nodeProvider);
    let boxes = 0;
    // What is bound to a transcript alone is a box: the second one of the next SEAL is spoiled.
    nodeProvider.seal = (key, nonce, aad, plain) => {
      const box = seal(key, nonce, aad, plain);
      if (aad.length === HASH_BYTES && ++boxes === 2) box[0] = (box[0] ?? 0) ^ 1;
      return box;
    };
    try {
      const excluded = new Promise<ExcludedEvent>((resolve) => second.g.once('excluded', resolve));
      const third = await member(await world.connect('c'), judging('c'));
      const { reason, sealer, rejoinInMs } = await within(excluded, 'the exclusion');
      expect([reason, sealer, rejoinInMs]).to.deep.equal(['box', '#a#d1', SEAL_AFTER_MS]);
      await until(() => second.g.view.members.includes('#c#d1'), 'the view of b');
      expect(second.log).to.not.include('self-leave');
      await second.g.send('back again');
      await until(() => [first, third].every(({ log }) => log.includes('back again')), 'the message');
    } finally {
      nodeProvider.seal = seal;
    }
  });
});
