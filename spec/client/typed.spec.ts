/** Groups whose messages are values: what arrives, what is refused, and who else is in the group. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { z } from 'zod';
import {
  IllegalGroupError,
  IllegalParamError,
  InvalidValueError,
  MessageTooLongError,
} from '../../lib/index.js';
import type {
  Codec,
  DataEvent,
  MessageEvent,
  StandardSchema,
  TypedGroup,
  TypedGroupEvent,
} from '../../lib/index.js';
import { InvalidEvent, ValueEvent } from '../../lib/client/typed/events.js';
import { until } from '../support/wait.js';
import { ClientWorld, failure, next, within } from './support.js';

const schema = z.object({ text: z.string(), at: z.number() });
const hello = { text: 'hello', at: 1 };
/** For values that the types refuse. */
const any = (value: unknown): never => value as never;

/** The next messages, in words: values as JSON, `type:text` of those of another type, `!` and who sent what is invalid. */
async function words(group: TypedGroup<unknown, never>, count: number): Promise<string[]> {
  const seen: string[] = [];
  const loop = async (): Promise<void> => {
    for await (const event of group) {
      const word = wordOf(event);
      if (word !== null) seen.push(word);
      if (seen.length === count) return;
    }
  };
  await within(loop(), `${count} messages, has ${seen.join('|')}`);
  return seen;
}

function wordOf(event: TypedGroupEvent<unknown>): string | null {
  if (event.kind === 'invalid') return `!${event.sender}`;
  if (event.kind !== 'data') return null;
  return event instanceof ValueEvent ? JSON.stringify(event.value) : `${event.type}:${event.text}`;
}

