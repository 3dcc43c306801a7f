/** Groups with a schema that are view-synchronous, secure, or come back after a loss. */
import { expect } from 'chai';
import { z } from 'zod';
import { cluster } from '../../daemon/testing/index.js';
import { InvalidValueError, type TypedGroup, type TypedGroupEvent } from '../../lib/index.js';
import { secureOf } from '../secure/identities.js';
import { until } from '../support/wait.js';
import { ClientWorld, failure } from './support.js';

const schema = z.object({ n: z.number() });
/** For values that the types refuse. */
const wrong = { n: 'one' } as never;

/** What a group hands out: values, and the kinds of other events. */
function heard(group: TypedGroup<{ n: number }>): { readonly words: string[]; readonly flags: string[] } {
  const [words, flags]: [string[], string[]] = [[], []];
  group.on('event', (event: TypedGroupEvent<{ n: number }>) => {
    words.push(event.kind === 'data' ? String(event.value?.n) : event.kind);
    if (event.kind === 'data') flags.push(`${event.encrypted} ${event.toSome}`);
  });
  return { words, flags };
}

describe('values in a view-synchronous group', () => {
  it('go to all, and to some', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const options = { schema, viewSynchrony: true };
    const first = await a.join('room', options);
    const second = await b.join('room', options);
    const [one, two] = [heard(first), heard(second)];
    await until(() => first.members.length === 2, 'both members');
    expect(first.isViewSynchronous).to.equal(true);
    await second.send({ n: 1 });
    await second.sendToMembers(['#a#d1'], { n: 2 });
    await second.send({ n: 3 }, { view: second.view.id });
    await until(() => one.words.includes('3') && two.words.includes('3'), 'the last value');
    expect(one.words.filter((word) => /\d/.test(word))).to.deep.equal(['1', '2', '3']);
    expect(two.words.filter((word) => /\d/.test(word))).to.deep.equal(['1', '3']);
    expect(one.flags).to.deep.equal(['false false', 'false true', 'false false']);
  });

  it('are checked before they go', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const group = await a.join('room', { schema, viewSynchrony: true });
    expect(await failure(group.send(wrong))).to.be.instanceOf(InvalidValueError);
    expect(await failure(group.sendToMembers(['#a#d1'], wrong))).to.be.instanceOf(InvalidValueError);
    expect((await failure(group.sendToMembers(['#a#d1'], { n: 1 }, { type: 2 } as never))).message).to.match(
      /codec/,
    );
    const plain = await a.join('plain', { schema });
    expect((await failure(plain.sendToMembers(['#a#d1'], { n: 1 }))).message).to.match(
      /not view-synchronous/,
    );
  });

  it('wait for the next view where the program answers flush requests', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const manual = await a.join('room', { schema, viewSynchrony: { flush: 'manual' } });
    const { words } = heard(manual);
    manual.on('flush-request', (request) => void manual.send({ n: 1 }).then(() => request.flush()));
    const other = await b.join('room', { schema, viewSynchrony: true });
    await until(
      () => words.includes('view') && words.at(-1) === 'view' && manual.members.length === 2,
      'the view of both',
    );
    await other.send({ n: 2 });
    await until(() => words.includes('2'), 'what came in it');
    expect(words).to.deep.equal(['view', 'flush-request', '1', 'view', '2']);
  });
});

describe('values in a secure group', () => {
  it('are read by its members, encrypted on the way', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const first = await a.join('vault', { schema, secure: secureOf('a', 'a', 'b') });
    const { words, flags } = heard(first);
    const second = await b.join('vault', { schema, secure: secureOf('b', 'a', 'b') });
    expect(second.view.secure).to.equal(true);
    await second.send({ n: 4 });
    await second.sendToMembers(['#a#d1'], { n: 5 });
    await until(() => words.includes('5'), 'both values');
    expect(words.filter((word) => /\d/.test(word))).to.deep.equal(['4', '5']);
    expect(flags).to.deep.equal(['true false', 'true true']);
    expect(first.exportKey('disk', 32)).to.deep.equal(second.exportKey('disk', 32));
    expect(await failure(second.send(wrong))).to.be.instanceOf(InvalidValueError);
  });
});

describe('values on a connection that comes back', () => {
  it('continue in the same group, at another daemon, too', async () => {
    await using c = await cluster(2);
    const writer = await c.connect(1);
    const reader = await c.connect(0, { name: 'reader', resume: true });
    const [from, to] = [await writer.join('room', { schema }), await reader.join('room', { schema })];
    const { words } = heard(to);
    await from.send({ n: 1 });
    c.cut(reader);
    await writer.send('room', 'no value');
    await from.send({ n: 2 });
    await until(() => words.includes('2'), 'what was sent meanwhile');
    expect(words.filter((word) => /\d|invalid/.test(word))).to.deep.equal(['1', 'invalid', '2']);
    await c.kill(0);
    await to.send({ n: 3 });
    await until(() => words.includes('3'), 'its own value, sent over the loss');
    expect(to.isMember).to.equal(true);
    expect(await reader.join('room', { schema })).to.equal(to);
  });
});
