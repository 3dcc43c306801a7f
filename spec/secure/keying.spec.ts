/** One agreement on a key at its edges: SHAREs that come twice or late, timers, certificates, SEALs that wait. */
import { expect } from 'chai';
import { contextOf, transcriptOf } from '../../lib/secure/core/context.js';
import { KIND_SEAL, KIND_SHARE, SECURE_TYPE } from '../../lib/secure/core/limits.js';
import { encodeSeal, encodeShare, kindOf } from '../../lib/secure/core/messages.js';
import type { SecureFrame } from '../../lib/secure/core/port.js';
import { AGREED, FlushedGroup, GROUP } from './flushed-group.js';

const ANN = '#ann#d1';
const BOB = '#bob#d1';
const CYD = '#cyd#d2';
const ALL = [ANN, BOB, CYD];
const MAY = { isAllowed: true, notAfter: Infinity };
const MAY_NOT = { isAllowed: false, notAfter: Infinity };
const SEAL_AFTER = 2_000;

const isOf = (frame: SecureFrame, kind: number, sender: string): boolean =>
  frame.sender === sender && kindOf(frame.body) === kind;

const found = (group: FlushedGroup, kind: number, sender: string): SecureFrame => {
  const frame = group.frames.findLast((each) => isOf(each, kind, sender));
  if (!frame) throw new Error(`no message of kind ${kind} of ${sender}`);
  return frame;
};

const count = (group: FlushedGroup, kind: number, sender: string): number =>
  group.frames.filter((each) => isOf(each, kind, sender)).length;

/** The last message of a kind loses its place in the order; the test gives it another one. */
function take(group: FlushedGroup, kind: number, sender: string): SecureFrame {
  const frame = found(group, kind, sender);
  group.frames.splice(group.frames.lastIndexOf(frame), 1);
  return frame;
}

const frameOf = (sender: string, body: Uint8Array): SecureFrame => ({
  sender,
  service: AGREED,
  groups: [GROUP],
  type: SECURE_TYPE,
  body,
});

/** A SEAL for some members, who have shared, with boxes that nobody opens. */
function sealFor(group: FlushedGroup, sealer: string, insiders: readonly string[]): SecureFrame {
  const { provider, identity, mode } = group.member(sealer);
  const gid = group.gidOf(sealer);
  if (!gid) throw new Error(`${sealer} has no view`);
  const context = contextOf(provider, { mode, group: GROUP, gid, epoch: 0, members: ALL });
  const shares = insiders.map((name) => ({
    index: ALL.indexOf(name),
    hash: provider.hash(found(group, KIND_SHARE, name).body),
  }));
  const transcript = transcriptOf(provider, context, shares);
  const boxes = shares.map(({ index }) => ({ index, box: new Uint8Array(48) }));
  const fields = { epoch: 0, now: BigInt(Math.floor(group.now / 1000)), transcript, boxes };
  const body = encodeSeal(provider, identity, context, sealer, { ...fields, check: new Uint8Array(32) });
  return frameOf(sealer, body);
}

function begun(...options: ConstructorParameters<typeof FlushedGroup>): FlushedGroup {
  const group = new FlushedGroup(...options);
  group.install(ALL);
  return group;
}

function secured(): FlushedGroup {
  const group = begun(ALL);
  group.run();
  return group;
}

