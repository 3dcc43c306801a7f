/** What one member of a secure group answers, shows and drops in each of its states. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  isSoundPoint,
  KIND_DATA,
  KIND_SEAL,
  MAX_MESSAGES,
  REKEY_MESSAGES,
  SECURE_TYPE,
} from '../../lib/secure/core/limits.js';
import { CONFIRM, REKEY, rekeyBody } from '../../lib/secure/core/data.js';
import { kindOf } from '../../lib/secure/core/messages.js';
import type { SecureFrame } from '../../lib/secure/core/port.js';
import { AGREED, type BenchMember, FlushedGroup, GROUP } from './flushed-group.js';
import { bytesOf } from './vectors.js';

const ANN = '#ann#d1';
const BOB = '#bob#d1';
const CYD = '#cyd#d2';
const ALL = [ANN, BOB, CYD];
const MAY = { isAllowed: true, notAfter: Infinity };
const MAY_NOT = { isAllowed: false, notAfter: Infinity };
const SEAL_AFTER = 2_000;

function secured(): FlushedGroup {
  const group = new FlushedGroup(ALL);
  group.install(ALL);
  group.run();
  return group;
}

/** The others have made a key without cyd. */
function without(group: FlushedGroup): BenchMember {
  for (const name of [ANN, BOB]) group.member(name).judge = ({ member }) => (member === CYD ? MAY_NOT : MAY);
  group.install(ALL);
  group.run();
  group.pass(SEAL_AFTER);
  return group.member(CYD);
}

const of = (group: FlushedGroup, kind: number): SecureFrame[] =>
  group.frames.filter(({ body }) => kindOf(body) === kind);

const sendingOf = ({ machine }: BenchMember): { messages: number }[] => {
  const epochs = Reflect.get(machine, 'epochs') as { readonly current: object };
  return Reflect.get(epochs.current, 'sending') as { messages: number }[];
};

describe('secure group, a member without a key', () => {
  it('has no view, id, epoch, confirmations, and no flush request', () => {
    const { machine } = new FlushedGroup([ANN]).member(ANN);
    expect([machine.state, machine.id, machine.epoch, machine.confirmed.size, machine.flush()]).to.deep.equal(
      ['none', null, 0, 0, false],
    );
    expect(SECURE_TYPE).to.equal(-32_765);
  });

  it('shares in a view of 500, and in one of 501 says why not', () => {
    const names = Array.from({ length: 501 }, (_, i) => (i === 0 ? ANN : `#n${i}#d1`));
    const states = [500, 501].map((count) => {
      const group = new FlushedGroup([ANN]);
      const { machine, events } = group.member(ANN);
      const members = names.slice(0, count);
      machine.flushedView(
        { id: [1, 2, 3], cause: 'network', members, changed: null, cameWithMe: [] },
        group.now,
      );
      return [machine.state, events];
    });
    const stalled = { kind: 'stalled', reason: 'too-many', missing: [], refused: [] };
    expect(states).to.deep.equal([
      ['keying', []],
      ['dead', [stalled]],
    ]);
  });

  it('forgets what could open a SEAL when a transitional signal comes', () => {
    const group = new FlushedGroup(ALL);
    group.install(ALL);
    const { machine } = group.member(ANN);
    const keying = Reflect.get(machine, 'keying') as { readonly agreement: object };
    expect(Reflect.get(keying.agreement, 'ephemeral')).to.not.equal(null);
    machine.transition();
    expect(Reflect.get(keying.agreement, 'ephemeral')).to.equal(null);
  });

  it('shares nothing where a transitional signal came with the view', () => {
    const group = new FlushedGroup(ALL);
    group.install(ALL, 'network', null, { isThrough: false });
    for (const name of ALL) group.member(name).machine.transition();
    group.settle(...ALL);
    expect([group.states, group.frames]).to.deep.equal([['ann dead', 'bob dead', 'cyd dead'], []]);
  });

  it('drops SEALs', () => {
    const group = secured();
    const [seal] = of(group, KIND_SEAL);
    const { machine, dropped, events } = group.member(BOB);
    group.install(ALL);
    machine.transition();
    const before = events.length;
    machine.data(seal as SecureFrame, group.now);
    expect([dropped.at(-1), events.length]).to.deep.equal(['seal', before]);
  });

  it('takes no answer of another view, or after it has left', () => {
    const group = new FlushedGroup(ALL);
    const bob = group.member(BOB);
    bob.judge = ({ member }) => (member === CYD ? null : MAY);
    for (let views = 0; views < 2; views++) {
      group.install(ALL);
      group.run();
    }
    const [first, second] = bob.asked.filter(({ member }) => member === CYD).map(({ view }) => view);
    expect(first).to.not.equal(second);
    bob.machine.authorized(first ?? 0, CYD, MAY, group.now);
    expect(bob.machine.state).to.equal('keying');
    bob.machine.authorized(second ?? 0, CYD, MAY, group.now);
    expect(bob.machine.state).to.equal('secure');
    group.leave(BOB);
    bob.machine.authorized(second ?? 0, CYD, MAY, group.now);
    expect(bob.machine.state).to.equal('none');
  });
});

