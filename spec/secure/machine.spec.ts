/** The rules of a secure group, one by one, on a flush layer that the test plays. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { KIND_DATA, KIND_SEAL, KIND_SHARE, SECURE_TYPE } from '../../lib/secure/core/limits.js';
import { kindOf } from '../../lib/secure/core/messages.js';
import type { SecureFrame } from '../../lib/secure/core/port.js';
import { AGREED, FlushedGroup, GROUP, hexOf } from './flushed-group.js';

const ANN = '#ann#d1';
const BOB = '#bob#d1';
const CYD = '#cyd#d2';
const ALL = [ANN, BOB, CYD];

const MAY = { isAllowed: true, notAfter: Infinity };
const MAY_NOT = { isAllowed: false, notAfter: Infinity };

/** All three in one secure view. */
function secured(): FlushedGroup {
  const group = new FlushedGroup(ALL);
  group.install(ALL);
  group.run();
  expect(group.areTogether(ALL)).to.equal(true);
  return group;
}

/** The next message of a kind is kept from the order, for a test to give it when it wants. */
function take(group: FlushedGroup, kind: number, sender?: string): SecureFrame {
  const at = group.frames.findIndex(
    (frame) => kindOf(frame.body) === kind && (sender === undefined || frame.sender === sender),
  );
  const [frame] = at < 0 ? [] : group.frames.splice(at, 1);
  if (!frame) throw new Error(`no message of kind ${kind} is on the way`);
  return frame;
}

const count = (group: FlushedGroup, kind: number): number =>
  group.frames.filter(({ body }) => kindOf(body) === kind).length;

const spoilt = (frame: SecureFrame, at: number): SecureFrame => {
  const body = Buffer.from(frame.body);
  const place = at < 0 ? body.length + at : at;
  body[place] = (body[place] as number) ^ 1;
  return { ...frame, body };
};

describe('secure group, a new view', () => {
  it('costs a SHARE of each member, one SEAL and a CONFIRM of each', () => {
    const group = secured();
    expect([KIND_SHARE, KIND_SEAL, KIND_DATA].map((kind) => count(group, kind))).to.deep.equal([3, 1, 3]);
    expect(group.states).to.deep.equal(['ann secure', 'bob secure', 'cyd secure']);
    for (const name of ALL) {
      expect(group.member(name).events.map(({ kind }) => kind)).to.deep.equal(['view', 'confirmed']);
      expect([...group.member(name).machine.confirmed]).to.have.members(ALL);
    }
  });

  it('is shown with its members, companions, identities, and the own place', () => {
    const group = new FlushedGroup([ANN, BOB]);
    group.install([ANN], 'join', ANN);
    group.run();
    group.install([ANN, BOB], 'join', BOB);
    group.run();
    const [first, second] = group.member(ANN).of('view');
    expect(first).to.deep.include({ cause: 'join', changed: ANN, members: [ANN], cameWithMe: [ANN] });
    expect(second).to.deep.include({ cause: 'join', changed: BOB, members: [ANN, BOB], index: 0 });
    expect(second?.cameWithMe).to.deep.equal([ANN]);
    expect(second?.outsiders).to.deep.equal([]);
    expect([...(second?.identities.keys() ?? [])]).to.deep.equal([ANN, BOB]);
    expect(group.member(BOB).last('view')).to.deep.include({
      cause: 'join',
      changed: BOB,
      cameWithMe: [BOB],
      index: 1,
    });
  });

  it('knows who left, and who came along', () => {
    const group = secured();
    group.install([ANN, BOB], 'disconnect', CYD);
    group.run();
    expect(group.member(ANN).last('view')).to.deep.include({
      cause: 'disconnect',
      changed: CYD,
      cameWithMe: [ANN, BOB],
      previousMembers: ALL,
    });
  });

  it('sends nothing before its installation is through', () => {
    const group = new FlushedGroup(ALL);
    group.install(ALL, 'network', null, { isThrough: false });
    expect(group.frames).to.have.length(0);
    group.settle(...ALL);
    expect(count(group, KIND_SHARE)).to.equal(3);
  });

  it('gets no SHARE of a member that has flushed meanwhile', () => {
    const group = new FlushedGroup(ALL);
    group.install(ALL, 'network', null, { isThrough: false });
    group.member(BOB).machine.flushRequest();
    group.settle(...ALL);
    expect(group.frames.map(({ sender }) => sender)).to.deep.equal([ANN, CYD]);
    expect(group.member(BOB).acts).to.deep.equal(['flush']);
  });

  it('has another id and secret each time', () => {
    const group = secured();
    const before = group.member(ANN).machine.id as Uint8Array;
    const key = hexOf(group.member(ANN).machine.exportKey('x', 32) as Uint8Array);
    group.install(ALL);
    group.run();
    expect(hexOf(group.member(ANN).machine.id as Uint8Array)).to.not.equal(hexOf(before));
    const next = hexOf(group.member(ANN).machine.exportKey('x', 32) as Uint8Array);
    expect(next).to.not.equal(key);
    expect(hexOf(group.member(CYD).machine.exportKey('x', 32) as Uint8Array)).to.equal(next);
  });

  it('with an id that was there before is not keyed', () => {
    const group = secured();
    const gid = group.gidOf(ANN);
    group.install(ALL, 'network', null, gid ? { gid } : {});
    group.run();
    expect(group.states).to.deep.equal(['ann dead', 'bob dead', 'cyd dead']);
    expect(group.member(ANN).last('tampering')).to.deep.include({ reason: 'replay', sender: null });
    expect(count(group, KIND_SHARE)).to.equal(0);
  });

  it('with more than 500 members is not keyed, and says so', () => {
    const many = Array.from({ length: 501 }, (_, i) => `#m${i}#d`);
    const group = new FlushedGroup([many[0] as string]);
    group
      .member(many[0] as string)
      .machine.flushedView(
        { id: [1, 1, 1], cause: 'network', members: many, changed: null, cameWithMe: [many[0] as string] },
        group.now,
      );
    expect(group.states).to.deep.equal(['m0# dead']);
    expect(group.member(many[0] as string).last('stalled')?.reason).to.equal('too-many');
  });
});

