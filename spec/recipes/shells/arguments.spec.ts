/** What the recipes refuse, before anything is sent, and that the error says what is wrong. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { IllegalParamError } from '../../../lib/errors.js';
import type { Connection } from '../../../lib/client/connection.js';
import {
  barrier,
  groupRpc,
  counter,
  election,
  lock,
  map,
  presence,
  replicated,
} from '../../../lib/recipes/index.js';
import { ClientWorld, failure } from '../../client/support.js';

/** For values that the types refuse. */
const any = (value: unknown): never => value as never;

const machine = (): Record<string, unknown> => ({
  reset: () => undefined,
  apply: () => 1,
  snapshot: () => Buffer.alloc(0),
  restore: () => undefined,
});

/** Each recipe, with options that it accepts. */
const recipes: Record<string, (connection: Connection, more?: object) => Promise<unknown>> = {
  barrier: (connection, more) => barrier(connection, 'g', { parties: 2, ...more }),
  caller: (connection, more) => groupRpc(connection, 'g', more),
  counter: (connection, more) => counter(connection, 'g', more),
  election: (connection, more) => election(connection, 'g', more),
  lock: (connection, more) => lock(connection, 'g', more),
  map: (connection, more) => map(connection, 'g', more),
  members: (connection, more) => presence(connection, 'g', { metadata: 1, ...more }),
  replicated: (connection, more) => replicated(connection, 'g', any(machine()), more),
};

async function refused(promise: Promise<unknown>, what: RegExp, hint?: string): Promise<void> {
  const error = await failure(promise);
  expect(error, hint).to.be.instanceOf(IllegalParamError);
  expect(error.message, hint).to.match(what);
}