describe('secure group, a member that is left out', () => {
  it('cannot send, and shows no signal of a view that it did not show', () => {
    const cyd = without(new FlushedGroup(ALL));
    expect([cyd.machine.state, cyd.machine.sendRefusal(AGREED, 1)]).to.deep.equal(['outside', 'outside']);
    cyd.machine.transition();
    expect([cyd.machine.state, cyd.of('transition')]).to.deep.equal(['outside', []]);
  });

  it('shows no signal while it leaves to come back', () => {
    const group = secured();
    const cyd = without(group);
    group.pass(SEAL_AFTER);
    expect(cyd.acts).to.include('rejoin');
    cyd.machine.transition();
    expect(cyd.of('transition')).to.deep.equal([]);
  });

  it('does not come back where it had shared nothing', () => {
    const group = secured();
    const cyd = group.member(CYD);
    group.install(ALL, 'network', null, { isThrough: false });
    cyd.isOpen = false;
    group.settle(...ALL);
    group.run();
    group.pass(SEAL_AFTER);
    expect(cyd.last('excluded')).to.deep.include({ reason: 'outside', rejoinInMs: null });
    expect([cyd.machine.dueAt, cyd.acts.includes('rejoin')]).to.deep.equal([Infinity, false]);
  });

  it('does not come back where the application is leaving', () => {
    const group = new FlushedGroup(ALL);
    group.member(CYD).machine.leaving();
    expect(without(group).last('excluded')?.rejoinInMs).to.equal(null);
  });

  it('is no sign of tampering to the others where they do not accept it', () => {
    const group = new FlushedGroup(ALL);
    without(group);
    expect(group.member(ANN).of('tampering')).to.deep.equal([]);
    expect(group.member(ANN).last('view')?.outsiders).to.deep.equal([{ name: CYD, reason: 'unauthorized' }]);
  });
});

