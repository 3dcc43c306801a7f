/** What a replay knows of the groups and the session as they are now. */
import { expect } from 'chai';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { Daemons } from './daemons.js';
import { Resumable } from './resumable.js';

const SID = 7n;

/** Daemons `a` and `b`; `ann` of `a` is in the group `g`, and the daemons know her session. */
function withAnn(): Daemons {
  const daemons = Daemons.together('a', 'b');
  const ann = new Resumable(daemons.node('a').core, 'ann', SID).join('g');
  daemons.run();
  daemons.members('g', 'bob@b');
  ann.send('one', ['g'], AGREED_MESS);
  daemons.run();
  return daemons;
}

describe('core: the present state for a replay', () => {
  it('has the list of a group, with the number of its messages, and none of a group that is not there', () => {
    const { core } = withAnn().node('b');
    const present = core.presentFor(SID, '#ann#a');
    const list = present.list('g');
    expect(list?.members.map(({ name }) => name)).to.deep.equal(['#ann#a', '#bob#b']);
    const [group] = [...core.groups.values()];
    expect([list?.id, list?.hash, list?.messages]).to.deep.equal([
      group?.id,
      group?.hash.value,
      group?.messages,
    ]);
    expect(present.list('h')).to.equal(null);
    expect([...present.groupsOf('#bob#b')]).to.deep.equal(['g']);
    expect([...present.groupsOf('#eve#b')]).to.deep.equal([]);
  });

  it('has the id of a view that has given the signal, until the next one', () => {
    const daemons = withAnn();
    const { core } = daemons.node('b');
    const present = core.presentFor(SID, '#ann#a');
    expect(present.signalled('g')).to.equal(null);
    const id = present.list('g')?.id;
    daemons.crash('a');
    core.transitional(['b']);
    expect(present.signalled('g')).to.deep.equal(id);
    daemons.change(['b']);
    daemons.run();
    expect(present.signalled('g')).to.equal(null);
  });

  it('has the names that the daemons know, else the one that the client had, and none when somebody else has it', () => {
    const daemons = withAnn();
    const { core } = daemons.node('b');
    expect(core.presentFor(SID, '#old#a').names).to.deep.equal(['#ann#a']);
    expect(core.presentFor(8n, '#old#a').names).to.deep.equal(['#old#a']);
    core.resumption.endAlias('#ann#a');
    expect(core.presentFor(SID, '#ann#a').names).to.deep.equal([]);
  });
});
