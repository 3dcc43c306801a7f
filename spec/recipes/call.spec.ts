import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { CallCore, type CallMode, type RawOutcome, type Ticket } from '../../lib/recipes/core/call.js';
import { Random } from '../support/random.js';
import { live } from './adventure.js';
import { type Member, World } from './world.js';

interface Ended {
  readonly outcomes: ReadonlyMap<string, RawOutcome>;
  readonly asked: readonly string[];
}

const TIMEOUT = 3000;

class Calls {
  readonly cores = new Map<Member, CallCore>();
  readonly ended = new Map<Member, Map<number, Ended | 'broken'>>();
  readonly begun = new Map<Member, Map<number, number>>();
  /** Requests that wait for an answer, where members do not answer at once. */
  readonly held: (() => void)[] = [];
  private instances = 0;

  /** @param answer what a member does with a request; `none`: it has no handler */
  constructor(private readonly answer: (member: Member) => 'value' | 'error' | 'hold' | 'none') {}

  readonly make = (member: Member): CallCore => {
    const ended = new Map<number, Ended | 'broken'>();
    this.ended.set(member, ended);
    this.begun.set(member, new Map());
    const core: CallCore = new CallCore(++this.instances, this.answer(member) !== 'none', {
      send: (body, service) => member.send(body, service),
      sendTo: (name, body) => member.sendTo(name, body),
      request: (_from, ticket, body) => this.serve(member, core, ticket, body),
      done: (call, outcomes, asked) => void ended.set(call, { outcomes, asked }),
      broken: (call) => void ended.set(call, 'broken'),
    });
    this.cores.set(member, core);
    return core;
  };

  call(member: Member, mode: CallMode, now: number): number {
    const core = this.cores.get(member) as CallCore;
    const call = core.call(Buffer.from('q'), mode, TIMEOUT, now);
    this.begun.get(member)?.set(call, now);
    return call;
  }

  of(member: Member, call: number): Record<string, string> {
    const ended = this.ended.get(member)?.get(call);
    if (!ended || ended === 'broken') return { ended: String(ended) };
    return Object.fromEntries(
      [...ended.outcomes].map(([name, { kind }]) => [name.split('#')[1] ?? '', kind]),
    );
  }

  private serve(member: Member, core: CallCore, ticket: Ticket, body: Buffer): void {
    const how = this.answer(member);
    if (how === 'error') core.fail(ticket, 'no');
    else if (how === 'value') core.answer(ticket, body);
    else this.held.push(() => core.answer(ticket, body));
  }
}

function started(calls: Calls, ...names: readonly string[]): [World, Member[]] {
  const world = new World(new Random(5));
  const members = names.map((name) => world.start(name, calls.make));
  world.settle();
  return [world, members];
}

const byName =
  (kinds: Readonly<Record<string, 'value' | 'error' | 'hold' | 'none'>>) =>
  ({ name }: Member) =>
    kinds[name] ?? 'value';