describe('secure group, SHAREs', () => {
  it('of one member twice: the first good one stays', () => {
    const group = new FlushedGroup(ALL);
    group.install(ALL);
    const share = group.frames.find(({ sender }) => sender === BOB);
    if (!share) throw new Error('no share');
    group.frames.splice(1, 0, spoilt(share, -1), spoilt(share, 2));
    group.run();
    expect(group.areTogether(ALL)).to.equal(true);
    expect(group.member(ANN).dropped).to.include.members(['share', 'malformed']);
  });

  it('of members that are not authorised are not kept: the timer of the first one seals without them', () => {
    const group = new FlushedGroup(ALL);
    for (const name of [ANN, BOB])
      group.member(name).judge = ({ member }) => (member === CYD ? MAY_NOT : MAY);
    group.install(ALL);
    group.run();
    expect(group.states).to.deep.equal(['ann keying', 'bob keying', 'cyd keying']);
    group.pass(1_999);
    expect(count(group, KIND_SEAL)).to.equal(0);
    group.pass(1);
    expect(group.states).to.deep.equal(['ann secure', 'bob secure', 'cyd outside']);
    const view = group.member(BOB).last('view');
    expect(view?.outsiders).to.deep.equal([{ name: CYD, reason: 'unauthorized' }]);
    expect(view?.cause).to.equal('network');
    expect(group.member(CYD).last('excluded')).to.deep.include({
      reason: 'outside',
      sealer: ANN,
      rejoinInMs: 2_000,
    });
    expect(group.areTogether([ANN, BOB])).to.equal(true);
  });

  it('count with a certificate that holds by the clock of the SEAL', () => {
    const group = new FlushedGroup(ALL);
    const until = Math.floor(group.now / 1000);
    for (const name of ALL)
      group.member(name).judge = ({ member }) => ({
        isAllowed: true,
        notAfter: member === CYD ? until : Infinity,
      });
    group.install(ALL);
    group.run();
    expect(group.areTogether(ALL)).to.equal(true);
    group.now += 1_000;
    group.install(ALL);
    group.run();
    expect(group.states).to.deep.equal(['ann keying', 'bob keying', 'cyd keying']);
    group.pass(2_000);
    expect(group.states).to.deep.equal(['ann secure', 'bob secure', 'cyd outside']);
    expect(group.member(ANN).last('view')?.outsiders).to.deep.equal([{ name: CYD, reason: 'expired' }]);
  });

  it('are judged by the clock of the SEAL, not by the own one', () => {
    const group = new FlushedGroup(ALL);
    const until = Math.floor(group.now / 1000);
    for (const name of ALL)
      group.member(name).judge = ({ member }) => ({
        isAllowed: true,
        notAfter: member === CYD ? until : Infinity,
      });
    group.member(BOB).skew = 200;
    group.install(ALL);
    group.run();
    expect(group.areTogether(ALL)).to.equal(true);
  });

  it('of a member that never shares are not waited for', () => {
    const group = new FlushedGroup(ALL);
    group.member(CYD).isOpen = false;
    group.install(ALL, 'network', null, { isThrough: false });
    group.member(CYD).isOpen = false;
    group.settle(...ALL);
    group.run();
    group.pass(2_000);
    expect(group.states).to.deep.equal(['ann secure', 'bob secure', 'cyd outside']);
    expect(group.member(ANN).last('view')?.outsiders).to.deep.equal([{ name: CYD, reason: 'missing' }]);
    // It has sent no SHARE: a new view is coming anyway.
    expect(group.member(CYD).last('excluded')?.rejoinInMs).to.equal(null);
  });
});