describe('what a recipe is given', () => {
  let house: ClientWorld;
  let connection: Connection;

  beforeEach(async () => {
    house = await ClientWorld.start();
    connection = await house.connect('a');
  });

  afterEach(() => house[Symbol.asyncDispose]());

  for (const [name, open] of Object.entries(recipes)) {
    it(`${name}: begins with a connection`, async () => {
      const address = house.address;
      for (const first of [Promise.resolve(connection), address, undefined, null, {}])
        await refused(
          open(any(first)),
          /the first argument must be a Connection: `await connect\(/,
          typeof first,
        );
    });

    it(`${name}: an unknown option is named, and so are those there are`, async () => {
      await refused(open(connection, { singal: 1 }), /: unknown option "singal"; expected one of .*signal/);
    });

    it(`${name}: a signal is an AbortSignal`, async () => {
      await refused(open(connection, { signal: 5 }), /: signal must be an AbortSignal/);
    });
  }

  it('options are an object', async () => {
    await refused(map(connection, 'g', any('x')), /options must be an object/);
    await refused(barrier(connection, 'g', any(undefined)), /options must be an object: parties/);
    await refused(presence(connection, 'g', any(undefined)), /options must be an object: metadata/);
    await refused(barrier(connection, 'g', any({})), /parties is missing/);
    await refused(presence(connection, 'g', any({})), /metadata is missing/);
  });

  it('an impossible quorum for a number of members gets an error that names the possible ones', async () => {
    const of = (quorum: number, most: number): Promise<unknown> =>
      map(connection, 'g', { quorum, maxMembers: most });
    await refused(of(3, 2), /with `maxMembers: 2` expected a quorum of 2, got 3/);
    await refused(of(2, 5), /with `maxMembers: 5` expected a quorum of 3 to 5, got 2/);
    await refused(map(connection, 'g', { maxMembers: 3 }), /`maxMembers` requires `quorum`/);
  });

  it('a machine has its four methods', async () => {
    for (const name of Object.keys(machine())) {
      const crippled = { ...machine(), [name]: undefined };
      const made = replicated(connection, 'g', any(crippled));
      await refused(made, new RegExp(`machine.${name} must be a function`), name);
    }
    await refused(replicated(connection, 'g', any(null)), /machine must be an object/);
    await refused(
      replicated(connection, 'g', any({ ...machine(), merge: 1 })),
      /machine.merge must be a function/,
    );
  });

  it('whoever waits gives a signal as an option, and a real one', async () => {
    const it = await election(connection, 'election');
    const table = await map<number>(connection, 'map');
    const door = await lock(connection, 'lock');
    const waits: ((options: never) => Promise<unknown>)[] = [
      (options) => it.waitFor(options),
      (options) => it.waitForLeader(options),
      (options) => table.ready(options),
      (options) => table.replica.writable(options),
      (options) => table.set('k', 1, options),
      (options) => table.clear(options),
      (options) => door.acquire(options),
    ];
    for (const wait of waits) {
      await refused(wait(any({ signal: 5 })), /signal must be an AbortSignal/, String(wait));
      await refused(wait(any(AbortSignal.timeout(1000))), /`\{ signal \}`/, String(wait));
      await refused(wait(any({ singal: 5 })), /unknown option "singal"/, String(wait));
      await refused(wait(any(null)), /options must be an object/, String(wait));
    }
    expect(table.size).to.equal(0);
  });
});

describe('what travels', () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  const nothing: [string, unknown][] = [
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['NaN', NaN],
    ['Infinity', -Infinity],
    ['a bigint', 1n],
    ['a bigint inside', { a: [1n] }],
    ['a cycle', cycle],
    ['what makes nothing of itself', { toJSON: () => undefined }],
  ];

  it('is what JSON can hold, as a value of a map, and the error names the key', async () => {
    await using house = await ClientWorld.start();
    const a = await map<unknown>(await house.connect('a'), 'config');
    for (const [text, value] of nothing) {
      await refused(a.set('colour', value), /the value of "colour"/, text);
      await refused(a.add('colour', value), /the value of "colour"/, text);
    }
    expect(a.size).to.equal(0);
  });

  it('is what JSON can hold, as a command, metadata and request', async () => {
    await using house = await ClientWorld.start();
    const connection = await house.connect('a');
    const commands = await replicated(connection, 'commands', any(machine()));
    const metadata: unknown = 1;
    const about = await presence(connection, 'members', { metadata });
    const asking = await groupRpc(connection, 'asking');
    for (const [text, value] of nothing) {
      await refused(commands.submit(value), /the command/, text);
      expect(() => about.announce(value), text).to.throw(IllegalParamError, /the metadata/);
      if (value !== undefined) await refused(asking.call(value), /the request/, text);
    }
    expect(commands.position).to.equal(0);
  });

  it('is text, as a key', async () => {
    await using house = await ClientWorld.start();
    const a = await map<number>(await house.connect('a'), 'config');
    for (const key of [5, null, undefined, {}, Symbol('k')].map(any))
      for (const attempt of [a.set(key, 1), a.add(key, 1), a.delete(key)])
        await refused(attempt, /key must be a string, got/, String(key));
    expect(a.replica.position).to.equal(0);
  });

  it('is the same at whoever set it as at all others', async () => {
    await using house = await ClientWorld.start();
    const a = await map<unknown>(await house.connect('a'), 'config');
    await a.set('when', new Date(0));
    await a.set('some', { gone: undefined, list: [undefined, NaN], none: new Map([[1, 2]]) });
    const b = await map<unknown>(await house.connect('b'), 'config');
    await b.ready();
    const stored = [
      ['when', '1970-01-01T00:00:00.000Z'],
      ['some', { list: [null, null], none: {} }],
    ];
    for (const each of [a, b]) expect([...each]).to.have.deep.members(stored);
  });

  it('is a whole number, added to a counter', async () => {
    await using house = await ClientWorld.start();
    const a = await counter(await house.connect('a'), 'hits');
    for (const amount of [1.5, '1', null, NaN, Infinity, 2 ** 53, 1n].map(any))
      await refused(a.add(amount), /a whole number/, String(amount));
    expect(a.replica.position).to.equal(0);
    expect(await a.add()).to.equal(1);
  });
});
