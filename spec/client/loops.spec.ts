import { expect } from 'chai';
import { alone, data } from './frames.js';
import { failure, joinG, read, readAll, ClientFixture, word, ClientWorld } from './support.js';

const texts = Array.from({ length: 10 }, (_, i) => String(i));
const messages = texts.map((text) => data(text));

describe('loops over a group', () => {
  it('can be left and taken up again without a loss', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone(), ...messages);
    const words: string[] = [];
    for (let loops = 0; loops < 11; loops++) words.push(...(await read(group, 1)));
    expect(words).to.deep.equal(['join a +a', ...texts]);
  });

  it('can be left by an error in their body', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone(), ...messages);
    const error = new Error('in the body');
    const loop = async (): Promise<void> => {
      for await (const event of group) if (event.kind === 'data') throw error;
    };
    expect(await failure(loop())).to.equal(error);
    expect(await read(group, 2)).to.deep.equal(['1', '2']);
  });

  it('get everything, all of them, when there are several', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone(), ...messages.slice(0, 5));
    // The first has taken an event before the second is begun, in the same turn.
    const loops = [read(group, 11), read(group, 11), read(group, 11)];
    await stage.session.send(...messages.slice(5));
    for (const words of await Promise.all(loops)) expect(words).to.deep.equal(['join a +a', ...texts]);
  });

  it('get everything of the connection, too', async () => {
    await using stage = await ClientFixture.open();
    const loops = [read(stage.connection, 11), read(stage.connection, 11)];
    await joinG(stage, alone(), ...messages);
    for (const words of await Promise.all(loops)) expect(words).to.deep.equal(['join a +a', ...texts]);
  });

  it('get what comes from there on when they are begun beside an earlier one', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone(), ...messages.slice(0, 5));
    const first = group[Symbol.asyncIterator]();
    await first.next();
    const later = read(group, 5);
    await stage.session.send(...messages.slice(5));
    expect(await later).to.deep.equal(texts.slice(5));
    const rest: string[] = [];
    while (rest.length < 10) {
      const { value } = await first.next();
      if (value) rest.push(word(value));
    }
    expect(rest).to.deep.equal(texts);
  });

  it('leave what they have not read to the next one only when no other is there', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone(), ...messages);
    const [slow, quick] = [group[Symbol.asyncIterator](), group[Symbol.asyncIterator]()];
    for (let count = 0; count < 9; count++) await quick.next();
    await slow.return?.();
    await quick.return?.();
    expect(await read(group, 2)).to.deep.equal(['8', '9']);
  });

  it('can be ended from outside; a call that waits takes no event then', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone());
    const loop = group[Symbol.asyncIterator]();
    await loop.next();
    const [call, other] = [loop.next(), read(group, 1)];
    await loop.return?.();
    expect(await call).to.deep.equal({ done: true, value: undefined });
    expect(await loop.next()).to.deep.equal({ done: true, value: undefined });
    await stage.session.send(data('1'), data('2'));
    expect(await other).to.deep.equal(['1']);
    expect(await read(group, 1)).to.deep.equal(['2']);
  });

  it('answer calls of next in their order', async () => {
    await using stage = await ClientFixture.open();
    const loop = (await joinG(stage, alone()))[Symbol.asyncIterator]();
    const calls = Promise.all([loop.next(), loop.next(), loop.next()]);
    await stage.session.send(data('1'), data('2'));
    const words = (await calls).map(({ value }) => (value ? word(value) : 'end'));
    expect(words).to.deep.equal(['join a +a', '1', '2']);
  });

  it('end once and for all', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const group = await a.join('room');
    await group.leave();
    expect((await readAll(group)).words).to.deep.equal(['join a +a', 'self-leave']);
    expect(await readAll(group)).to.deep.equal({ words: [], error: undefined });
  });
});