describe('secure group, SEALs', () => {
  it('come from the first member, when all have shared', () => {
    const group = secured();
    expect(group.frames.find(({ body }) => kindOf(body) === KIND_SEAL)?.sender).to.equal(ANN);
  });

  it('come from the next one when the first is silent', () => {
    const group = new FlushedGroup(ALL);
    group.install(ALL);
    group.run(BOB, CYD);
    group.frames = group.frames.filter(({ sender }) => sender !== ANN);
    group.run(BOB, CYD);
    group.now += 3_999;
    for (const name of [BOB, CYD]) group.member(name).machine.tick(group.now);
    expect(count(group, KIND_SEAL)).to.equal(0);
    group.now += 1;
    for (const name of [BOB, CYD]) group.member(name).machine.tick(group.now);
    expect(
      group.frames.filter(({ body }) => kindOf(body) === KIND_SEAL).map(({ sender }) => sender),
    ).to.deep.equal([BOB]);
  });

  it('are made once in a view, also when the first one is lost', () => {
    const group = new FlushedGroup([ANN]);
    group.install([ANN]);
    group.run();
    expect(group.states).to.deep.equal(['ann secure']);
    const lone = new FlushedGroup([ANN, BOB]);
    lone.install([ANN, BOB]);
    lone.member(ANN).machine.data(take(lone, KIND_SHARE, ANN), lone.now);
    lone.member(ANN).machine.data(take(lone, KIND_SHARE, BOB), lone.now);
    take(lone, KIND_SEAL);
    lone.member(ANN).machine.tick(lone.now + 9_000);
    expect(count(lone, KIND_SEAL)).to.equal(0);
  });

  it('that fail the open test are ignored', () => {
    const group = new FlushedGroup(ALL);
    group.install(ALL);
    group.run(ANN);
    const at = group.frames.findIndex(({ body }) => kindOf(body) === KIND_SEAL);
    const seal = group.frames[at] as SecureFrame;
    group.frames.splice(at, 0, spoilt(seal, -1), { ...seal, sender: BOB }, { ...seal, service: 4 });
    group.member(ANN).at = at;
    group.run();
    expect(group.areTogether(ALL)).to.equal(true);
    expect(group.member(CYD).dropped.filter((reason) => reason === 'seal')).to.have.length(2);
    expect(group.member(CYD).dropped).to.include('malformed');
  });

  it('decide once: the first in the order counts, and a second one is reported once', () => {
    const group = new FlushedGroup(ALL);
    group.install(ALL);
    // The SEAL of ann comes late, and bob seals by his timer, as ann did before.
    for (const name of ALL) for (let i = 0; i < 3; i++) group.step(name);
    const late = take(group, KIND_SEAL, ANN);
    group.now += 4_000;
    group.member(BOB).machine.tick(group.now);
    group.frames.push(late, late);
    group.run();
    expect(group.areTogether(ALL)).to.equal(true);
    for (const name of [BOB, CYD])
      expect(group.member(name).of('disagreement')).to.deep.equal([
        { kind: 'disagreement', sealer: ANN, names: [] },
      ]);
    // Its own one says nothing to ann.
    expect(group.member(ANN).of('disagreement')).to.deep.equal([]);
  });

  it('whose box is wrong make their victim dead, and the others secure', () => {
    const group = new FlushedGroup(ALL, (name) => ({ rejoins: name !== BOB }));
    group.install(ALL);
    group.run(ANN);
    // A hostile sealer: a wrong box for bob, and a good signature.
    const at = group.frames.findIndex(({ body }) => kindOf(body) === KIND_SEAL);
    group.frames[at] = group.resealed(group.frames[at] as SecureFrame, (seal) => ({
      ...seal,
      boxes: seal.boxes.map((box) =>
        box.index === 1 ? { ...box, box: seal.boxes[0]?.box ?? box.box } : box,
      ),
    }));
    group.run(BOB, CYD);
    expect(group.states).to.deep.equal(['ann secure', 'bob dead', 'cyd secure']);
    expect(group.member(BOB).last('excluded')).to.deep.include({
      reason: 'box',
      sealer: ANN,
      rejoinInMs: null,
    });
  });

  it('with another time make the victim dead', () => {
    const group = new FlushedGroup(ALL);
    group.member(BOB).skew = 301;
    group.member(CYD).skew = -300;
    group.install(ALL);
    group.run();
    expect(group.states).to.deep.equal(['ann secure', 'bob dead', 'cyd secure']);
    expect(group.member(BOB).last('excluded')).to.deep.include({ reason: 'clock', sealer: ANN });
  });

  it('are not made with a certificate that has run out', () => {
    const group = new FlushedGroup([ANN], { ownNotAfter: 1_600_000_000 });
    group.install([ANN]);
    group.run();
    group.pass(20_000);
    expect(group.states).to.deep.equal(['ann keying']);
    expect(
      group
        .member(ANN)
        .of('stalled')
        .map(({ reason }) => reason),
    ).to.deep.equal(['self']);
  });

  it('are not made after the own flush', () => {
    const group = new FlushedGroup([ANN, BOB]);
    group.install([ANN, BOB]);
    group.member(ANN).machine.flushRequest();
    group.run();
    expect(count(group, KIND_SEAL)).to.equal(0);
    expect(group.member(ANN).acts).to.deep.equal(['flush']);
  });
});