describe('secure group, a member with a key', () => {
  it('shows a view as one of the network where it skipped the one before', () => {
    const group = secured();
    group.install([ANN, BOB], 'leave', CYD);
    for (const name of [ANN, BOB]) group.member(name).machine.transition();
    group.leave(CYD);
    group.install(ALL, 'join', CYD);
    group.run();
    const { cause, changed, cameWithMe } = group.member(ANN).last('view') ?? {};
    expect([cause, changed, cameWithMe]).to.deep.equal(['network', null, [ANN, BOB]]);
  });

  it('says why it drops a message', () => {
    const group = secured();
    const bob = group.member(BOB);
    const { machine } = bob;
    const give = (body: Uint8Array, sender = ANN): string | undefined => {
      machine.data({ sender, service: AGREED, groups: [GROUP], type: SECURE_TYPE, body }, group.now);
      return bob.dropped.at(-1);
    };
    group.member(ANN).send('text');
    const { body } = group.frames.at(-1) as SecureFrame;
    const withByte = (at: number, value: number): Uint8Array => {
      const copy = Uint8Array.from(body);
      copy[at] = value;
      return copy;
    };
    expect(give(Buffer.of(1, KIND_DATA))).to.equal('malformed');
    expect(give(withByte(4, 1)), 'of the next epoch').to.equal('epoch');
    expect(give(withByte(20, 0xff))).to.equal('refused');
    machine.transition();
    expect(give(withByte(4, 1)), 'that a signal may have ended').to.equal('transition');
    expect(give(withByte(4, 2)), 'of a later one').to.equal('epoch');
    expect(bob.texts).to.deep.equal([]);
    expect(bob.of('tampering')).to.deep.equal([]);
  });

  it('takes no copy that it did not want for tampering', () => {
    const group = secured();
    const ann = group.member(ANN);
    ann.send('no copy', AGREED | 0x40);
    ann.machine.data(group.frames.at(-1) as SecureFrame, group.now);
    expect([ann.texts, ann.of('tampering'), ann.dropped.at(-1)]).to.deep.equal([[], [], 'refused']);
  });

  it('names nobody besides the sender where a message comes twice', () => {
    const group = secured();
    group.member(ANN).send('once');
    group.order(group.frames.at(-1) as SecureFrame);
    group.run();
    const replay = { kind: 'tampering', reason: 'replay', sender: ANN, names: [], count: 1 };
    expect(group.member(BOB).of('tampering')).to.deep.equal([replay]);
  });

  it('cannot send when its key is used up, and asks for a new one long before', () => {
    const group = secured();
    const ann = group.member(ANN);
    const [counts] = sendingOf(ann);
    if (!counts) throw new Error('no counters');
    counts.messages = MAX_MESSAGES;
    expect(ann.machine.sendRefusal(AGREED, 1)).to.equal('exhausted');
    counts.messages = REKEY_MESSAGES - 1;
    expect(ann.machine.dueAt).to.equal(Infinity);
    counts.messages = REKEY_MESSAGES;
    expect(ann.machine.dueAt).to.equal(-Infinity);
    ann.machine.tick(group.now);
    group.run();
    expect(ALL.map((name) => group.member(name).machine.epoch)).to.deep.equal([1, 1, 1]);
  });

  it('asks for no new key by itself when a timer rings for something else', () => {
    const group = new FlushedGroup(ALL);
    group.install(ALL);
    group.member(ANN).isOpen = false;
    group.run();
    group.pass(4 * SEAL_AFTER);
    group.run();
    expect(group.states).to.deep.equal(['ann secure', 'bob secure', 'cyd secure']);
    expect(group.member(BOB).of('rekeyed')).to.deep.equal([]);
    expect(group.member(BOB).machine.epoch).to.equal(0);
  });

  it('asks for a new key once, and only when all have confirmed', () => {
    const group = new FlushedGroup(ALL);
    group.install(ALL);
    group.run(ANN);
    group.run(BOB);
    const { machine } = group.member(ANN);
    while (machine.state !== 'secure') group.run(ANN);
    const before = of(group, KIND_DATA).length;
    machine.rekey();
    expect(of(group, KIND_DATA)).to.have.length(before);
    group.run();
    expect(group.member(CYD).of('rekeyed')).to.have.length(1);
  });
});