describe('secure group, SHAREs of one agreement', () => {
  it('are not replaced by a second good one of the same member', () => {
    const group = begun(ALL);
    const { provider, identity, mode } = group.member(BOB);
    const gid = group.gidOf(BOB) as [number, number, number];
    const context = contextOf(provider, { mode, group: GROUP, gid, epoch: 0, members: ALL });
    const fields = {
      epoch: 0,
      ephemeral: provider.publicKey(provider.ephemeral()),
      identity: provider.publicKey(identity),
      viewKey: null,
      sent: 0n,
      previous: new Uint8Array(16),
      credential: new Uint8Array(0),
    };
    const second = frameOf(BOB, encodeShare(provider, identity, context, BOB, fields));
    group.frames.splice(group.frames.findIndex((each) => each.sender === BOB) + 1, 0, second);
    group.run();
    expect(group.areTogether(ALL)).to.equal(true);
  });

  it('are good whatever malformed one comes after them', () => {
    const group = begun(ALL);
    take(group, KIND_SHARE, CYD);
    group.order({ ...found(group, KIND_SHARE, BOB), service: 4 });
    group.order({ ...found(group, KIND_SHARE, BOB), sender: '#dan#d1' });
    group.run();
    for (const name of [ANN, BOB]) group.member(name).isOpen = false;
    group.pass(9_999);
    expect([group.member(ANN).of('stalled'), group.member(ANN).machine.isAgreeing]).to.deep.equal([[], true]);
    group.pass(1);
    expect(group.member(ANN).last('stalled')).to.deep.equal({
      kind: 'stalled',
      reason: 'missing',
      missing: [CYD],
      refused: [],
    });
    expect(group.member(ANN).machine.isAgreeing, 'cyd may never share').to.equal(false);
  });

  it('of others are asked about, not the own one', () => {
    const group = secured();
    expect(group.member(ANN).asked.map(({ member, group: where }) => [member, where])).to.deep.equal([
      [BOB, GROUP],
      [CYD, GROUP],
    ]);
  });

  it('of the first member that come last are waited for by it', () => {
    const group = begun(ALL);
    const own = take(group, KIND_SHARE, ANN);
    group.run();
    group.pass(SEAL_AFTER - 1);
    expect(count(group, KIND_SEAL, ANN)).to.equal(0);
    group.order(own);
    group.run();
    expect(group.areTogether(ALL)).to.equal(true);
  });

  it('of the own member always come back', () => {
    const at = Math.floor(new FlushedGroup([]).now / 1000);
    const group = new FlushedGroup([ANN], { ownNotAfter: at, stalledAfterMs: 10 });
    group.install([ANN]);
    take(group, KIND_SHARE, ANN);
    group.pass(10);
    const { machine } = group.member(ANN);
    expect([group.member(ANN).of('stalled').length, machine.isAgreeing]).to.deep.equal([1, true]);
  });

  it('of a later epoch make nobody take in everything', () => {
    const group = secured();
    group.member(ANN).machine.rekey();
    for (const name of ALL) while (group.member(name).machine.state !== 'rekeying' && group.step(name));
    expect(ALL.map((name) => group.member(name).machine.isAgreeing)).to.deep.equal([false, false, false]);
  });

  it('leave no stall behind when all are there', () => {
    const group = begun(ALL, { stalledAfterMs: 10 });
    const share = take(group, KIND_SHARE, CYD);
    group.run();
    group.pass(10);
    expect(group.member(BOB).machine.isAgreeing).to.equal(false);
    group.order(share);
    group.step(BOB);
    expect(group.member(BOB).machine.isAgreeing, 'the SEAL comes').to.equal(true);
    group.run();
    expect([group.areTogether(ALL), group.member(BOB).machine.isAgreeing]).to.deep.equal([true, false]);
  });
});

describe('secure group, the own certificate', () => {
  for (const [left, isSealed, reason] of [
    [0, true, undefined],
    [-1, false, 'self'],
  ] as const)
    it(`${isSealed ? 'lets' : 'does not let'} a member seal ${left === 0 ? 'in' : 'after'} its last second`, () => {
      const at = Math.floor(new FlushedGroup([]).now / 1000);
      const group = new FlushedGroup([ANN], { ownNotAfter: at + left, stalledAfterMs: 500 });
      group.install([ANN]);
      group.run();
      expect(group.states).to.deep.equal([isSealed ? 'ann secure' : 'ann keying']);
      group.pass(500);
      expect(group.member(ANN).last('stalled')?.reason).to.equal(reason);
      expect(group.member(ANN).machine.isAgreeing).to.equal(false);
    });

  it('that runs out in the second of the stall is not the reason of it', () => {
    const at = Math.floor(new FlushedGroup([]).now / 1000);
    const group = new FlushedGroup([ANN, BOB], { ownNotAfter: at, stalledAfterMs: 500 });
    group.install([ANN, BOB]);
    take(group, KIND_SHARE, BOB);
    group.run();
    group.pass(500);
    expect(group.member(ANN).last('stalled')?.reason).to.equal('missing');
  });
});

