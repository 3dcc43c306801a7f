import { EventEmitter } from 'eventemitter3';
import { expect } from 'chai';
import { ConnectionClosedError, type GroupEvent } from '../../lib/index.js';
import type { Group } from '../../lib/group/group.js';
import { A, alone, change, data, REQUEST_BYTES, selfLeave, transition } from './frames.js';
import { failure, isWaiting, read, readAll, settle, Stage, within, word, World } from './support.js';

/** The group `g` with what the daemon sends at once behind its first view. */
async function joined(stage: Stage, ...behind: Buffer[]): Promise<Group> {
  const join = stage.connection.join('g');
  await stage.session.bytesFrom(REQUEST_BYTES);
  await stage.session.send(alone(), ...behind);
  const group = await within(join, 'the join');
  await settle();
  return group;
}

/** Runs the work while uncaught exceptions are caught; returns them. */
async function uncaught(work: () => Promise<void>): Promise<unknown[]> {
  const errors: unknown[] = [];
  process.setUncaughtExceptionCaptureCallback((error) => errors.push(error));
  try {
    await work();
    await settle();
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
  return errors;
}

const texts = Array.from({ length: 10 }, (_, i) => String(i));
const messages = texts.map((text) => data(text));

describe('listeners of a group', () => {
  it('get what came before the first of them, in order, not within the call', async () => {
    await using stage = await Stage.open();
    const group = await joined(stage, ...messages);
    const heard: string[] = [];
    group.on('event', (event) => heard.push(word(event)));
    expect(heard).to.deep.equal([]);
    await stage.session.send(data('last'));
    await settle();
    expect(heard).to.deep.equal(['join a +a', ...texts, 'last']);
  });

  it('attached in the same turn all get it', async () => {
    await using stage = await Stage.open();
    const group = await joined(stage, data('x'), transition(), change('leave', '#b#d1', [A]));
    const heard: string[] = [];
    group.on('view', (view) => heard.push(`view: ${word(view)}`));
    group.addListener('data', ({ text }) => heard.push(`data: ${text}`));
    group.on('transition', ({ kind }) => heard.push(kind));
    await settle();
    expect(heard).to.deep.equal(['view: join a +a', 'data: x', 'transition', 'view: leave a']);
  });

  it('get each kind, then the event', async () => {
    await using stage = await Stage.open();
    const group = await joined(stage);
    const heard: string[] = [];
    const hear = (name: string) => (event: GroupEvent) => heard.push(`${name} ${event.kind}`);
    for (const name of ['event', 'leave', 'transition', 'view', 'data'] as const) group.on(name, hear(name));
    const leave = group.leave();
    await stage.session.send(data('x'), transition(), selfLeave());
    await leave;
    const kinds = ['view', 'data', 'transition', 'leave'];
    expect(heard).to.deep.equal(kinds.flatMap((kind) => [`${kind} ${kind}`, `event ${kind}`]));
  });

  it('by once take one event; the rest waits for the next reader', async () => {
    await using stage = await Stage.open();
    const group = await joined(stage, data('1'), data('2'));
    const first = await within(
      new Promise<string>((resolve) => group.once('data', ({ text }) => resolve(text))),
      '1',
    );
    expect(first).to.equal('1');
    await stage.session.send(data('3'));
    await settle();
    expect(await read(group, 2)).to.deep.equal(['2', '3']);
  });

  it('that are taken off leave what comes then to the next reader', async () => {
    await using stage = await Stage.open();
    const group = await joined(stage);
    const heard: string[] = [];
    const hear = (event: GroupEvent): void => void heard.push(word(event));
    group.on('event', hear);
    await settle();
    group.off('event', hear);
    await stage.session.send(data('1'));
    await settle();
    group.on('event', hear);
    await settle();
    expect(heard).to.deep.equal(['join a +a', '1']);
  });

  it('get what arrived also when the connection is lost', async () => {
    await using stage = await Stage.open();
    const group = await joined(stage, data('x'));
    stage.session.end();
    await within(new Promise((resolve) => stage.connection.on('close', resolve)), 'the loss');
    const heard: string[] = [];
    group.on('event', (event) => heard.push(word(event)));
    await settle();
    expect(heard).to.deep.equal(['join a +a', 'x']);
  });

  it('have their context', async () => {
    await using stage = await Stage.open();
    const group = await joined(stage);
    const context = { heard: 0 };
    function hear(this: typeof context): void {
      this.heard++;
    }
    group.on('view', hear, context).once('event', hear, context).addListener('event', hear, context);
    await settle();
    expect(context.heard).to.equal(3);
    expect(group).to.be.instanceOf(EventEmitter);
  });

  it('and loops get all there is, each of them', async () => {
    await using stage = await Stage.open();
    const group = await joined(stage, ...messages);
    const heard: string[] = [];
    group.on('data', ({ text }) => heard.push(text));
    const loop = read(group, 12);
    await stage.session.send(data('last'));
    expect(await loop).to.deep.equal(['join a +a', ...texts, 'last']);
    expect(heard).to.deep.equal([...texts, 'last']);
  });

  it('attached after a loop began get what comes from there on', async () => {
    await using stage = await Stage.open();
    const group = await joined(stage, data('1'));
    expect(await read(group, 1)).to.deep.equal(['join a +a']);
    const heard: string[] = [];
    group.on('data', ({ text }) => heard.push(text));
    await settle();
    await stage.session.send(data('2'));
    expect(await read(group, 2)).to.deep.equal(['1', '2']);
    expect(heard).to.deep.equal(['2']);
  });

  it('that begin a loop share the rest with it', async () => {
    await using stage = await Stage.open();
    const group = await joined(stage, data('1'), data('2'));
    const heard: string[] = [];
    let loop: Promise<string[]> | undefined;
    group.on('event', (event) => {
      if (heard.push(word(event)) === 1) loop = read(group, 2);
    });
    await settle();
    expect(heard).to.deep.equal(['join a +a', '1', '2']);
    expect(await loop).to.deep.equal(['1', '2']);
  });

  describe('that throw', () => {
    it('cause an uncaught exception and stop neither other kinds nor what follows', async () => {
      await using stage = await Stage.open();
      const { connection, session } = stage;
      const group = await joined(stage);
      const heard: string[] = [];
      const error = new Error('a defect');
      group.on('data', ({ text }) => {
        heard.push(text);
        throw error;
      });
      group.on('data', () => heard.push('behind it'));
      group.on('event', ({ kind }) => heard.push(kind));
      connection.on('event', () => {
        throw error;
      });
      const loop = read(group, 3);
      const errors = await uncaught(() => session.send(data('1'), data('2')));
      expect(errors).to.deep.equal([error, error, error, error]);
      expect(heard).to.deep.equal(['view', '1', 'data', '2', 'data']);
      expect(await loop).to.deep.equal(['join a +a', '1', '2']);
    });

    it('do not keep a connection from closing', async () => {
      await using stage = await Stage.open();
      stage.connection.on('close', () => {
        throw new Error('a defect');
      });
      const errors = await uncaught(() => stage.connection.close());
      expect(errors).to.have.length(1);
    });
  });
});

describe('loops over a group', () => {
  it('can be left and taken up again without a loss', async () => {
    await using stage = await Stage.open();
    const group = await joined(stage, ...messages);
    const words: string[] = [];
    for (let loops = 0; loops < 11; loops++) words.push(...(await read(group, 1)));
    expect(words).to.deep.equal(['join a +a', ...texts]);
  });

  it('can be left by an error in their body', async () => {
    await using stage = await Stage.open();
    const group = await joined(stage, ...messages);
    const error = new Error('in the body');
    const loop = async (): Promise<void> => {
      for await (const event of group) if (event.kind === 'data') throw error;
    };
    expect(await failure(loop())).to.equal(error);
    expect(await read(group, 2)).to.deep.equal(['1', '2']);
  });

  it('share the events when there are several', async () => {
    await using stage = await Stage.open();
    const group = await joined(stage);
    const [one, two] = [read(group, 6), read(group, 5)];
    await stage.session.send(...messages);
    const words = [...(await one), ...(await two)];
    expect(words.toSorted()).to.deep.equal([...texts, 'join a +a'].toSorted());
  });

  it('can be ended from outside; a call that waits takes no event then', async () => {
    await using stage = await Stage.open();
    const group = await joined(stage);
    const loop = group[Symbol.asyncIterator]();
    await loop.next();
    const [call, other] = [loop.next(), group[Symbol.asyncIterator]().next()];
    await loop.return?.();
    expect(await call).to.deep.equal({ done: true, value: undefined });
    expect(await loop.next()).to.deep.equal({ done: true, value: undefined });
    await stage.session.send(data('1'), data('2'));
    expect((await other).value).to.deep.include({ kind: 'data' });
    expect(await read(group, 1)).to.deep.equal(['2']);
  });

  it('answer calls of next in their order', async () => {
    await using stage = await Stage.open();
    const loop = (await joined(stage))[Symbol.asyncIterator]();
    const calls = Promise.all([loop.next(), loop.next(), loop.next()]);
    await stage.session.send(data('1'), data('2'));
    const words = (await calls).map(({ value }) => (value ? word(value) : 'end'));
    expect(words).to.deep.equal(['join a +a', '1', '2']);
  });

  it('end once and for all', async () => {
    await using world = await World.start();
    const a = await world.connect('a');
    const group = await a.join('room');
    await group.leave();
    expect((await readAll(group)).words).to.deep.equal(['join a +a', 'leave']);
    expect(await readAll(group)).to.deep.equal({ words: [], error: undefined });
  });
});

describe('when the connection is lost', () => {
  it('loops get what arrived, then throw ConnectionClosedError', async () => {
    await using stage = await Stage.open();
    const { connection, session } = stage;
    const events = readAll(connection);
    const group = await joined(stage, ...messages);
    session.end();
    for (const { words, error } of [await readAll(group), await events]) {
      expect(words).to.deep.equal(['join a +a', ...texts]);
      expect(error).to.be.instanceOf(ConnectionClosedError);
      expect((error as ConnectionClosedError).code).to.equal(-8);
    }
  });

  it('every loop throws, once', async () => {
    await using stage = await Stage.open();
    const group = await joined(stage);
    const [one, two] = [group[Symbol.asyncIterator](), group[Symbol.asyncIterator]()];
    await one.next();
    const calls = [one.next(), two.next()];
    calls.forEach((call) => call.catch(() => undefined));
    stage.session.end();
    for (const call of calls) expect(await failure(call)).to.be.instanceOf(ConnectionClosedError);
    expect(await one.next()).to.deep.equal({ done: true, value: undefined });
    expect((await readAll(group)).error, 'a loop begun later').to.be.instanceOf(ConnectionClosedError);
  });

  it('close is told once, with the error and its cause, behind everything that arrived', async () => {
    await using stage = await Stage.open();
    const { connection, session } = stage;
    const heard: unknown[] = [];
    connection.on('event', (event) => heard.push(word(event)));
    connection.on('close', (error) => heard.push(error));
    const group = await joined(stage);
    group.on('event', () => undefined);
    session.socket.end(Buffer.concat([data('x'), data('y')]));
    await within(new Promise((resolve) => connection.once('close', resolve)), 'the loss');
    await connection.close();
    expect(heard.slice(0, 3)).to.deep.equal(['join a +a', 'x', 'y']);
    expect(heard).to.have.length(4);
    expect(heard[3]).to.be.instanceOf(ConnectionClosedError);
    expect(connection.open).to.equal(false);
  });

  it('its cause is told by the error', async () => {
    await using stage = await Stage.open();
    const { connection, session } = stage;
    const closed = new Promise<Error | undefined>((resolve) => connection.once('close', resolve));
    await session.send(Buffer.alloc(48, 0xff));
    const error = await within(closed, 'the loss');
    expect(error).to.be.instanceOf(ConnectionClosedError);
    expect(error?.cause).to.be.instanceOf(Error);
    expect(error?.message).to.contain((error?.cause as Error).message);
  });

  it('nothing is left unhandled when nobody reads', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      await using stage = await Stage.open();
      await joined(stage);
      const join = stage.connection.join('h');
      join.catch(() => undefined);
      stage.session.end();
      await failure(join);
      await settle();
    } finally {
      process.off('unhandledRejection', note);
    }
    expect(unhandled).to.deep.equal([]);
  });

  it('a loop does not end before what is under way has come', async () => {
    await using stage = await Stage.open();
    const group = await joined(stage);
    expect(await isWaiting(readAll(group))).to.equal(true);
  });
});