describe('secure group, answers of the application', () => {
  /** The SEAL of ann names cyd, on whom bob has not answered. */
  function pending(): FlushedGroup {
    const group = new FlushedGroup(ALL);
    group.member(BOB).judge = ({ member }) => (member === CYD ? null : MAY);
    group.install(ALL);
    group.run();
    expect(group.states).to.deep.equal(['ann secure', 'bob keying', 'cyd secure']);
    return group;
  }

  it('are waited for by a SEAL, and by everything after it', () => {
    const group = pending();
    group.member(ANN).send('early');
    group.run();
    const bob = group.member(BOB);
    expect(bob.texts).to.deep.equal([]);
    bob.machine.authorized(bob.asked.at(-1)?.view ?? 0, CYD, MAY, group.now);
    group.run();
    expect(group.areTogether(ALL)).to.equal(true);
    expect(bob.texts).to.deep.equal(['ann early']);
    expect(bob.of('tampering')).to.deep.equal([]);
  });

  it('that come too late are a no for this view', () => {
    const group = pending();
    group.pass(2_000);
    const bob = group.member(BOB);
    expect(bob.last('disagreement')).to.deep.equal({ kind: 'disagreement', sealer: ANN, names: [CYD] });
    bob.machine.authorized(bob.asked.at(-1)?.view ?? 0, CYD, MAY, group.now);
    expect(bob.machine.state).to.equal('keying');
  });

  it('do not hold up transitional signals, flush requests and views', () => {
    for (const act of ['transition', 'flushRequest', 'selfLeave'] as const) {
      const group = pending();
      group.member(BOB).machine[act]();
      expect(group.member(BOB).machine.state).to.equal(
        { transition: 'dead', flushRequest: 'keying', selfLeave: 'none' }[act],
      );
    }
    const group = pending();
    const bob = group.member(BOB);
    const old = bob.asked.at(-1)?.view ?? 0;
    group.install(ALL);
    bob.machine.authorized(old, CYD, MAY, group.now);
    group.run();
    // The answer was for the view before.
    expect(bob.machine.state).to.equal('keying');
    bob.machine.authorized(bob.asked.at(-1)?.view ?? 0, CYD, MAY, group.now);
    expect(bob.machine.state).to.equal('secure');
  });

  it('hold for one view', () => {
    const group = secured();
    const before = group.member(ANN).asked.length;
    group.install(ALL);
    group.run();
    expect(group.member(ANN).asked).to.have.length(2 * before);
  });

  it('that differ are reported to who is named', () => {
    const group = new FlushedGroup(ALL);
    group.member(BOB).judge = ({ member }) => (member === CYD ? MAY_NOT : MAY);
    group.install(ALL);
    group.run();
    expect(group.member(BOB).last('disagreement')).to.deep.include({ sealer: ANN, names: [CYD] });
    expect(group.states).to.deep.equal(['ann secure', 'bob keying', 'cyd secure']);
  });
});

describe('secure group, the transitional signal', () => {
  it('before the key makes dead', () => {
    const group = new FlushedGroup(ALL);
    group.install(ALL);
    group.member(ANN).machine.transition();
    group.run();
    expect(group.states[0]).to.equal('ann dead');
    expect(group.member(ANN).events).to.deep.equal([]);
  });

  it('is shown once for each secure view, also when it comes in a later view', () => {
    const group = secured();
    const ann = group.member(ANN);
    ann.machine.transition();
    ann.machine.transition();
    expect(ann.of('transition')).to.have.length(1);
    group.install(ALL);
    ann.machine.transition();
    expect(ann.of('transition')).to.have.length(1);
    group.install(ALL);
    group.run();
    group.install(ALL);
    ann.machine.transition();
    expect(ann.of('transition')).to.have.length(2);
  });
});

