/** What daemons count of the messages of a group. */
import { expect } from 'chai';
import { nameField } from '../../lib/wire/name.js';
import { SELF_DISCARD, AGREED_MESS } from '../../lib/wire/service.js';
import { Daemons } from './daemons.js';

/** The number of each group at each of these daemons; they have to agree. */
function counts(daemons: Daemons, names: readonly string[], group = 'g'): number {
  const [first = 0, ...others] = names.map(
    (name) => daemons.node(name).core.groups.find(nameField(group), 0)?.messages ?? -1,
  );
  for (const other of others) expect(other).to.equal(first);
  return first;
}

/** More than any count reaches, and less than two beginnings are apart. */
const FAR = 2 ** 32;

describe('core: messages of a group', () => {
  const both = ['a', 'b'];

  it('are counted once each at all daemons, where there are members and where there are none', () => {
    const daemons = Daemons.together(...both);
    const [x] = daemons.members('g', 'x@a');
    const before = counts(daemons, both);
    x?.send('one', ['g']).send('two', ['g']).send('three', ['h', 'g', 'g']).send('four', ['#x#a']);
    x?.send('five', ['g'], AGREED_MESS | SELF_DISCARD);
    daemons.run();
    expect(counts(daemons, both) - before).to.equal(4);
  });

  it('go on as they are when a daemon is lost', () => {
    const daemons = Daemons.together(...both);
    const [x] = daemons.members('g', 'x@a', 'y@b');
    const before = counts(daemons, both);
    x?.send('one', ['g']);
    daemons.run();
    daemons.crash('b');
    daemons.change(['a']);
    daemons.run();
    x?.send('two', ['g']);
    daemons.run();
    expect(counts(daemons, ['a']) - before).to.equal(2);
  });

  it('are counted from the beginning where daemons have had different ones, far from the numbers before', () => {
    const daemons = Daemons.together(...both);
    const [x] = daemons.members('g', 'x@a', 'y@b');
    const before = counts(daemons, both);
    daemons.change(['a'], ['b']);
    daemons.run();
    x?.send('one', ['g']);
    daemons.run();
    daemons.change(both);
    daemons.run();
    const merged = counts(daemons, both);
    expect(Math.abs(merged - before)).to.be.above(FAR - 10);
    x?.send('two', ['g']);
    daemons.run();
    expect(counts(daemons, both)).to.equal(merged + 1);
  });

  it('are counted from the beginning in the next life of a group', () => {
    const daemons = Daemons.together(...both);
    const [x] = daemons.members('g', 'x@a');
    const before = counts(daemons, both);
    x?.leave('g');
    daemons.run();
    x?.join('g');
    daemons.run();
    expect(Math.abs(counts(daemons, both) - before)).to.be.above(FAR - 10);
  });
});
