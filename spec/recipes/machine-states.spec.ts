/** States and machines that are given from outside: what is not one is refused, field by field. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { BarrierMachine } from '../../lib/recipes/core/machines/barrier.js';
import { LockMachine } from '../../lib/recipes/core/machines/lock.js';
import { checkMachine } from '../../lib/recipes/core/machines/machine.js';
import { MAX_LEAD } from '../../lib/primary/claims.js';

/** Values that are not what a field holds. */
const NOT_COUNTS = [undefined, null, -1, 0.5, 2 ** 53, '7', [7]];
const NOT_TEXTS = [undefined, null, 7, ['a'], {}];
const NOT_LISTS = [undefined, null, 7, 'ab', {}, { length: 1 }];
const NOT_ITEMS = [null, 7, 'a', [], {}];

/** The same with one field as each of these. */
const withEach = <T extends object>(whole: T, field: keyof T, values: readonly unknown[]): object[] =>
  values.map((value) => ({ ...whole, [field]: value }));

const load = (machine: { load(bytes: Buffer): void }, state: unknown): void =>
  machine.load(Buffer.from(JSON.stringify(state)));

function expectRefused(make: () => { load(bytes: Buffer): void }, states: readonly unknown[]): void {
  for (const state of states)
    expect(() => load(make(), state), JSON.stringify(state)).to.throw(
      /expected the state of a (barrier|lock)/,
    );
}

describe('the state of a barrier', () => {
  const place = { member: '#a#d1', instance: 7 };
  const whole = { generation: 3, entered: [place] };

  it('is taken when it is whole', () => {
    const machine = new BarrierMachine();
    load(machine, whole);
    expect([machine.generation, machine.entered, machine.knows('#a#d1', 7)]).to.deep.equal([
      3,
      ['#a#d1'],
      true,
    ]);
  });

  it('is refused with any field that is not what it holds', () => {
    const places = [
      ...withEach(place, 'member', NOT_TEXTS),
      ...withEach(place, 'instance', NOT_COUNTS),
      ...NOT_ITEMS,
    ];
    expectRefused(
      () => new BarrierMachine(),
      [
        ...NOT_ITEMS,
        ...withEach(whole, 'generation', NOT_COUNTS),
        ...withEach(whole, 'entered', NOT_LISTS),
        ...places.flatMap((each) => withEach(whole, 'entered', [[place, each]])),
      ],
    );
  });
});

describe('the state of a lock', () => {
  const claim = { member: '#a#d1', instance: 7, request: 1, now: 5 };
  const clock = { member: '#a#d1', now: 5 };
  const whole = { token: 3, holder: claim, waiting: [claim], clocks: [clock] };

  it('is taken when it is whole', () => {
    const machine = new LockMachine();
    load(machine, whole);
    expect([machine.token, machine.holder, machine.waiting]).to.deep.equal([3, claim, [claim]]);
    load(machine, { ...whole, holder: null });
    expect(machine.holder).to.equal(null);
  });

  it('is refused with any field that is not what it holds', () => {
    const claims = [
      ...withEach(claim, 'member', NOT_TEXTS),
      ...withEach(claim, 'instance', NOT_COUNTS),
      ...withEach(claim, 'request', NOT_COUNTS),
      ...withEach(claim, 'now', NOT_COUNTS),
      7,
      'a',
      [],
      {},
    ];
    const clocks = [
      ...withEach(clock, 'member', NOT_TEXTS),
      ...withEach(clock, 'now', NOT_COUNTS),
      ...NOT_ITEMS,
    ];
    expectRefused(
      () => new LockMachine(),
      [
        ...NOT_ITEMS,
        ...withEach(whole, 'token', NOT_COUNTS),
        ...withEach(whole, 'waiting', NOT_LISTS),
        ...withEach(whole, 'clocks', NOT_LISTS),
        ...claims.flatMap((each) => [
          { ...whole, holder: each },
          { ...whole, waiting: [claim, each] },
        ]),
        ...clocks.flatMap((each) => withEach(whole, 'clocks', [[clock, each]])),
      ],
    );
  });
});