describe('secure group, companions', () => {
  it('are carried over views that were not keyed', () => {
    const group = secured();
    group.install(ALL);
    group.install([ANN, BOB]);
    group.run();
    expect(group.member(ANN).last('view')).to.deep.include({ cameWithMe: [ANN, BOB], cause: 'network' });
  });

  it('are lost over a view in which others were keyed without this member', () => {
    const group = secured();
    for (const name of [ANN, BOB])
      group.member(name).judge = ({ member }) => (member === CYD ? MAY_NOT : MAY);
    group.install(ALL);
    group.run();
    group.pass(2_000);
    expect(group.states).to.deep.equal(['ann secure', 'bob secure', 'cyd outside']);
    for (const name of [ANN, BOB]) group.member(name).judge = () => MAY;
    group.install(ALL);
    group.run();
    expect(group.member(CYD).last('view')?.cameWithMe).to.deep.equal([CYD]);
    expect(group.member(ANN).last('view')?.cameWithMe).to.deep.equal([ANN, BOB]);
  });

  it('are not those that a lying vs set names', () => {
    const group = new FlushedGroup(ALL);
    group.install([ANN, BOB]);
    group.run();
    group.install([CYD]);
    group.run();
    group.install(ALL, 'network', null, { came: () => ALL });
    group.run();
    for (const name of [ANN, BOB])
      expect(group.member(name).last('view')?.cameWithMe).to.deep.equal([ANN, BOB]);
    expect(group.member(CYD).last('view')?.cameWithMe).to.deep.equal([CYD]);
  });

  it('whose last messages are missing are reported', () => {
    const group = secured();
    group.member(CYD).send('withheld');
    take(group, KIND_DATA, CYD);
    group.frames.pop();
    group.install(ALL);
    group.run();
    expect(group.member(ANN).last('tampering')).to.deep.include({ reason: 'tail', sender: CYD });
  });

  it('are not reported after a transitional signal: then messages may be missing', () => {
    const group = secured();
    group.member(CYD).send('withheld');
    for (const name of ALL) group.member(name).machine.transition();
    group.install(ALL);
    group.run();
    expect(group.member(ANN).of('tampering')).to.deep.equal([]);
    expect(group.member(ANN).last('view')?.cameWithMe).to.deep.equal(ALL);
  });

  it('are none after leaving and joining again', () => {
    const group = secured();
    group.leave(CYD);
    group.install(ALL, 'network', null, { came: (name) => (name === CYD ? [CYD] : [ANN, BOB]) });
    group.run();
    expect(group.member(CYD).last('view')).to.deep.include({ cameWithMe: [CYD], previousMembers: [CYD] });
    expect(group.member(ANN).last('view')?.cameWithMe).to.deep.equal([ANN, BOB]);
  });
});

describe('secure group, messages', () => {
  it('are read by the members of the view, in both streams', () => {
    const group = secured();
    group.member(ANN).send('to all');
    group.member(BOB).send('to cyd', AGREED, [CYD]);
    group.run();
    expect(group.member(ANN).texts).to.deep.equal(['ann to all']);
    expect(group.member(CYD).texts).to.deep.equal(['ann to all', 'bob to cyd']);
    expect(group.member(CYD).last('data')).to.deep.include({ groups: [CYD, GROUP], type: 7 });
  });

  it('do not travel in clear', () => {
    const group = secured();
    group.member(ANN).send('a marker that is long enough to be found');
    expect(group.frames.some(({ body }) => Buffer.from(body).includes('marker'))).to.equal(false);
  });

  it('of a weak service are sent as FIFO', () => {
    const group = secured();
    group.member(ANN).send('weak', 1);
    expect(group.frames.at(-1)?.service).to.equal(4);
    group.run();
    expect(group.member(BOB).last('data')?.service).to.equal(4);
  });

  it('cannot be sent without a key', () => {
    const group = new FlushedGroup(ALL);
    const { machine } = group.member(ANN);
    expect(machine.sendRefusal(AGREED, 1)).to.equal('not-joined');
    group.install(ALL);
    expect(machine.sendRefusal(AGREED, 1)).to.equal('keying');
    group.run();
    expect(machine.sendRefusal(AGREED, 1)).to.equal(null);
    expect(machine.sendRefusal(AGREED, 143_071)).to.equal(null);
    expect(machine.sendRefusal(AGREED, 143_072)).to.equal('too-long');
    machine.flushRequest();
    expect(machine.sendRefusal(AGREED, 1)).to.equal('flushed');
    machine.flushedView(
      { id: [9, 9, 9], cause: 'network', members: ALL, changed: null, cameWithMe: ALL },
      group.now,
    );
    machine.transition();
    expect(machine.sendRefusal(AGREED, 1)).to.equal('keying');
    expect(machine.exportKey('x', 32)).to.equal(null);
  });

  it('that are withheld leave a gap, which is reported and does not stop the rest', () => {
    const group = secured();
    const cyd = group.member(CYD);
    cyd.send('one');
    cyd.send('two');
    cyd.send('three');
    group.frames.splice(-3, 2);
    group.run();
    expect(group.member(ANN).texts).to.deep.equal(['cyd three']);
    expect(group.member(ANN).last('tampering')).to.deep.include({ reason: 'gap', sender: CYD, count: 2 });
  });

  it('that come twice are handed out once', () => {
    const group = secured();
    group.member(CYD).send('one');
    group.frames.push(group.frames.at(-1) as SecureFrame);
    group.run();
    expect(group.member(ANN).texts).to.deep.equal(['cyd one']);
    expect(group.member(ANN).last('tampering')).to.deep.include({ reason: 'replay', sender: CYD, count: 1 });
  });

  it('of which the sender gets no copy are no gap', () => {
    const group = secured();
    const ann = group.member(ANN);
    ann.send('one', AGREED | 0x40);
    group.frames.pop();
    ann.send('two');
    ann.send('three', AGREED | 0x40);
    group.frames.pop();
    ann.send('four');
    group.run(ANN);
    expect(ann.texts).to.deep.equal(['ann two', 'ann four']);
    expect(ann.of('tampering')).to.deep.equal([]);
  });

  it('of another sender, of nobody, and in clear are refused', () => {
    const group = secured();
    group.member(CYD).send('one');
    const frame = group.frames.at(-1) as SecureFrame;
    group.frames.push(
      { ...frame, sender: BOB },
      { ...frame, sender: '#eve#d1' },
      { ...frame, type: 3 },
      { ...frame, body: Buffer.of(1, 9) },
    );
    group.run();
    const ann = group.member(ANN);
    expect(ann.texts).to.deep.equal(['cyd one']);
    expect(ann.last('decrypt-failed')).to.deep.include({ sender: BOB });
    expect(ann.of('tampering').map(({ reason, sender }) => `${reason} ${sender}`)).to.deep.equal([
      'forged #eve#d1',
      `clear ${CYD}`,
    ]);
    expect(ann.dropped).to.include('malformed');
  });

  it('to others are not handed out, whatever the daemon does', () => {
    const group = secured();
    group.member(BOB).send('to cyd', AGREED, [CYD]);
    group.member(ANN).machine.data(group.frames.at(-1) as SecureFrame, group.now);
    group.member(ANN).send('no copy, please', AGREED | 0x40);
    group.member(ANN).machine.data(group.frames.at(-1) as SecureFrame, group.now);
    expect(group.member(ANN).texts).to.deep.equal([]);
    expect(group.member(ANN).dropped).to.deep.equal(['refused', 'refused']);
  });

  it('of another view are refused', () => {
    const group = secured();
    group.member(CYD).send('old');
    const old = group.frames.at(-1) as SecureFrame;
    group.install(ALL);
    group.run();
    group.frames.push(old);
    group.run();
    expect(group.member(ANN).texts).to.deep.equal([]);
    expect(group.member(ANN).last('decrypt-failed')).to.deep.include({ sender: CYD });
  });

  it('before the key are dropped', () => {
    const group = secured();
    group.member(CYD).send('old');
    const old = group.frames.at(-1) as SecureFrame;
    group.install(ALL);
    group.frames = [old];
    group.run();
    expect(group.member(ANN).dropped).to.deep.equal(['keyless']);
  });
});