describe('secure group, SEALs that wait', () => {
  it('decide before those that come after them, though these have nothing to wait for', () => {
    const group = begun(ALL);
    const bob = group.member(BOB);
    bob.judge = ({ member }) => (member === CYD ? null : MAY);
    group.run(ANN, CYD);
    // A second SEAL that bob could follow at once.
    group.order(sealFor(group, ANN, [ANN, BOB]));
    // One that fails whatever is answered does not wait.
    group.order(sealFor(group, CYD, [ANN, BOB]));
    group.run();
    expect([bob.machine.state, bob.dropped]).to.deep.equal(['keying', ['seal']]);
    const asked = bob.asked.find(({ member }) => member === CYD);
    bob.machine.authorized(asked?.view ?? 0, CYD, MAY, group.now);
    group.run();
    expect(group.areTogether(ALL)).to.equal(true);
    expect(
      bob.of('disagreement').map(({ sealer }) => sealer),
      'the second one',
    ).to.deep.equal([ANN]);
  });

  it('wait for all answers, one after the other', () => {
    const group = begun(ALL);
    const bob = group.member(BOB);
    bob.judge = () => null;
    group.run();
    expect(bob.machine.state).to.equal('keying');
    for (const { view, member } of bob.asked.slice()) {
      expect(bob.machine.state).to.equal('keying');
      bob.machine.authorized(view, member, MAY, group.now);
    }
    expect([bob.asked.length, group.areTogether(ALL)]).to.deep.equal([2, true]);
  });

  it('let the next one decide where they fail', () => {
    const group = begun(ALL);
    const bob = group.member(BOB);
    bob.judge = ({ member }) => (member === CYD ? null : MAY);
    group.run(ANN, CYD);
    group.order(sealFor(group, ANN, [ANN, BOB]));
    group.run();
    const asked = bob.asked.find(({ member }) => member === CYD);
    bob.machine.authorized(asked?.view ?? 0, CYD, MAY_NOT, group.now);
    // The second one is for it, with a box that nobody opens.
    expect(bob.of('disagreement').map(({ names }) => names)).to.deep.equal([[CYD]]);
    expect(bob.last('excluded')?.reason).to.equal('box');
  });

  it('that name others only, one of them not authorised, are no disagreement', () => {
    const group = begun(ALL);
    const cyd = group.member(CYD);
    for (const name of [ANN, BOB])
      group.member(name).judge = ({ member }) => (member === CYD ? MAY_NOT : MAY);
    cyd.judge = ({ member }) => (member === BOB ? MAY_NOT : MAY);
    group.run();
    group.pass(SEAL_AFTER);
    expect(group.states).to.deep.equal(['ann secure', 'bob secure', 'cyd keying']);
    expect([cyd.of('disagreement'), cyd.dropped]).to.deep.equal([[], ['seal', 'keyless', 'keyless']]);
  });
});

describe('secure group, the timer of a rekey', () => {
  it('does not seal for some: the one who is late is waited for', () => {
    const group = secured();
    group.member(ANN).machine.rekey();
    group.run(ANN, BOB, CYD);
    const again = secured();
    again.member(ANN).machine.rekey();
    for (const name of ALL) while (again.member(name).machine.state !== 'rekeying' && again.step(name));
    const share = take(again, KIND_SHARE, CYD);
    again.run();
    again.pass(4 * SEAL_AFTER);
    expect(again.states).to.deep.equal(['ann rekeying', 'bob rekeying', 'cyd rekeying']);
    again.order(share);
    again.run();
    expect(again.areTogether(ALL)).to.equal(true);
    expect([group, again].map((each) => each.member(BOB).machine.epoch)).to.deep.equal([1, 1]);
  });

  it('lets the next one seal where the first is silent', () => {
    const group = secured();
    group.member(ANN).machine.rekey();
    for (const name of ALL) while (group.member(name).machine.state !== 'rekeying' && group.step(name));
    group.member(ANN).isOpen = false;
    group.run();
    group.pass(2 * SEAL_AFTER - 1);
    expect(group.member(BOB).machine.epoch).to.equal(0);
    group.pass(1);
    expect(ALL.map((name) => group.member(name).machine.epoch)).to.deep.equal([1, 1, 1]);
    expect(count(group, KIND_SEAL, BOB)).to.equal(1);
  });
});