describe('the core of a call', () => {
  it('has the outcome of every member', () => {
    const calls = new Calls(byName({ c: 'error' }));
    const [world, [a]] = started(calls, 'a', 'b', 'c');
    const call = calls.call(a as Member, 'all', world.now);
    world.settle();
    expect(calls.of(a as Member, call)).to.deep.equal({ a: 'value', b: 'value', c: 'error' });
  });

  it('does not wait for one who leaves', () => {
    const calls = new Calls(byName({ b: 'hold' }));
    const [world, [a, b]] = started(calls, 'a', 'b');
    const begin = world.now;
    const call = calls.call(a as Member, 'all', begin);
    world.settle(0);
    expect(calls.of(a as Member, call)).to.deep.equal({ ended: 'undefined' });
    world.crash(b as Member);
    world.settle(0);
    expect(calls.of(a as Member, call)).to.deep.equal({ a: 'value', b: 'left' });
    expect(world.now).to.equal(begin);
  });

  it('counts one as left that the network has parted', () => {
    const calls = new Calls(byName({ b: 'hold' }));
    const [world, [a, b]] = started(calls, 'a', 'b');
    const call = calls.call(a as Member, 'all', world.now);
    world.settle(0);
    world.regroup([[a as Member], [b as Member]]);
    world.settle(0);
    expect(calls.of(a as Member, call)).to.deep.equal({ a: 'value', b: 'left' });
  });

  it('gives up those who do not answer in time', () => {
    const calls = new Calls(byName({ b: 'hold' }));
    const [world, [a]] = started(calls, 'a', 'b');
    const begin = world.now;
    const call = calls.call(a as Member, 'all', begin);
    world.settle();
    expect(calls.of(a as Member, call)).to.deep.equal({ a: 'value', b: 'timeout' });
    expect(world.now).to.equal(begin + TIMEOUT);
  });

  it('ends with the first value when that is enough', () => {
    const calls = new Calls(byName({ a: 'error', b: 'hold' }));
    const [world, [a]] = started(calls, 'a', 'b', 'c');
    const call = calls.call(a as Member, 'first', world.now);
    world.settle(0);
    expect(calls.of(a as Member, call)).to.have.property('c', 'value');
  });

  it('ends with the values of a majority when that is enough', () => {
    const calls = new Calls(byName({ d: 'hold' }));
    const [world, [a]] = started(calls, 'a', 'b', 'c', 'd');
    const call = calls.call(a as Member, 'majority', world.now);
    world.settle(0);
    expect(calls.of(a as Member, call)).to.deep.equal({ a: 'value', b: 'value', c: 'value' });
  });

  it('does not count members that answer nobody', () => {
    const calls = new Calls(byName({ a: 'none' }));
    const [world, [a]] = started(calls, 'a', 'b');
    const call = calls.call(a as Member, 'all', world.now);
    world.settle(0);
    expect(calls.of(a as Member, call)).to.deep.equal({ b: 'value' });
  });

  it('tells of calls that the end of the membership breaks', () => {
    const calls = new Calls(byName({ a: 'hold' }));
    const [world, [a]] = started(calls, 'a');
    const call = calls.call(a as Member, 'all', world.now);
    world.leave(a as Member);
    world.settle(0);
    expect(calls.of(a as Member, call)).to.deep.equal({ ended: 'broken' });
  });

  it('takes no answer twice, and none of a member that was not asked', () => {
    const calls = new Calls(byName({ b: 'hold' }));
    const [world, [a, b]] = started(calls, 'a', 'b');
    const call = calls.call(a as Member, 'all', world.now);
    world.settle(0);
    const c = world.start('c', calls.make);
    world.settle(0);
    calls.cores.get(c)?.answer({ caller: '#a#d00', instance: 1, call }, Buffer.from('x'));
    calls.cores.get(a as Member)?.answer({ caller: '#a#d00', instance: 1, call }, Buffer.from('x'));
    world.settle(0);
    expect(calls.of(a as Member, call)).to.deep.equal({ ended: 'undefined' });
    expect(b?.isUp).to.equal(true);
  });

  it('never hangs in 1000 worlds, and waits for nobody who has left', () => {
    for (let seed = 1; seed <= 1000; seed++) {
      const random = new Random(seed);
      const kinds = ['value', 'value', 'value', 'error', 'hold', 'none'] as const;
      const chosen = new Map<Member, (typeof kinds)[number]>();
      const calls = new Calls((member) => {
        const kind = chosen.get(member) ?? random.pick(kinds);
        chosen.set(member, kind);
        return kind;
      });
      const world = live(seed, {
        make: calls.make,
        most: 5,
        silent: true,
        steps: 150,
        act: (member, _, { now }) => {
          if (member.isMember) calls.call(member, random.pick(['first', 'majority', 'all']), now);
        },
      });
      for (const member of world.members) {
        if (!member.isUp || !member.core) continue;
        const begun = [...(calls.begun.get(member)?.keys() ?? [])];
        const ended = calls.ended.get(member) as Map<number, Ended | 'broken'>;
        expect([...ended.keys()], `seed ${seed}`).to.have.members(begun);
        for (const each of ended.values()) {
          if (each === 'broken') continue;
          for (const [name, { kind }] of each.outcomes) {
            const other = world.members.find(({ privateName }) => privateName === name);
            const how = chosen.get(other as Member) ?? 'hold';
            if (kind === 'value' || kind === 'error') expect(kind, `seed ${seed} ${name}`).to.equal(how);
            else expect(['left', 'timeout']).to.include(kind);
          }
        }
      }
    }
  }).timeout(120_000);
});
