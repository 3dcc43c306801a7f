/** What the daemons do for sessions that outlive their connection, rule by rule. */
import { expect } from 'chai';
import { FEATURES } from '../../daemon/core/report.js';
import type { ResumeState } from '../../daemon/core/resume-state.js';
import { AGREED_MESS, SAFE_MESS, SELF_DISCARD } from '../../lib/wire/service.js';
import { encodeForget } from '../../lib/wire/extension/daemon-frames.js';
import type { Client } from './core-world.js';
import { Daemons, forget, type Node, quietTurns } from './daemons.js';
import { Resumable } from './resumable.js';

const SID = 0x1122334455667788n;

/** The session `ann` is at `a`, a member of `g`; `w` at `b` is a member too. */
function annAtA(...more: readonly string[]) {
  const daemons = Daemons.together('a', 'b', ...more);
  const ann = new Resumable(daemons.node('a').core, 'ann', SID).join('g');
  daemons.run();
  const [witness] = daemons.members('g', 'w@b');
  if (!witness) throw new Error('no witness');
  ann.inbox.frames.length = 0;
  ann.inbox.calls.length = 0;
  return { daemons, ann, witness, core: (name: string) => daemons.node(name).core };
}

const messagesAt = ({ told }: Client): string[] => told.filter((each) => each.includes('> g'));

const namesAt = ({ core }: Node): string[] =>
  [...core.resumption.reported()].map(({ name, aliases }) => [name, ...aliases].join());

