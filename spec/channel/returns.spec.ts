import type { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { MAX_RETURNS } from '../../lib/channel/limits.js';
import { decodeRegistryMessage, encodeRegistryMessage } from '../../lib/channel/registry/command.js';
import { inOneStep, Returns } from '../../lib/channel/registry/returns.js';
import { Table } from '../../lib/channel/registry/table.js';
import { NEWCOMER } from '../../lib/primary/ballot.js';

const ids = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ from: `#a${i}#d1`, to: `#b${i}#d2` }));

/** A state that names these returns. */
function state(returns: readonly { from: string; to: string }[]): Buffer {
  const [covers, nobody] = [[true], [false]];
  return encodeRegistryMessage({
    kind: 'state',
    tag: [1, 2, 3, 0],
    wide: true,
    has: true,
    informed: true,
    testimony: NEWCOMER,
    electorates: [],
    parts: 0,
    covers,
    fresh: nobody,
    silent: nobody,
    tookPart: nobody,
    moved: false,
    returns,
  });
}

describe('returns of members, in the registry', () => {
  it('lead from each id to the last one', () => {
    const steps = inOneStep([
      { from: 'a', to: 'b' },
      { from: 'b', to: 'c' },
      { from: 'x', to: 'x' },
      { from: 'c', to: 'd' },
      { from: 'a', to: 'y' },
      { from: 'd', to: 'e' },
    ]);
    expect(Object.fromEntries(steps.map(({ from, to }) => [from, to]))).to.deep.equal({
      a: 'y',
      b: 'e',
      c: 'e',
      d: 'e',
      x: 'x',
    });
  });

  it('are named up to a limit, the newest ones, so that a state stays one message', () => {
    const returns = new Returns({ tell: () => undefined }, () => undefined);
    const many = ids(MAX_RETURNS + 1);
    returns.settle(
      many,
      new Table(),
      () => false,
      () => [[], [], []],
    );
    expect(returns.list).to.deep.equal(many.slice(1));
    expect(decodeRegistryMessage(state(returns.list))).to.not.equal(null);
  });

  it('make a state invalid beyond it', () => {
    expect(decodeRegistryMessage(state(ids(MAX_RETURNS + 1)))).to.equal(null);
  });
});
