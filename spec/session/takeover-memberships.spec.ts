/** A session that is taken over is in the groups that its client wants, whatever it was in. */
import { expect } from 'chai';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { annAndBob, type Pair } from './returning-pair.js';

/** `ann` in `g` and `h`. Her position is from another part: there it was answered that she has left `g`. */
async function backFromElsewhere(): Promise<Pair> {
  const pair = await annAndBob();
  const { daemon, ann } = pair;
  ann.join('h');
  await ann.hears('list h: #ann#dmn1');
  ann.heard();
  const { tag, index } = ann.welcome.position;
  ann.position.marked({ tag, from: index, to: index, hash: 1n });
  await ann.return(daemon.port);
  expect(ann.welcome.verdict).to.equal('here');
  return pair;
}

const BACK = ['gap h: diverged', 'list h behind a gap: #ann#dmn1', 'resumed 1'];

describe('session: a takeover by a client that has left a group elsewhere', () => {
  it('leaves that group, and the client hears nothing of it', async () => {
    await using pair = await backFromElsewhere();
    const { ann, bob } = pair;
    ann.resume(['h']);
    await ann.hears('resumed 1');
    await bob.hears('g: leave #ann#dmn1');
    bob.multicast(AGREED_MESS, ['g'], 'not for ann');
    bob.multicast(AGREED_MESS, ['h'], 'for ann');
    await ann.hears('#bob#dmn1 > h: for ann');
    expect(ann.heard()).to.deep.equal([...BACK, '#bob#dmn1 > h: for ann']);
  });

  it('joins it behind that when the client asks for it', async () => {
    await using pair = await backFromElsewhere();
    const { ann, bob } = pair;
    ann.resume(['h']);
    ann.join('g');
    await ann.hears('list g: #ann#dmn1 #bob#dmn1', 'resumed 1');
    await bob.hears('g: leave #ann#dmn1', 'g: join #ann#dmn1');
    bob.multicast(AGREED_MESS, ['g'], 'for ann');
    await ann.hears('#bob#dmn1 > g: for ann');
    ann.leave('g');
    await ann.hears('left g');
    const expected = [...BACK, 'list g: #ann#dmn1 #bob#dmn1', '#bob#dmn1 > g: for ann', 'left g'];
    expect(ann.heard().toSorted()).to.deep.equal(expected.toSorted());
  });
});