describe('core: resumable sessions', () => {
  describe('that stay at their daemon', () => {
    it('are found there as long as they have their place, and no others', () => {
      const { daemons, ann, core } = annAtA();
      const { resumption } = core('a');
      expect(resumption.attached(SID)).to.equal(ann.session);
      expect([resumption.attached(1n), core('b').resumption.attached(SID)]).to.deep.equal([null, null]);
      const back = new Resumable(core('b'), 'ann', SID, 1).comeBack('#ann#a', 'g');
      expect(core('b').resumption.attached(SID)).to.equal(null);
      daemons.run();
      expect(resumption.attached(SID)).to.equal(null);
      expect(core('b').resumption.attached(SID)).to.equal(back.session);
      core('b').disconnect(back.session, true);
      expect(core('b').resumption.attached(SID)).to.equal(null);
    });

    it('are found before anything of them is ordered, also after a takeover', () => {
      const core = Daemons.together('a').node('a').core;
      const { session } = new Resumable(core, 'zoe', 5n);
      expect(core.resumption.attached(5n)).to.equal(session);
      if (session.resume) session.resume.attempt = 1;
      expect(core.resumption.attached(5n)).to.equal(session);
      // One that returns has no place before its return.
      const eve = new Resumable(core, 'eve', 6n, 1);
      expect(eve.session.leaving).to.equal(false);
      expect(core.resumption.attached(6n)).to.equal(null);
    });

    it('leave what they may not be in, also where their join or return is not carried out yet', () => {
      const { daemons, ann, core } = annAtA();
      const { submission } = core('a');
      const groups = (): string[] => [...submission.groupsOf(ann.session)].toSorted();
      const resume = ann.session.resume as ResumeState;
      ann.join('h').leave('h').join('i');
      resume.attempt = 1;
      core('a').comeBack(ann.session, '#ann#a', ['j', 'k']);
      expect(groups()).to.deep.equal(['g', 'i', 'j', 'k']);
      resume.attempt = 2;
      core('a').comeBack(ann.session, '#ann#a', ['k'], ['g', 'i', 'j']);
      daemons.run();
      expect(groups()).to.deep.equal(['k']);
      expect([...(ann.session.member?.groups ?? [])].map(({ name }) => name)).to.deep.equal(['k']);
    });

    it('have their first name noted for those who read the ring already', () => {
      const { daemons, core } = annAtA();
      core('b').record.keep({ bytes: 1 << 20, age: 1000 });
      new Resumable(core('a'), 'zoe', 5n).send('one', ['g']);
      daemons.run();
      const { ring } = core('b').record;
      const changes = ring
        ? Array.from({ length: ring.end - ring.first }, (_, i) => ring.at(ring.first + i).changes)
        : [];
      expect(changes.flat()).to.deep.equal([
        { kind: 'renamed', sid: 5n, names: ['#zoe#a'], before: ['#zoe#a'], at: 0 },
      ]);
    });

    it('raise their try in the order with a return under the name that they have, and get no list that they follow', () => {
      const { daemons, ann, witness, core } = annAtA();
      const { resume } = ann.session;
      if (resume === null) throw new Error('expected a resumable session');
      resume.isCaughtUp = true;
      resume.attempt = 3;
      core('a').comeBack(ann.session, '#ann#a', ['g']);
      const before = witness.told.length;
      daemons.run();
      expect([ann.told, ann.events]).to.deep.equal([[], ['returned']]);
      expect(witness.told.slice(before)).to.deep.equal([]);
      for (const name of ['a', 'b'])
        expect(core(name).resumption.records.of(SID)).to.include({ attempt: 3, name: '#ann#a' });
      const lower = new Resumable(core('b'), 'ann', SID, 2).comeBack('#ann#a', 'g');
      daemons.run();
      expect(lower.events).to.deep.equal(['taken-over']);
    });
  });

  describe('have their requests', () => {
    it('delivered once, whichever daemon orders them first', () => {
      const { daemons, ann, witness, core } = annAtA();
      ann.send('one', ['g']).send('two', ['g']);
      const back = new Resumable(core('b'), 'ann', SID, 1).comeBack('#ann#a', 'g');
      back.from(2).send('one', ['g']).send('two', ['g']).send('three', ['g']);
      daemons.run();
      expect(witness.told.filter((each) => each.includes('> g'))).to.deep.equal([
        '#ann#a > g: one',
        '#ann#a > g: two',
        '#ann#b > g: three',
      ]);
      expect(core('a').counters.repeats).to.equal(2);
    });

    it('acknowledged when all daemons of the view have them, once for those of a turn', () => {
      const { daemons, ann } = annAtA();
      ann.send('one', ['g']).send('two', ['g']);
      daemons.order();
      daemons.reach(['a']);
      daemons.tellStable();
      quietTurns(daemons.node('a').core);
      expect(ann.acks).to.deep.equal([]);
      daemons.run();
      expect(ann.acks).to.deep.equal([3]);
    });

    it('acknowledged in the first turn without requests, and in each fourth one with some', () => {
      const { daemons, ann } = annAtA();
      const { core } = daemons.node('a');
      const turn = (...texts: readonly string[]): readonly number[] => {
        for (const text of texts) ann.send(text, ['g']);
        daemons.order();
        daemons.reach(['a', 'b']);
        daemons.tellStable();
        core.endTurn();
        return ann.acks;
      };
      expect(turn('one')).to.deep.equal([]);
      expect(core.isDue).to.equal(true);
      expect(turn()).to.deep.equal([2]);
      expect(core.isDue).to.equal(false);
      expect(turn()).to.deep.equal([2]);
      for (const text of ['two', 'three', 'four']) expect(turn(text)).to.deep.equal([2]);
      expect(turn('five', 'six')).to.deep.equal([2, 7]);
      expect(turn('seven')).to.deep.equal([2, 7]);
      expect(turn()).to.deep.equal([2, 7, 8]);
    });

    it('acknowledged at the end of the view by which whoever continues has them', () => {
      const { daemons, ann } = annAtA('c');
      ann.send('one', ['g']);
      daemons.order();
      daemons.reach(['a', 'b']);
      daemons.crash('c');
      daemons.change(['a', 'b']);
      daemons.run();
      expect(ann.acks).to.deep.equal([2]);
    });

    it('acknowledged also where the last ones have no place in the order', () => {
      const { daemons, ann } = annAtA();
      ann.send('one', ['g']).join('not legal\u0001');
      daemons.run();
      ann.join('neither\u0001');
      daemons.run();
      expect(ann.acks).to.deep.equal([3, 4]);
    });

    it('answered: a leave of a group that they are not in', () => {
      const { daemons, ann, witness } = annAtA();
      ann.leave('h');
      const plain = daemons.open('p', 'a').leave('h');
      daemons.run();
      expect([ann.told, plain.told, witness.told]).to.deep.equal([['self-leave h'], [], []]);
    });
  });

  describe('that return', () => {
    it('leave under the old name before they join under the new one, in the order of the groups', () => {
      const { daemons, ann, witness, core } = annAtA();
      witness.join('f');
      daemons.run();
      forget(witness);
      const back = new Resumable(core('b'), 'ann', SID, 1).comeBack('#ann#a', 'g', 'f');
      daemons.run();
      expect(witness.told).to.deep.equal([
        'disconnect g: #w#b (#ann#a)',
        'join f: #ann#b #w#b (#ann#b)',
        'join g: #ann#b #w#b (#ann#b)',
      ]);
      expect([ann.events, back.events]).to.deep.equal([['taken-over'], ['returned']]);
    });

    it('do so under the name that the table has, whatever the client tells', () => {
      const { daemons, witness, core } = annAtA();
      new Resumable(core('b'), 'ann', SID, 1).comeBack('#never#z', 'g');
      daemons.run();
      expect(witness.told[0]).to.equal('disconnect g: #w#b (#ann#a)');
    });

    it('are said to return where the daemon of their name has started again, and knows it no more', () => {
      const { daemons, core } = annAtA();
      core('b').record.keep({ bytes: 1 << 16, age: 1_000 });
      daemons.crash('a');
      daemons.start('a');
      daemons.change(['a', 'b']);
      daemons.run();
      expect(namesAt(daemons.node('b'))).to.deep.equal(['']);
      new Resumable(core('b'), 'ann', SID, 1).comeBack('#ann#a', 'g');
      daemons.run();
      const { ring } = core('b').record;
      const changes = Array.from({ length: (ring?.end ?? 0) - (ring?.first ?? 0) }, (_, i) =>
        ring?.at(ring.first + i),
      ).flatMap((entry) => entry?.changes ?? []);
      const records = changes.flatMap((change) => (change.kind === 'member' ? [change.record] : []));
      expect(records.at(-1)).to.include({ cause: 'join', name: '#ann#b', returned: '#ann#a' });
    });

    it('have the name of before noted where nobody knew them, also with requests behind', () => {
      const daemons = Daemons.together('a', 'b');
      const { core } = daemons.node('b');
      core.record.keep({ bytes: 1 << 16, age: 1_000 });
      new Resumable(core, 'ann', SID, 1).comeBack('#ann#a', 'g').from(1).send('one', ['g']);
      daemons.run();
      const { ring } = core.record;
      const changes = Array.from({ length: (ring?.end ?? 0) - (ring?.first ?? 0) }, (_, i) =>
        ring?.at(ring.first + i),
      ).flatMap((entry) => entry?.changes ?? []);
      const first = changes.find(({ kind }) => kind === 'renamed');
      expect(first).to.deep.equal({
        kind: 'renamed',
        sid: SID,
        names: ['#ann#b'],
        before: ['#ann#a'],
        at: 0,
      });
    });

    it('with a try that is not above the last one are refused, and end', () => {
      const { daemons, witness, core } = annAtA('c');
      const first = new Resumable(core('b'), 'ann', SID, 2).comeBack('#ann#a', 'g');
      daemons.run();
      forget(witness);
      const late = new Resumable(core('c'), 'ann', SID, 1).comeBack('#ann#a', 'g');
      daemons.run();
      expect([first.events, late.events, witness.told]).to.deep.equal([['returned'], ['taken-over'], []]);
    });

    it('do so at their own daemon too when others have carried it out and parted', () => {
      const { daemons, ann, witness, core } = annAtA('c');
      daemons.node('b').holdsSafe = true;
      witness.send('first', ['f'], SAFE_MESS);
      const back = new Resumable(core('b'), 'ann', SID, 1).comeBack('#ann#a', 'g');
      daemons.order();
      daemons.reach(['a', 'b', 'c']);
      expect([ann.events, back.events]).to.deep.equal([['taken-over'], []]);
      daemons.change(['a', 'b', 'c']);
      daemons.run();
      expect(back.events).to.deep.equal(['returned']);
      expect(witness.told.at(-1)).to.equal('join g: #ann#b #w#b (#ann#b)');
      for (const name of ['a', 'b', 'c'])
        expect(namesAt(daemons.node(name))).to.deep.equal(['#ann#b,#ann#a']);
    });

    it('leave a higher try alone that waits for its own return', () => {
      const { daemons, core } = annAtA('c');
      const higher = new Resumable(core('b'), 'ann', SID, 2);
      const lower = new Resumable(core('c'), 'ann', SID, 1).comeBack('#ann#a', 'g');
      daemons.run();
      expect([higher.events, lower.events]).to.deep.equal([[], ['returned']]);
    });

    it('are shown a group that they are in already, and nobody else hears of it', () => {
      const { daemons, witness, core } = annAtA();
      const back = new Resumable(core('b'), 'ann', SID, 1).comeBack('#ann#a', 'g').join('h');
      daemons.run();
      forget(witness);
      back.inbox.frames.length = 0;
      Object.assign(back.session.resume as object, { attempt: 2 });
      back.comeBack('#ann#b', 'g');
      daemons.run();
      expect([back.told, witness.told]).to.deep.equal([['join g: #ann#b #w#b (#ann#b)'], []]);
    });

    it('between a cut and the end of the exchange do it behind the regular views, and before what they ask then', () => {
      const { daemons, ann, witness, core } = annAtA('c');
      const back = new Resumable(core('b'), 'ann', SID, 1).comeBack('#ann#a', 'g').from(2).join('h');
      daemons.order();
      daemons.crash('c');
      daemons.change(['a', 'b']);
      daemons.run();
      expect(core('b').counters.deferred).to.equal(0);
      daemons.start('c');
      new Resumable(core('a'), 'ann', SID, 2).comeBack('#ann#b', 'g').from(3).leave('h');
      daemons.order();
      daemons.node('a').holdsSafe = true;
      daemons.change(['a', 'b', 'c']);
      daemons.run();
      expect(witness.told.at(-1)).to.equal('join g: #ann#a #w#b (#ann#a)');
      expect([ann.events, back.events]).to.deep.equal([['taken-over'], ['returned', 'taken-over']]);
      const tables = ['a', 'b', 'c'].map((name) => namesAt(daemons.node(name)));
      expect(tables).to.deep.equal([['#ann#a,#ann#b'], ['#ann#a,#ann#b'], ['#ann#a,#ann#b']]);
    });

    it('find that nothing of them joins under a name of before', () => {
      const { daemons, ann, witness, core } = annAtA();
      const back = new Resumable(core('b'), 'ann', SID, 1).comeBack('#ann#a', 'g');
      daemons.order();
      ann.join('h').leave('g');
      daemons.run();
      expect(witness.told.at(-1)).to.equal('join g: #ann#b #w#b (#ann#b)');
      expect([...core('a').groups.values()].map(({ name }) => name)).to.deep.equal(['g']);
      expect(back.events).to.deep.equal(['returned']);
    });
  });

  describe('are reached', () => {
    it('by private messages to a name of before, once', () => {
      const { daemons, witness, core } = annAtA();
      const back = new Resumable(core('b'), 'ann', SID, 1).comeBack('#ann#a', 'g');
      daemons.run();
      back.inbox.frames.length = 0;
      witness.send('psst', ['#ann#a', '#ann#b']);
      daemons.run();
      expect(back.told).to.deep.equal(['#w#b > #ann#a,#ann#b: psst']);
    });

    it('by the last four names', () => {
      const { daemons, core } = annAtA('c');
      for (const [attempt, daemon] of ['b', 'c', 'a', 'b', 'c', 'a'].entries()) {
        new Resumable(core(daemon), `ann${attempt}`, SID, attempt + 1).comeBack('#ann#a', 'g');
        daemons.run();
      }
      const [names] = namesAt(daemons.node('a'));
      expect(names).to.equal('#ann5#a,#ann4#c,#ann3#b,#ann2#a,#ann1#c');
    });

    it('not by messages of their own that discard themselves, under a name of before', () => {
      const { daemons, ann, core } = annAtA();
      const back = new Resumable(core('b'), 'ann', SID, 1).comeBack('#ann#a', 'g');
      daemons.order();
      ann.send('mine', ['g'], AGREED_MESS | SELF_DISCARD).send('ours', ['g']);
      daemons.run();
      expect(back.told.filter((each) => each.includes('>'))).to.deep.equal(['#ann#a > g: ours']);
    });

    it('not any more when another session has the name, from its place in the order on', () => {
      const { daemons, witness, core } = annAtA();
      const back = new Resumable(core('b'), 'ann', SID, 1).comeBack('#ann#a', 'g');
      daemons.run();
      const freed: string[] = [];
      core('a').nameFreed = () => freed.push('freed');
      const isFree = (): boolean => core('a').resumption.isFree('#ann#a', null);
      expect([isFree(), isFree()]).to.deep.equal([false, false]);
      witness.send('before', ['#ann#a']);
      back.inbox.frames.length = 0;
      daemons.run();
      expect([freed, isFree()]).to.deep.equal([['freed'], true]);
      const other = daemons.open('ann', 'a');
      witness.send('behind', ['#ann#a']);
      daemons.run();
      expect([other.told, back.told]).to.deep.equal([['#w#b > #ann#a: behind'], []]);
      expect(namesAt(daemons.node('b'))).to.deep.equal(['#ann#b']);
    });

    it('also where nothing but its end was ordered of a session: whoever has the name then stays, and alone gets what is for it', () => {
      const { daemons, witness, core } = annAtA();
      const zoe = new Resumable(core('a'), 'zoe', 5n);
      core('b').record.keep({ bytes: 1 << 20, age: 1000 });
      core('a').disconnect(zoe.session, false);
      daemons.run();
      for (const name of ['a', 'b'])
        expect(core(name).resumption.records.of(5n)).to.include({ name: '#zoe#a', last: 0, session: null });
      expect(core('a').resumption.isFree('#zoe#a', null)).to.equal(false);
      daemons.run();
      expect(core('a').resumption.isFree('#zoe#a', null)).to.equal(true);
      const other = daemons.open('zoe', 'a').join('g');
      daemons.run();
      const before = witness.told.length;
      const back = new Resumable(core('b'), 'zoe', 5n, 1).comeBack('#zoe#a');
      back.from(1).send('first', ['g']);
      witness.send('for the other', ['#zoe#a']);
      daemons.run();
      expect(witness.told.slice(before)).to.deep.equal(['#zoe#b > g: first']);
      expect(other.told.slice(-2)).to.deep.equal(['#zoe#b > g: first', '#w#b > #zoe#a: for the other']);
      expect([back.told, back.events]).to.deep.equal([[], ['returned']]);
    });

    it('and no name is free whose end is on its way: it would take the name from the next session', () => {
      const { daemons, core } = annAtA();
      new Resumable(core('b'), 'ann', SID, 1).comeBack('#ann#a', 'g');
      daemons.run();
      const { resumption } = core('a');
      const isFree = (): boolean => resumption.isFree('#ann#a', null);
      expect(isFree()).to.equal(false);
      const record = resumption.records.of(SID);
      if (record) resumption.records.delete(record);
      expect(isFree()).to.equal(false);
      daemons.run();
      expect(isFree()).to.equal(true);
    });

    it('and their own name is free for themselves', () => {
      const { core } = annAtA();
      expect(core('a').resumption.isFree('#ann#a', SID)).to.equal(true);
      expect(core('a').resumption.isFree('#bob#a', null)).to.equal(true);
    });
  });

  describe('are forgotten', () => {
    const known = (daemons: Daemons): number[] =>
      ['a', 'b'].map((name) => daemons.node(name).core.resumption.records.size);

    it('by all daemons at one place, a while after nobody has them', () => {
      const { daemons, ann, core } = annAtA();
      core('a').resumption.sweep(1000, 100);
      ann.disconnect();
      daemons.run();
      for (const [now, expected] of [
        [2000, 1],
        [2099, 1],
        [2100, 0],
      ] as const) {
        for (const name of ['a', 'b']) core(name).resumption.sweep(now, 100);
        daemons.run();
        expect(known(daemons)).to.deep.equal([expected, expected]);
      }
    });

    it('by the first daemon of the view when their home is gone', () => {
      const { daemons, core } = annAtA('c');
      daemons.crash('a');
      daemons.change(['b', 'c']);
      daemons.run();
      for (const now of [1000, 1100]) core('c').resumption.sweep(now, 100);
      daemons.run();
      expect(core('b').resumption.records.size).to.equal(1);
      for (const now of [1000, 1100]) core('b').resumption.sweep(now, 100);
      daemons.run();
      expect([core('b').resumption.records.size, core('c').resumption.records.size]).to.deep.equal([0, 0]);
    });

    it('not when they have come to another daemon in between', () => {
      const { daemons, core } = annAtA();
      new Resumable(core('b'), 'ann', SID, 1).comeBack('#ann#a', 'g');
      daemons.run();
      const { tag: view, index } = core('a').record.history;
      core('a').deliver(encodeForget({ view, index, sids: [SID] }), index + 1, 'a');
      expect(core('a').resumption.records.size).to.equal(1);
    });

    it('and a return of another daemon that was on its way tells what was known', () => {
      const { daemons, ann, witness, core } = annAtA('c');
      ann.send('one', ['g']).disconnect();
      daemons.run();
      for (const now of [1000, 1100]) core('a').resumption.sweep(now, 100);
      new Resumable(core('c'), 'ann', SID, 1).comeBack('#ann#a', 'g').from(2).send('one', ['g']);
      daemons.run();
      expect(messagesAt(witness)).to.deep.equal(['#ann#a > g: one']);
      expect(core('b').resumption.records.of(SID)).to.include({ last: 2, name: '#ann#c' });
    });

    it('not by one part what another part knows, when they meet', () => {
      const { daemons, witness, core } = annAtA('c');
      daemons.crash('a');
      daemons.change(['b'], ['c']);
      daemons.run();
      new Resumable(core('c'), 'ann', SID, 1).comeBack('#ann#a', 'g').from(2).send('two', ['g']);
      daemons.run();
      for (const now of [1000, 1100]) core('b').resumption.sweep(now, 100);
      daemons.change(['b', 'c']);
      daemons.run();
      new Resumable(core('b'), 'ann', SID, 2).comeBack('#ann#c', 'g').from(2).send('two', ['g']);
      daemons.run();
      expect(core('b').resumption.records.of(SID)).to.include({ last: 2, name: '#ann#b' });
      expect(messagesAt(witness)).to.deep.equal([]);
    });

    it('not by what was decided in the view before: a try of which nobody has heard may be ordered at its end', () => {
      const { daemons, witness, core } = annAtA('c');
      daemons.crash('a');
      daemons.change(['b', 'c']);
      daemons.run();
      for (const name of ['b', 'c']) daemons.node(name).holdsSafe = true;
      witness.send('holds what follows', ['f'], SAFE_MESS);
      new Resumable(core('c'), 'ann', SID, 1).comeBack('#ann#a', 'g').from(2).send('two', ['g']);
      daemons.order();
      daemons.reach(['b', 'c']);
      core('b').resumption.sweep(1000, 100);
      core('b').resumption.sweep(1100, 100);
      new Resumable(core('b'), 'ann', SID, 2).comeBack('#ann#a', 'g').from(2).send('two', ['g']);
      daemons.crash('c');
      daemons.change(['b']);
      daemons.node('b').holdsSafe = false;
      daemons.run();
      expect(messagesAt(witness)).to.deep.equal(['#ann#c > g: two']);
    });

    it('not while an exchange is under way: others may know more', () => {
      const { daemons, core } = annAtA('c');
      daemons.crash('a');
      daemons.change(['b', 'c']);
      daemons.run();
      core('b').resumption.sweep(1000, 100);
      daemons.change(['b', 'c']);
      core('b').resumption.sweep(1100, 100);
      daemons.run();
      for (const now of [1200, 1299]) core('b').resumption.sweep(now, 100);
      daemons.run();
      expect(core('b').resumption.records.size).to.equal(1);
    });

    it('not when something of them was ordered since that was decided', () => {
      const { daemons, witness, core } = annAtA('c');
      const second = new Resumable(core('b'), 'ann', SID, 2).comeBack('#ann#a', 'g');
      daemons.run();
      second.disconnect();
      daemons.run();
      const late = new Resumable(core('c'), 'ann', SID, 1).comeBack('#ann#a', 'g').from(2).send('two', ['g']);
      daemons.order();
      core('b').resumption.sweep(1000, 100);
      core('b').resumption.sweep(1100, 100);
      new Resumable(core('b'), 'ann', SID, 3).comeBack('#ann#b', 'g').from(2).send('two', ['g']);
      daemons.run();
      expect([late.events, messagesAt(witness)]).to.deep.equal([['taken-over'], ['#ann#c > g: two']]);
    });

    it('a while after the last of them was ordered', () => {
      const { daemons, ann, core } = annAtA('c');
      const second = new Resumable(core('b'), 'ann', SID, 2).comeBack('#ann#a', 'g');
      daemons.run();
      second.disconnect();
      daemons.run();
      core('b').resumption.sweep(1000, 100);
      // The former home still has a request of it.
      core('b').resumption.sweep(1050, 100);
      new Resumable(core('c'), 'ann', SID, 1).comeBack('#ann#a', 'g').from(2).send('two', ['g']);
      daemons.run();
      for (const [now, expected] of [
        [1100, 1],
        [1199, 1],
        [1200, 0],
      ] as const) {
        core('b').resumption.sweep(now, 100);
        daemons.run();
        expect(known(daemons)).to.deep.equal([expected, expected]);
      }
      expect(ann.events).to.deep.equal(['taken-over']);
    });

    it('and what they send again is not taken for new when they return behind that', () => {
      const { daemons, ann, witness, core } = annAtA();
      ann.send('one', ['g']).disconnect();
      daemons.run();
      core('a').resumption.sweep(1000, 100);
      core('a').resumption.sweep(1100, 100);
      new Resumable(core('a'), 'ann', SID, 1).comeBack('#ann#a', 'g').from(2).send('one', ['g']);
      daemons.run();
      expect(witness.told.filter((each) => each.includes('>'))).to.deep.equal(['#ann#a > g: one']);
    });
  });

  describe('are known', () => {
    it('to a daemon that comes later, which drops their repeats too', () => {
      const { daemons, core } = annAtA('c');
      daemons.crash('c');
      daemons.change(['a', 'b']);
      daemons.run();
      daemons.start('c');
      daemons.change(['a', 'b', 'c']);
      daemons.run();
      const [witness] = daemons.members('g', 'x@c');
      new Resumable(core('b'), 'ann', SID, 1)
        .comeBack('#ann#a', 'g')
        .from(1)
        .send('old', ['g'])
        .send('new', ['g']);
      daemons.run();
      expect(witness?.told.filter((each) => each.includes('>'))).to.deep.equal(['#ann#b > g: new']);
    });

    it('after two parts of the network meet by the highest try, and the name of before is gone from the first view', () => {
      const { daemons, ann, witness, core } = annAtA();
      daemons.change(['a'], ['b']);
      daemons.run();
      const back = new Resumable(core('b'), 'ann', SID, 1).comeBack('#ann#a', 'g');
      daemons.run();
      forget(witness);
      daemons.change(['a', 'b']);
      daemons.run();
      expect(namesAt(daemons.node('a'))).to.deep.equal(namesAt(daemons.node('b')));
      expect([ann.events, back.events]).to.deep.equal([['taken-over'], ['returned']]);
      expect(witness.told.some((each) => each.includes('#ann#a'))).to.equal(false);
    });

    it('with requests that one part alone has ordered, which the ring of the other one notes', () => {
      const { daemons, core } = annAtA('c');
      for (const name of ['a', 'b', 'c']) core(name).record.keep({ bytes: 1 << 20, age: 1000 });
      const elsewhere = (name: string): unknown[] => {
        const { ring } = core(name).record;
        const entries = ring
          ? Array.from({ length: ring.end - ring.first }, (_, i) => ring.at(ring.first + i))
          : [];
        return entries.flatMap(({ changes }) => changes.filter(({ kind }) => kind === 'elsewhere'));
      };
      daemons.change(['a'], ['b', 'c']);
      daemons.run();
      const back = new Resumable(core('a'), 'ann2', SID, 1).comeBack('#ann#a', 'g');
      back.from(2).send('two', ['g']);
      daemons.run();
      daemons.change(['a', 'b', 'c']);
      daemons.run();
      expect(elsewhere('a')).to.deep.equal([]);
      for (const name of ['b', 'c'])
        expect(elsewhere(name)).to.deep.equal([{ kind: 'elsewhere', sid: SID, at: 0 }]);
    });

    it('with requests that another part has ordered: one that is live here, and does not know, comes back for a gap', () => {
      const { daemons, core } = annAtA('c');
      daemons.change(['a'], ['b', 'c']);
      daemons.run();
      // Nothing of this reaches the client.
      new Resumable(core('a'), 'ann2', SID, 1).comeBack('#ann#a', 'g').from(2).send('two', ['g']);
      daemons.run();
      const back = new Resumable(core('b'), 'ann', SID, 2).comeBack('#ann#a', 'g').from(2);
      daemons.run();
      Object.assign(back.session.resume as object, { isCaughtUp: true });
      back.send('two', ['g']);
      daemons.change(['a', 'b', 'c']);
      daemons.run();
      expect(back.events).to.deep.equal(['returned', 'parted']);
    });

    for (const [what, state] of [
      ['one that has had a gap since it came back does not need another', { isCaughtUp: true, hasGap: true }],
      ['one that is not live comes to it in its replay', { isCaughtUp: false }],
    ] as const)
      it(`and ${what}`, () => {
        const { daemons, core } = annAtA('c');
        daemons.change(['a'], ['b', 'c']);
        daemons.run();
        new Resumable(core('a'), 'ann2', SID, 1).comeBack('#ann#a', 'g').from(2).send('two', ['g']);
        const back = new Resumable(core('b'), 'ann', SID, 2).comeBack('#ann#a', 'g').from(2);
        daemons.run();
        Object.assign(back.session.resume as object, state);
        daemons.change(['a', 'b', 'c']);
        daemons.run();
        expect(back.events).to.deep.equal(['returned']);
      });

    it('also where the part to which they have come did not know them', () => {
      const daemons = Daemons.together('a', 'b', 'c');
      daemons.change(['a'], ['b', 'c']);
      daemons.run();
      const core = (name: string) => daemons.node(name).core;
      new Resumable(core('a'), 'ann', SID).join('g');
      daemons.run();
      const [witness] = daemons.members('g', 'w@b');
      new Resumable(core('b'), 'ann', SID, 1).comeBack('#ann#a', 'g');
      daemons.run();
      if (witness) forget(witness);
      daemons.change(['a', 'b', 'c']);
      daemons.run();
      for (const name of ['a', 'b', 'c'])
        expect(namesAt(daemons.node(name))).to.deep.equal(['#ann#b,#ann#a']);
      expect(witness?.told.some((each) => each.includes('#ann#a'))).to.equal(false);
    });

    it('nowhere while a daemon of the view does not know how, and nobody returns', () => {
      const { daemons, core } = annAtA('c');
      Object.assign((core('c') as unknown as { daemonViews: { self: object } }).daemonViews.self, {
        features: 0,
      });
      daemons.change(['a', 'b', 'c']);
      daemons.run();
      expect([core('a').resumption.isOn, FEATURES & 1]).to.deep.equal([false, 1]);
      const back = new Resumable(core('b'), 'ann', SID, 1).comeBack('#ann#a', 'g');
      daemons.run();
      expect(back.events).to.deep.equal(['forgotten']);
      expect(core('a').resumption.records.size).to.equal(0);
    });
  });
});