describe('secure group, control messages', () => {
  const control = ({ machine }: BenchMember, type: number, body: Uint8Array): void => {
    const send = Reflect.get(machine, 'control') as (type: number, body: Uint8Array) => void;
    send.call(machine, type, body);
  };

  it('of other kinds or with other contents are counted, and nothing else', () => {
    const group = secured();
    const ann = group.member(ANN);
    for (const next of [0, 2]) control(ann, REKEY, rekeyBody(next));
    control(ann, 3, rekeyBody(1));
    control(ann, 3, new Uint8Array(0));
    group.run();
    ann.send('text');
    group.run();
    expect(group.states).to.deep.equal(['ann secure', 'bob secure', 'cyd secure']);
    const bob = group.member(BOB);
    expect([bob.texts, bob.of('tampering'), bob.of('rekeyed')]).to.deep.equal([['ann text'], [], []]);
  });

  it('confirm nothing with a body, or as another kind', () => {
    const group = new FlushedGroup(ALL);
    group.install(ALL);
    group.run(ANN, BOB);
    while (group.member(CYD).machine.state !== 'secure' && group.step(CYD));
    // What cyd says first is no CONFIRM.
    group.frames.splice(
      group.frames.findLastIndex(({ sender }) => sender === CYD),
      1,
    );
    const cyd = group.member(CYD);
    control(cyd, CONFIRM, Uint8Array.of(1));
    control(cyd, 3, new Uint8Array(0));
    group.run();
    group.member(ANN).machine.rekey();
    group.run();
    expect(group.states).to.deep.equal(['ann secure', 'bob secure', 'cyd secure']);
    expect(group.member(ANN).machine.epoch).to.equal(0);
    control(cyd, CONFIRM, new Uint8Array(0));
    group.run();
    expect(ALL.map((name) => group.member(name).machine.epoch)).to.deep.equal([1, 1, 1]);
  });

  it('for a new key come of each insider later than of those before it', () => {
    const group = new FlushedGroup(ALL, { rekeyAfterMs: 60_000 });
    group.install(ALL);
    group.run();
    expect(ALL.map((name) => group.member(name).machine.dueAt - group.now)).to.deep.equal([
      60_000, 62_000, 64_000,
    ]);
    group.member(BOB).machine.transition();
    expect(group.member(BOB).machine.dueAt).to.equal(Infinity);
  });
});

describe('secure group, a second SEAL', () => {
  /** Another SEAL of the same view, well signed. */
  const another = (group: FlushedGroup, seal: SecureFrame): SecureFrame =>
    group.resealed(seal, (fields) => ({ ...fields, now: fields.now + 1n }));

  it('is reported while a new key is agreed on, and of its own sealer not to itself', () => {
    const group = secured();
    const [seal] = of(group, KIND_SEAL) as [SecureFrame];
    const { machine } = group.member(ANN);
    machine.rekey();
    for (const name of ALL) while (group.member(name).machine.state !== 'rekeying' && group.step(name));
    const second = another(group, seal);
    for (const name of ALL) group.member(name).machine.data(second, group.now);
    expect(
      ALL.map((name) =>
        group
          .member(name)
          .of('disagreement')
          .map(({ sealer }) => sealer),
      ),
    ).to.deep.equal([[], [ANN], [ANN]]);
    expect(group.member(ANN).dropped.at(-1)).to.equal('seal');
  });

  it('is none where its signature is wrong, or nobody of the view made it', () => {
    const group = secured();
    const [seal] = of(group, KIND_SEAL) as [SecureFrame];
    const body = Buffer.from(another(group, seal).body);
    body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
    const bob = group.member(BOB);
    for (const sender of [ANN, '#dan#d1']) bob.machine.data({ ...seal, sender, body }, group.now);
    expect([bob.of('disagreement'), bob.dropped]).to.deep.equal([[], ['seal', 'seal']]);
  });
});

describe('secure group, points', () => {
  it('have 32 bytes, of which all decide', () => {
    expect(isSoundPoint(bytesOf(`02${'00'.repeat(30)}`))).to.equal(false);
    expect(isSoundPoint(bytesOf(`ed${'ff'.repeat(30)}00`))).to.equal(true);
    expect(isSoundPoint(bytesOf(`ed${'ff'.repeat(30)}7f`))).to.equal(false);
  });
});