describe('secure group, members that are left out', () => {
  /** cyd is not authorised, and the others seal without it. */
  function excluded(): FlushedGroup {
    const group = new FlushedGroup(ALL);
    for (const name of [ANN, BOB])
      group.member(name).judge = ({ member }) => (member === CYD ? MAY_NOT : MAY);
    group.install(ALL);
    group.run();
    group.pass(2_000);
    return group;
  }

  it('leave and join by themselves, later each time', () => {
    const group = excluded();
    const cyd = group.member(CYD);
    for (const wait of [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 64_000]) {
      expect(cyd.last('excluded')?.rejoinInMs).to.equal(wait);
      cyd.acts.length = 0;
      group.pass(wait - 1);
      expect(cyd.acts).to.deep.equal([]);
      group.pass(1);
      expect(cyd.acts).to.deep.equal(['rejoin']);
      group.leave(CYD);
      expect(cyd.of('self-leave')).to.deep.equal([]);
      group.install(ALL);
      group.run();
      group.pass(2_000);
    }
    for (const name of [ANN, BOB]) group.member(name).judge = () => MAY;
    group.install(ALL);
    group.run();
    expect(group.areTogether(ALL)).to.equal(true);
    for (const name of [ANN, BOB])
      group.member(name).judge = ({ member }) => (member === CYD ? MAY_NOT : MAY);
    group.install(ALL);
    group.run();
    group.pass(2_000);
    expect(cyd.last('excluded')?.rejoinInMs).to.equal(2_000);
  });

  it('do not rejoin when the application leaves before', () => {
    const group = excluded();
    const cyd = group.member(CYD);
    cyd.machine.leaving();
    group.pass(5_000);
    expect(cyd.acts).to.deep.equal([]);
    group.leave(CYD);
    expect(cyd.of('self-leave')).to.have.length(1);
  });

  it('do not rejoin where a new view comes before', () => {
    const group = excluded();
    group.install(ALL);
    group.now += 5_000;
    group.member(CYD).machine.tick(group.now);
    expect(group.member(CYD).acts).to.deep.equal([]);
  });

  it('although their SHARE was kept are reported with the sealer', () => {
    const group = new FlushedGroup(ALL);
    group.install(ALL);
    const late = take(group, KIND_SHARE, CYD);
    group.run();
    group.now += 2_000;
    group.member(ANN).machine.tick(group.now);
    // The SHARE crosses the SEAL of the timer.
    group.frames.splice(2, 0, late);
    group.member(ANN).at = 3;
    group.run(BOB, CYD);
    expect(group.member(BOB).last('tampering')).to.deep.include({ reason: 'left-out', sender: ANN });
    expect(group.member(BOB).last('tampering')?.names).to.deep.equal([CYD]);
    expect(group.member(CYD).machine.state).to.equal('outside');
  });

  it('cannot read', () => {
    const group = excluded();
    group.member(ANN).send('secret');
    group.run();
    expect(group.member(BOB).texts).to.deep.equal(['ann secret']);
    expect(group.member(CYD).texts).to.deep.equal([]);
    expect(group.areTogether([ANN, BOB])).to.equal(true);
  });
});