describe('the times that a lock hears', () => {
  const NOW = 1_700_000_000_000;
  const acquire = (machine: LockMachine, sender: string, now: number): void =>
    machine.apply({ op: 'acquire', instance: 1, request: 1, now }, { sender } as never);
  const release = (machine: LockMachine, sender: string): void =>
    machine.apply({ op: 'release', instance: 1, request: 1 }, { sender } as never);

  /** What `c` gets as its token when it asks after `a` and `b`, and who was doubted. */
  function tokenOf(now: number, before: (machine: LockMachine) => void): [token: number, doubted: string[]] {
    const machine = new LockMachine();
    const doubted: string[] = [];
    machine.doubted = (member, shown) => doubted.push(`${member} ${shown - NOW}`);
    for (const [member, ahead] of [
      ['a', 0],
      ['b', 100],
    ] as const)
      machine.apply({ op: 'begin', instance: 1, now: NOW + ahead }, { sender: member } as never);
    before(machine);
    acquire(machine, 'c', now);
    return [machine.token - NOW, doubted];
  }

  it('counts one that is up to a day above all others; one that is above that counts as the highest of them', () => {
    expect(tokenOf(NOW + 100 + MAX_LEAD, () => undefined)).to.deep.equal([100 + MAX_LEAD, []]);
    const far = NOW + 101 + MAX_LEAD;
    expect(tokenOf(far, () => undefined)).to.deep.equal([100, [`c ${far - NOW}`]]);
  });

  it('compares with what others have shown last, and not with what the member itself has', () => {
    const far = NOW + 3 * MAX_LEAD;
    const isDoubted = [`c ${far - NOW}`, `c ${far - NOW}`];
    const again = (machine: LockMachine): void =>
      machine.apply({ op: 'begin', instance: 1, now: far }, { sender: 'c' } as never);
    expect(tokenOf(far, again)).to.deep.equal([100, isDoubted]);
    const back = (machine: LockMachine): void =>
      machine.apply({ op: 'begin', instance: 1, now: NOW + 50 }, { sender: 'b' } as never);
    expect(tokenOf(far, back)).to.deep.equal([50, [`c ${far - NOW}`]]);
  });

  it('compares with those who are there only', () => {
    const alone = (machine: LockMachine): void => machine.present(['b', 'c']);
    const far = NOW + 101 + MAX_LEAD;
    expect(tokenOf(far, alone)).to.deep.equal([100, [`c ${far - NOW}`]]);
    const nobody = (machine: LockMachine): void => machine.present(['c']);
    expect(tokenOf(far, nobody)).to.deep.equal([far - NOW, []]);
  });

  it('compares with the last token too, which was granted', () => {
    const high = NOW + 100 + MAX_LEAD;
    const granted = (machine: LockMachine): void => {
      acquire(machine, 'd', high);
      release(machine, 'd');
      machine.present(['a', 'b', 'c']);
    };
    expect(tokenOf(high + MAX_LEAD, granted)).to.deep.equal([high + MAX_LEAD - NOW, []]);
    const far = high + MAX_LEAD + 1;
    const [token, doubted] = tokenOf(far, granted);
    expect([token, doubted]).to.deep.equal([high + 1 - NOW, [`c ${far - NOW}`]]);
  });
});

describe('a machine of an application', () => {
  const whole = {
    reset: () => undefined,
    apply: () => undefined,
    snapshot: () => Buffer.alloc(0),
    restore: () => undefined,
    present: () => undefined,
    merge: () => undefined,
  };

  it('has its methods, and those that it may have', () => {
    expect(() => checkMachine(whole)).not.to.throw();
    const { present: _, merge: __, ...least } = whole;
    expect(() => checkMachine(least)).not.to.throw();
  });

  it('is refused without one of them, by name', () => {
    for (const name of ['reset', 'apply', 'snapshot', 'restore'])
      for (const value of [undefined, null, 7, {}])
        expect(() => checkMachine({ ...whole, [name]: value })).to.throw(
          `machine.${name} must be a function`,
        );
    for (const name of ['present', 'merge'])
      for (const value of [null, 7, {}])
        expect(() => checkMachine({ ...whole, [name]: value })).to.throw(
          `machine.${name} must be a function`,
        );
    for (const value of [undefined, null, 7, 'machine', () => undefined])
      expect(() => checkMachine(value)).to.throw('machine must be an object');
  });
});
