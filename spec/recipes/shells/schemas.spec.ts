/** Recipes with schemas: what a member may send, and what it makes of others that have another schema or none. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { z } from 'zod';
import { IllegalParamError, InvalidValueError } from '../../../lib/index.js';
import {
  counter,
  groupRpc,
  IncompatibleMemberError,
  lock,
  type Machine,
  map,
  presence,
  replicated,
} from '../../../lib/recipes/index.js';
import { ClientWorld, failure } from '../../client/support.js';
import { until } from '../../support/wait.js';

/** For values that the types refuse. */
const any = (value: unknown): never => value as never;

const invalid = async (promise: Promise<unknown>, path: readonly PropertyKey[]): Promise<void> => {
  const error = await failure(promise);
  expect(error).to.be.instanceOf(InvalidValueError);
  expect((error as InvalidValueError).issues[0]?.path).to.deep.equal(path);
};

describe('recipes with a schema', () => {
  let world: ClientWorld;
  beforeEach(async () => {
    world = await ClientWorld.start();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  describe('call', () => {
    const schema = {
      request: z.object({ a: z.number(), b: z.string().transform(Number) }),
      answer: z.number(),
    };

    it('checks the request, and gives the handler what the schema makes of it', async () => {
      const options = { schema, handler: ({ a, b }: { a: number; b: number }) => a + b };
      const calc = await groupRpc(await world.connect('a'), 'calc', options);
      expect((await calc.call({ a: 1, b: '2' })).values).to.deep.equal([3]);
      await invalid(calc.call(any({ a: 1, b: 2 })), ['b']);
      await invalid(calc.call(any(undefined)), []);
      expect(await failure(calc.call(any(1n)))).to.be.instanceOf(IllegalParamError);
    });

    it('shows an answer that does not fit as invalid, and waits for one that does', async () => {
      const a = await groupRpc(await world.connect('a'), 'calc', { schema });
      const b = await groupRpc(await world.connect('b'), 'calc', { handler: () => 'text' });
      const good = await groupRpc(await world.connect('c'), 'calc', { schema, handler: ({ a: n }) => n });
      const { outcomes, values, satisfied } = await a.call({ a: 7, b: '0' });
      expect([values, satisfied]).to.deep.equal([[7], false]);
      expect([...outcomes].map(([id, { kind }]) => [id, kind])).to.deep.equal([
        ['#b#d1', 'invalid'],
        ['#c#d1', 'value'],
      ]);
      const outcome = outcomes.get('#b#d1');
      expect(outcome?.kind === 'invalid' && outcome.issues.length).to.equal(1);
      for (let i = 0; i < 10; i++) {
        const first = await a.call({ a: i, b: '0' }, { mode: 'first' });
        expect([first.values, first.satisfied]).to.deep.equal([[i], true]);
      }
      await Promise.all([b.leave(), good.leave()]);
    });

    it('answers a request that does not fit with an error, without its handler', async () => {
      let served = 0;
      await groupRpc(await world.connect('a'), 'calc', { schema, handler: () => ++served });
      const other = await groupRpc(await world.connect('b'), 'calc');
      const outcome = (await other.call({ a: 'x' })).outcomes.get('#a#d1');
      expect(outcome).to.include({ kind: 'error' });
      expect(outcome?.kind === 'error' && outcome.message).to.match(
        /^the request does not fit its schema: at a: /,
      );
      expect(served).to.equal(0);
    });

    it('makes an error of an answer of its own handler that does not fit', async () => {
      const wrong = { schema, handler: () => any('text') as number };
      const calc = await groupRpc(await world.connect('a'), 'calc', wrong);
      const [outcome] = (await calc.call({ a: 1, b: '1' })).outcomes.values();
      expect(outcome?.kind === 'error' && outcome.message).to.match(/^the answer does not fit its schema/);
    });
  });

  describe('map', () => {
    const schema = z.object({ on: z.boolean(), since: z.string().transform((text) => new Date(text)) });
    const since = '2026-01-01T00:00:00.000Z';

    it('checks what is set, and shows what the schema makes of it', async () => {
      const flags = await map(await world.connect('a'), 'flags', { schema });
      await flags.ready();
      await flags.set('x', { on: true, since });
      expect(flags.get('x')).to.deep.equal({ on: true, since: new Date(since) });
      expect(flags.get('x')).to.equal(flags.get('x'));
      await invalid(flags.set('y', any({ on: 1, since })), ['on']);
      await invalid(flags.add('y', any({ on: true })), ['since']);
      expect([flags.size, flags.has('y'), flags.get('y')]).to.deep.equal([1, false, undefined]);
    });

    it('shows nothing of what others set that does not fit', async () => {
      const flags = await map(await world.connect('a'), 'flags', { schema });
      const loose = await map<unknown>(await world.connect('b'), 'flags');
      await Promise.all([flags.ready(), loose.ready()]);
      const seen: string[] = [];
      flags.on('set', (key) => seen.push(`set ${key}`));
      flags.on('invalid', (key, issues) => seen.push(`invalid ${key} ${issues.length}`));
      flags.on('deleted', (key, { on }) => seen.push(`deleted ${key} ${on}`));
      await loose.set('bad', 7);
      await loose.set('good', { on: false, since });
      expect(await flags.add('bad', { on: true, since })).to.equal(false);
      expect([...flags]).to.deep.equal([['good', { on: false, since: new Date(since) }]]);
      expect([[...flags.keys()], [...flags.values()].length, flags.size]).to.deep.equal([['good'], 1, 2]);
      expect([flags.has('bad'), flags.get('bad'), loose.get('bad')]).to.deep.equal([false, undefined, 7]);
      await loose.delete('bad');
      await loose.delete('good');
      await flags.clear();
      expect(seen).to.deep.equal(['invalid bad 1', 'set good', 'deleted good false']);
    });
  });

  describe('replicated', () => {
    const schema = z.object({ add: z.number().int() });
    class Sum implements Machine<{ add: number }, number> {
      sum = 0;
      reset(): void {
        this.sum = 0;
      }
      apply({ add }: { add: number }): number {
        return (this.sum += add);
      }
      snapshot(): Uint8Array {
        return Buffer.from(String(this.sum));
      }
      async restore(pieces: AsyncIterable<Buffer>): Promise<void> {
        for await (const piece of pieces) this.sum = Number(piece.toString());
      }
    }

    it('checks a command before it goes', async () => {
      const sum = await replicated(await world.connect('a'), 'sum', new Sum(), { schema });
      expect(await sum.submit({ add: 2 })).to.equal(2);
      await invalid(sum.submit(any({ add: 'x' })), ['add']);
      expect(await sum.submit({ add: 3 })).to.equal(5);
      expect(sum.position).to.equal(2);
    });

    it('applies nothing of a member that does not check', async () => {
      const machines = [new Sum(), new Sum()] as const;
      const a = await replicated(await world.connect('a'), 'sum', machines[0], { schema });
      const lax = z.any() as unknown as typeof schema;
      const b = await replicated(await world.connect('b'), 'sum', machines[1], { schema: lax });
      await Promise.all([a.ready(), b.ready()]);
      // The other one has another schema: what it applies by itself is its own affair.
      await b.submit(any({ add: '1' }));
      expect(await a.submit({ add: 4 })).to.equal(4);
      expect(a.position).to.equal(2);
    });

    it('keeps out members without a schema', async () => {
      await replicated(await world.connect('a'), 'sum', new Sum(), { schema });
      const other = await replicated(await world.connect('b'), 'sum', new Sum());
      const error = await other.closed;
      expect(error).to.be.instanceOf(IncompatibleMemberError);
      expect(error?.message).to.match(/holds a machine of checked commands without a quorum/);
    });
  });

  describe('presence', () => {
    const schema = z.object({ port: z.number(), zone: z.string().default('main') });

    it('checks what is announced, and shows what the schema makes of it', async () => {
      const all = await presence(await world.connect('a'), 'servers', { schema, metadata: { port: 1 } });
      await until(() => all.here.length === 1, 'the announcement');
      expect(all.here[0]).to.deep.include({ metadata: { port: 1, zone: 'main' }, issues: [] });
      expect(() => all.announce(any({ port: 'x' }))).to.throw(
        InvalidValueError,
        /^the metadata does not fit its schema/,
      );
      await invalid(presence(await world.connect('b'), 'servers', { schema, metadata: any({}) }), ['port']);
      expect(all.here).to.have.length(1);
    });

    it('shows metadata of others that does not fit as null, with the issues', async () => {
      const all = await presence(await world.connect('a'), 'servers', { schema, metadata: { port: 1 } });
      await presence(await world.connect('b'), 'servers', { metadata: 'no port' });
      await until(() => all.here.length === 2, 'both');
      const [, other] = all.here;
      expect(other?.metadata).to.equal(null);
      expect(other?.issues).to.have.length(1);
      expect(all.people.map(({ metas }) => metas)).to.deep.equal([[{ port: 1, zone: 'main' }], [null]]);
    });
  });

  it('refuse schemas that are none, and recipes that take none', async () => {
    const a = await world.connect('a');
    const late = z.any().refine(() => Promise.resolve(true));
    const refused: [Promise<unknown>, RegExp][] = [
      [map(a, 'g', { schema: any({}) }), /schema must be a Standard Schema/],
      [map(a, 'g', { schema: late }), /schema must validate synchronously/],
      [presence(a, 'g', { metadata: 1, schema: any(1) }), /schema must be/],
      [replicated(a, 'g', any({}), { schema: late }), /schema must validate/],
      [groupRpc(a, 'g', any({ schema: { request: late } })), /schema\.request must validate/],
      [groupRpc(a, 'g', any({ schema: { reply: late } })), /reply/],
      [counter(a, 'g', any({ schema: late })), /schema/],
      [lock(a, 'g', any({ schema: late })), /schema/],
    ];
    for (const [promise, text] of refused) {
      const error = await failure(promise);
      expect(error).to.be.instanceOf(IllegalParamError);
      expect(error.message).to.match(text);
    }
    expect(world.daemon.groups).to.equal(0);
  });
});