describe('a group with a schema', () => {
  let world: ClientWorld;
  beforeEach(async () => {
    world = await ClientWorld.start();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  it('hands out values, at the sender too', async () => {
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const [mine, other] = [await a.join('room', { schema }), await b.join('room', { schema })];
    await mine.send(hello, { service: 'safe' });
    expect(await words(mine, 1)).to.deep.equal([JSON.stringify(hello)]);
    for await (const event of other) {
      if (event.kind !== 'data') continue;
      expect(event.value).to.deep.equal(hello);
      expect(event).to.include({
        sender: '#a#d1',
        type: 0,
        service: 'safe',
        fromMe: false,
        encrypted: false,
        toSome: false,
      });
      expect(event.text).to.equal(JSON.stringify(hello));
      break;
    }
  });

  it('gives what the schema makes of what was sent', async () => {
    const a = await world.connect('a');
    const group = await a.join('room', { schema: z.string().transform((text) => text.length) });
    await group.send('four');
    expect(await words(group, 1)).to.deep.equal(['4']);
  });

  it('hands out what does not fit as invalid, in its place', async () => {
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const group = await a.join('room', { schema });
    const events: TypedGroupEvent<typeof hello>[] = [];
    group.on('event', (event) => events.push(event));
    await group.send(hello);
    for (const body of ['{"text":1,"at":1}', 'no JSON', '', Buffer.from([0xff, 0xfe]), '['.repeat(100_000)])
      await b.send('room', body);
    await group.send({ ...hello, at: 2 });
    await until(() => events.length === 7 + 1, 'all messages');
    const kinds = events.map(({ kind }) => kind);
    expect(kinds).to.have.members(['view', 'data', 'data', ...Array<string>(5).fill('invalid')]);
    const first = events.find((event) => event.kind === 'invalid');
    expect(first).to.be.instanceOf(InvalidEvent);
    expect(first).to.include({ kind: 'invalid', sender: '#b#d1' });
    expect(first?.body.toString()).to.equal('{"text":1,"at":1}');
    expect(first?.issues.map(({ path }) => path)).to.deep.equal([['text']]);
    expect(first?.message.groups).to.deep.equal(['room']);
  });

  it('keeps the order between values, invalid messages and others', async () => {
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const group = await a.join('room', { schema: z.number() });
    for (const [body, type] of [
      ['1', 0],
      ['x', 0],
      ['plain', 5],
      ['2', 0],
    ] as const)
      await b.send('room', body, { type });
    expect(await words(group, 4)).to.deep.equal(['1', '!#b#d1', '5:plain', '2']);
  });

  it('hands out messages of another type as they are', async () => {
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const group = await a.join('room', { schema, codec: { type: 7 } });
    await b.send('room', JSON.stringify(hello));
    await group.send(hello);
    expect(await words(group, 2)).to.deep.equal([`0:${JSON.stringify(hello)}`, JSON.stringify(hello)]);
  });

  it('tells listeners apart', async () => {
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const group = await a.join('room', { schema: z.number() });
    const [data, invalid]: [MessageEvent<number>[], InvalidEvent[]] = [[], []];
    group.on('data', (event) => data.push(event));
    group.on('invalid', (event) => invalid.push(event));
    await b.send('room', '"text"');
    await group.send(4);
    await until(() => data.length + invalid.length === 2, 'both');
    expect(data.map(({ value }) => value)).to.deep.equal([4]);
    expect(invalid.map(({ body }) => body.toString())).to.deep.equal(['"text"']);
  });

  it('has a reader in a listener of invalid alone', async () => {
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const group = await a.join('room', { schema: z.number() });
    let count = 0;
    group.on('invalid', () => count++);
    for (let i = 0; i < 1_500; i++) void b.send('room', 'x');
    await until(() => count === 1_500, 'more than an unread group holds');
  });

  describe('when it sends', () => {
    it('refuses what the schema does not accept, and sends nothing', async () => {
      const a = await world.connect('a');
      const group = await a.join('room', { schema });
      const error = await failure(group.send(any({ text: 1, at: 1 })));
      expect(error).to.be.instanceOf(InvalidValueError);
      expect(error).to.include({ name: 'InvalidValueError', code: 'ERR_SSP_INVALID_VALUE' });
      expect((error as InvalidValueError).issues.map(({ path }) => path)).to.deep.equal([['text']]);
      expect(error.message).to.match(/^the value does not fit its schema: at text: /);
      await group.send(hello);
      expect(await words(group, 1)).to.deep.equal([JSON.stringify(hello)]);
    });

    it('refuses what JSON would change: it checks what receivers get', async () => {
      const a = await world.connect('a');
      const group = await a.join('room', { schema: z.any().refine((value) => value !== null) });
      const circular: Record<string, unknown> = {};
      circular['self'] = circular;
      for (const value of [NaN, undefined, () => 1, 1n, circular])
        expect(await failure(group.send(value)), typeof value).to.be.instanceOf(InvalidValueError);
      const dates = await a.join('dates', { schema: z.date() });
      expect(await failure(dates.send(new Date()))).to.be.instanceOf(InvalidValueError);
    });

    it('sends in the order of the calls', async () => {
      const a = await world.connect('a');
      const group = await a.join('room', { schema: z.number() });
      void group.send(1);
      void a.send('room', '2');
      await group.send(3);
      expect(await words(group, 3)).to.deep.equal(['1', '2', '3']);
    });

    it('refuses another type, and what is too long', async () => {
      const a = await world.connect('a');
      const group = await a.join('room', { schema: z.string(), codec: { type: 3 } });
      expect((await failure(group.send('x', any({ type: 0 })))).message).to.match(
        /type is that of the codec, 3, got 0/,
      );
      await group.send('x', any({ type: 3 }));
      expect(await failure(group.send('x'.repeat(150_000)))).to.be.instanceOf(MessageTooLongError);
    });
  });

  describe('and a codec', () => {
    const codec: Codec<number> = {
      type: -9,
      encode: (value) => Uint8Array.of(value),
      decode: (body) => {
        if (body.length !== 1) throw new Error(`expected 1 byte, got ${body.length}`);
        return body[0];
      },
    };

    it('travels as the codec says', async () => {
      const [a, b] = [await world.connect('a'), await world.connect('b')];
      const group = await a.join('room', { schema: z.number().max(9), codec });
      const raw = await b.join('room');
      await group.send(7);
      await b.send('room', 'long', { type: -9 });
      expect(await words(group, 2)).to.deep.equal(['7', '!#b#d1']);
      expect(await next(raw, 'data')).to.deep.include({ type: -9, body: Buffer.from([7]) });
    });

    it('that fails refuses the value', async () => {
      const a = await world.connect('a');
      const broken = (encode: unknown): Codec => ({ encode: any(encode), decode: () => 1 });
      const throwing = (): never => {
        throw new Error('no words');
      };
      for (const [index, encode] of [throwing, () => 7, () => undefined].entries()) {
        const group = await a.join(`g${index}`, { schema: z.any(), codec: broken(encode) });
        expect((await failure(group.send(1))).message, String(index)).to.match(/it cannot be written: /);
      }
      const unread = await a.join('unread', {
        schema: z.any(),
        codec: { encode: () => 'x', decode: throwing },
      });
      expect((await failure(unread.send(1))).message).to.match(/the body cannot be read: no words/);
    });
  });

  it('answers a sender privately, and reads what came so', async () => {
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const [mine, other] = [await a.join('room', { schema }), await b.join('room', { schema })];
    const came: DataEvent[] = [];
    b.on('message', (event) => came.push(event));
    await mine.sendTo('#b#d1', hello);
    await a.sendTo('#b#d1', 'no JSON');
    await a.sendTo('#b#d1', 'plain', { type: 4 });
    await until(() => came.length === 3, 'three private messages');
    const read = came.map((event) => other.parse(event));
    expect(read.map((event) => wordOf(event))).to.deep.equal([JSON.stringify(hello), '!#a#d1', '4:plain']);
    expect(await failure(mine.sendTo('b', hello))).to.be.instanceOf(IllegalGroupError);
    expect(await failure(mine.sendTo(any(3), hello))).to.be.instanceOf(IllegalGroupError);
    expect(await failure(mine.sendTo('#b#d1', any(1)))).to.be.instanceOf(InvalidValueError);
  });

  it('has members without a schema and with another one, each with its own reading', async () => {
    const [a, b, c] = [await world.connect('a'), await world.connect('b'), await world.connect('c')];
    const numbers = await a.join('room', { schema: z.number() });
    const texts = await b.join('room', { schema: z.string() });
    const plain = await c.join('room');
    await numbers.send(1);
    await texts.send('one');
    await plain.send('1 one');
    expect(await words(numbers, 3)).to.deep.equal(['1', '!#b#d1', '!#c#d1']);
    expect(await words(texts, 3)).to.deep.equal(['!#a#d1', '"one"', '!#c#d1']);
    expect((await next(plain, 'data')).text).to.equal('1');
    expect((await next(plain, 'data')).text).to.equal('"one"');
  });

  it('leaves other groups of a message, and the connection, their bytes', async () => {
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const red = await a.join('red', { schema: z.number() });
    const blue = await a.join('blue');
    const seen: DataEvent[] = [];
    a.on('event', (event) => void (event.kind === 'data' && seen.push(event)));
    await b.send(['red', 'blue'], '5');
    expect(await words(red, 1)).to.deep.equal(['5']);
    const plain = await next(blue, 'data');
    expect(plain).to.not.have.property('value');
    expect(seen).to.deep.equal([plain]);
  });

  it('is one group for all who join it alike, and refuses others', async () => {
    const a = await world.connect('a');
    const group = await a.join('room', { schema, codec: { type: 1 } });
    expect(await a.join('room', { schema, codec: { type: 1 } })).to.equal(group);
    for (const options of [
      {},
      { schema },
      { schema: z.object({}), codec: { type: 1 } },
      { schema, codec: { type: 1, encode: () => '', decode: () => 1 } },
    ])
      expect((await failure(a.join('room', any(options)))).message).to.match(
        /room is joined with (a|another) schema/,
      );
    const plain = await a.join('plain');
    expect((await failure(a.join('plain', { schema }))).message).to.match(/plain is joined with no schema/);
    expect(await a.join('plain')).to.equal(plain);
  });

  it('refuses options that are none', async () => {
    const a = await world.connect('a');
    const cases: [object, RegExp][] = [
      [{ schema: {} }, /schema must be a Standard Schema/],
      [{ schema: 'x' }, /schema must be/],
      [{ codec: {} }, /codec requires schema/],
      [{ schema, codec: 1 }, /codec/],
      [{ schema, codec: { typ: 1 } }, /typ/],
      [{ schema, codec: { type: 40_000 } }, /codec\.type must be an integer from -32768 to 32767/],
      [{ schema, codec: { encode: () => '' } }, /encode and decode/],
      [{ schema, codec: { encode: 1, decode: 1 } }, /codec\.encode must be a function/],
    ];
    for (const [options, text] of cases) {
      const error = await failure(a.join('room', any(options)));
      expect(error).to.be.instanceOf(IllegalParamError);
      expect(error.message).to.match(text);
    }
    expect(world.daemon.groups).to.equal(0);
  });
});

describe('a schema that answers with a promise', () => {
  let world: ClientWorld;
  beforeEach(async () => {
    world = await ClientWorld.start();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  /** Answers at once to what is no text, so that a join cannot tell. */
  const late = (answer: () => Promise<unknown>): StandardSchema<unknown, string> =>
    any({
      '~standard': {
        version: 1,
        vendor: 'spec',
        validate: (value: unknown) =>
          typeof value === 'string' ? answer() : { issues: [{ message: 'no text' }] },
      },
    });

  it('ends the join', async () => {
    const a = await world.connect('a');
    const asynchronous = z.any().refine(() => Promise.resolve(true));
    expect(await failure(a.join('room', { schema: asynchronous }))).to.be.instanceOf(IllegalParamError);
    expect(world.daemon.groups).to.equal(0);
  });

  it('ends the membership where it shows later, after what came before', async () => {
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const group = await a.join('room', { schema: z.string().refine(() => Promise.resolve(true)) });
    const watch = await b.join('room');
    await b.send('room', '1');
    await b.send('room', '"text"');
    const kinds: string[] = [];
    const loop = async (): Promise<void> => {
      for await (const { kind } of group) kinds.push(kind);
    };
    const error = await failure(within(loop(), 'the end'));
    expect(error).to.be.instanceOf(IllegalParamError);
    expect(kinds.slice(0, 4)).to.deep.equal(['view', 'view', 'invalid', 'invalid']);
    expect(group.isMember).to.equal(false);
    for await (const event of watch) if (event.kind === 'view' && event.cause === 'leave') break;
  });

  it('that rejects is one invalid message, as where a check of the application throws', async () => {
    const a = await world.connect('a');
    const group = await a.join('room', { schema: late(() => Promise.reject(new Error('broken'))) });
    await a.send('room', '"text"');
    await a.send('room', '"again"');
    expect(await words(group, 2)).to.deep.equal(['!#a#d1', '!#a#d1']);
    expect(group.isMember).to.equal(true);
  });

  it('refuses what is sent', async () => {
    const a = await world.connect('a');
    const group = await a.join('room', { schema: late(() => Promise.resolve({ value: 1 })) });
    expect((await failure(group.send('x'))).message).to.match(/promise/);
  });
});