describe('secure group, stalls', () => {
  it('name who is missing and who was refused, once', () => {
    const group = new FlushedGroup(ALL);
    for (const name of ALL) group.member(name).judge = () => MAY_NOT;
    group.install(ALL);
    take(group, KIND_SHARE, CYD);
    take(group, KIND_SHARE, ANN);
    group.run(ANN);
    group.now += 10_000;
    const ann = group.member(ANN);
    ann.machine.tick(group.now);
    ann.machine.tick(group.now + 1);
    expect(ann.of('stalled')).to.deep.equal([
      {
        kind: 'stalled',
        reason: 'missing',
        missing: [ANN, CYD],
        refused: [{ name: BOB, reason: 'unauthorized' }],
      },
    ]);
  });
});

describe('secure group, flush requests', () => {
  it('are answered by itself, or shown in manual mode when there is a key', () => {
    const group = new FlushedGroup([ANN, BOB], (name) => ({ isManual: name === ANN }));
    group.install([ANN, BOB]);
    for (const name of [ANN, BOB]) group.member(name).machine.flushRequest();
    expect(group.member(ANN).acts).to.deep.equal(['flush']);
    group.install([ANN, BOB]);
    group.run();
    for (const name of [ANN, BOB]) {
      group.member(name).acts.length = 0;
      group.member(name).machine.flushRequest();
    }
    expect(group.member(BOB).acts).to.deep.equal(['flush']);
    const ann = group.member(ANN);
    expect(ann.acts).to.deep.equal([]);
    expect(ann.of('flush-request')).to.have.length(1);
    expect([ann.machine.flush(), ann.machine.flush()]).to.deep.equal([true, false]);
    expect(ann.acts).to.deep.equal(['flush']);
  });
});

describe('secure group, rekeys', () => {
  it('give the view a new key, and nobody misses a message', () => {
    const group = secured();
    const before = hexOf(group.member(ANN).machine.id as Uint8Array);
    group.member(BOB).send('before');
    group.member(ANN).machine.rekey();
    group.run(ANN);
    group.member(CYD).send('under the old key');
    group.run();
    group.member(CYD).send('after');
    group.run();
    for (const name of ALL) {
      const member = group.member(name);
      expect(member.last('rekeyed')?.epoch, name).to.equal(1);
      expect(member.texts, name).to.deep.equal(['bob before', 'cyd under the old key', 'cyd after']);
      expect(member.of('view'), name).to.have.length(1);
      expect(member.of('tampering'), name).to.deep.equal([]);
      expect(member.of('confirmed').map(({ epoch }) => epoch)).to.deep.equal([0, 1]);
    }
    expect(hexOf(group.member(ANN).machine.id as Uint8Array)).to.not.equal(before);
    expect(group.areTogether(ALL)).to.equal(true);
  });

  it('come by themselves, of the first insider', () => {
    const group = secured();
    const timed = new FlushedGroup(ALL, { rekeyAfterMs: 60_000 });
    timed.install(ALL);
    timed.run();
    timed.pass(60_000);
    expect(
      timed
        .member(BOB)
        .of('rekeyed')
        .map(({ epoch }) => epoch),
    ).to.deep.equal([1]);
    timed.pass(60_000);
    expect(
      timed
        .member(BOB)
        .of('rekeyed')
        .map(({ epoch }) => epoch),
    ).to.deep.equal([1, 2]);
    expect(group.member(ANN).of('rekeyed')).to.deep.equal([]);
  });

  it('wait until all have confirmed', () => {
    const group = new FlushedGroup(ALL);
    group.install(ALL);
    group.run(ANN);
    const ann = group.member(ANN);
    ann.machine.rekey();
    expect(ann.machine.state).to.equal('secure');
    expect(ann.machine.confirmed.size).to.equal(1);
    group.run();
    expect(ann.of('rekeyed')).to.have.length(1);
  });

  it('need every insider: without one of them the view stays, and says why', () => {
    const group = secured();
    group.member(ANN).machine.rekey();
    group.member(CYD).isOpen = false;
    group.run();
    expect(group.states).to.deep.equal(['ann rekeying', 'bob rekeying', 'cyd rekeying']);
    group.member(BOB).send('still');
    group.run();
    expect(group.member(CYD).texts).to.deep.equal(['bob still']);
    group.pass(30_000);
    expect(group.states[0]).to.equal('ann rekeying');
    expect(group.member(ANN).last('stalled')).to.deep.include({ reason: 'rekey', missing: [CYD] });
  });

  it('end with a transitional signal, and do not begin after one', () => {
    const group = secured();
    group.member(ANN).machine.rekey();
    group.step(BOB);
    for (const name of ALL) group.run(name);
    const again = secured();
    again.member(ANN).machine.rekey();
    again.step(ANN);
    for (const name of ALL) again.member(name).machine.transition();
    again.run();
    expect(again.states).to.deep.equal(['ann secure', 'bob secure', 'cyd secure']);
    again.member(BOB).machine.rekey();
    again.run();
    expect(again.member(BOB).of('rekeyed')).to.deep.equal([]);
    expect(again.member(BOB).machine.epoch).to.equal(0);
  });

  it('that are over here on one side only: messages of the next epoch are counted apart', () => {
    const group = secured();
    group.member(ANN).machine.rekey();
    while (group.member(CYD).machine.state !== 'rekeying') group.step(CYD);
    group.member(CYD).machine.transition();
    group.run();
    expect(group.states).to.deep.equal(['ann secure', 'bob secure', 'cyd secure']);
    expect(group.member(CYD).dropped).to.include('transition');
    expect(group.member(CYD).machine.epoch).to.equal(0);
    // Both sides keep the key they have, and prove it to nobody of the other side.
    group.install(ALL);
    group.run();
    expect(group.member(CYD).last('view')?.cameWithMe).to.deep.equal([CYD]);
    expect(group.member(ANN).last('view')?.cameWithMe).to.deep.equal([ANN, BOB]);
  });

  it('with a wrong clock make the victim dead in its view', () => {
    const group = secured();
    group.member(CYD).skew = 1_000;
    group.member(ANN).machine.rekey();
    group.run();
    expect(group.states).to.deep.equal(['ann secure', 'bob secure', 'cyd dead']);
    expect(group.member(CYD).last('excluded')).to.deep.include({
      reason: 'clock',
      sealer: ANN,
      rejoinInMs: 2_000,
    });
    group.member(CYD).skew = 0;
    group.install(ALL);
    group.run();
    expect(group.areTogether(ALL)).to.equal(true);
    expect(group.member(CYD).last('view')?.cameWithMe).to.deep.equal([CYD]);
  });

  it('show a flush request that waits as answered when the key is lost', () => {
    const group = new FlushedGroup(ALL, { isManual: true });
    group.install(ALL);
    group.run();
    group.member(ANN).machine.rekey();
    while (group.member(CYD).machine.state !== 'rekeying') group.step(CYD);
    group.member(CYD).machine.flushRequest();
    group.member(CYD).skew = 1_000;
    group.run();
    expect(group.member(CYD).machine.state).to.equal('dead');
    expect(group.member(CYD).acts).to.deep.equal(['flush']);
    expect(group.member(CYD).machine.flush()).to.equal(false);
  });
});

describe('secure group, member mode', () => {
  it('signs each message by the view key of its sender', () => {
    const group = new FlushedGroup(ALL, { mode: 'member' });
    group.install(ALL);
    group.run();
    expect(group.areTogether(ALL)).to.equal(true);
    group.member(ANN).send('signed');
    expect(group.frames.at(-1)?.body).to.have.length(6 + 98);
    group.run();
    expect(group.member(CYD).texts).to.deep.equal(['ann signed']);
    group.member(ANN).machine.rekey();
    group.run();
    group.member(BOB).send('again');
    group.run();
    expect(group.member(CYD).texts).to.deep.equal(['ann signed', 'bob again']);
  });

  it('does not form groups with members of the other mode', () => {
    const group = new FlushedGroup([ANN, BOB], (name) => ({ mode: name === ANN ? 'member' : 'group' }));
    group.install([ANN, BOB]);
    group.run();
    group.pass(4_000);
    expect(group.states).to.deep.equal(['ann secure', 'bob secure']);
    expect(hexOf(group.member(ANN).machine.id as Uint8Array)).to.not.equal(
      hexOf(group.member(BOB).machine.id as Uint8Array),
    );
    expect(group.member(ANN).last('view')?.outsiders).to.deep.equal([{ name: BOB, reason: 'malformed' }]);
  });
});

describe('secure group, leaving', () => {
  it('forgets everything', () => {
    const group = secured();
    const ann = group.member(ANN);
    group.leave(ANN);
    expect(ann.machine.state).to.equal('none');
    expect(ann.events.at(-1)).to.deep.equal({ kind: 'self-leave' });
    expect(ann.machine.dueAt).to.equal(Infinity);
    ann.machine.data(
      { sender: BOB, service: AGREED, groups: [GROUP], type: SECURE_TYPE, body: Buffer.of(1, 1) },
      0,
    );
    expect(ann.dropped.at(-1)).to.equal('keyless');
  });
});
