/** The keys of two epochs of one view: which of them opens what, and how the counters of one member move. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { type DataHeader, readDataHeader } from '../../lib/secure/core/data.js';
import type { EpochKeys, Opened } from '../../lib/secure/core/epoch-keys.js';
import { Epochs } from '../../lib/secure/core/epochs.js';
import type { Frame } from '../../lib/secure/core/messages.js';
import { AGREED_MESS, FIFO_MESS, SELF_DISCARD, SUBGROUP_CAST } from '../../lib/wire/service.js';
import { keysOf } from './vector-members.js';
import { type VectorEpoch, vectors } from './vectors.js';

const { group, members, groupMode, epoch1 } = vectors;
const [ANN, BOB, CYD] = members as [string, string, string];

const keys = (name: string, part: VectorEpoch = groupMode): EpochKeys => keysOf('group', part, name);

/** One member that sends under the keys of an epoch. */
class Sender {
  private readonly keys: EpochKeys;

  constructor(
    private readonly name: string,
    part: VectorEpoch = groupMode,
  ) {
    this.keys = keys(name, part);
  }

  frame(text: string, service = AGREED_MESS, receivers: readonly string[] = []): Frame {
    const groups = [...receivers, group];
    const word = receivers.length > 0 ? service | SUBGROUP_CAST : service;
    const message = { service: word, groups, isControl: false, type: 0, body: Buffer.from(text) };
    return { sender: this.name, service: word, groups, body: this.keys.seal(message) };
  }
}

const headerOf = (frame: Frame): DataHeader => {
  const header = readDataHeader(frame, group, 'group');
  if (!header) throw new Error('malformed');
  return header;
};

const told = (opened: Opened | null): string => {
  if (opened === null) return 'no keys';
  if (opened.kind === 'fault') return opened.reason;
  return opened.gap > 0 ? `${opened.body.toString()} after ${opened.gap}` : opened.body.toString();
};

describe('secure groups, two epochs', () => {
  const senders = (): Map<string, [Sender, Sender]> =>
    new Map(members.map((name) => [name, [new Sender(name), new Sender(name, epoch1)]]));

  it('are both open until each member has sent under the new key', () => {
    const from = senders();
    const epochs = new Epochs(keys(CYD));
    const take = (name: string, epoch: 0 | 1): string => {
      const frame = (from.get(name) as [Sender, Sender])[epoch].frame(`${epoch}`);
      return told(epochs.receive(frame, headerOf(frame)));
    };
    expect([take(BOB, 0), take(BOB, 1)]).to.deep.equal(['0', 'no keys']);
    epochs.next(keys(CYD, epoch1));
    expect(epochs.current.epoch).to.equal(1);
    expect([take(BOB, 0), take(BOB, 1), take(BOB, 0), take(BOB, 1)]).to.deep.equal([
      '0',
      '1 after 1',
      'no keys',
      '1',
    ]);
    expect([take(ANN, 0), take(ANN, 0), take(ANN, 1), take(ANN, 0)]).to.deep.equal([
      '0',
      '0',
      '1',
      'no keys',
    ]);
    const later = (from.get(CYD) as [Sender, Sender])[0].frame('later');
    expect(epochs.receive(later, { ...headerOf(later), epoch: 7 })).to.equal(null);
    const frame = (from.get(BOB) as [Sender, Sender])[0].frame('x');
    const stranger = { ...frame, sender: '#dan#d1' };
    expect(told(epochs.receive(stranger, headerOf(stranger)))).to.equal('forged');
    expect([take(CYD, 0), take(CYD, 1), take(CYD, 0)]).to.deep.equal(['0 after 1', '1', 'no keys']);
    expect(told(epochs.receive(stranger, headerOf(stranger))), 'all have').to.equal('no keys');
    expect(take(ANN, 1)).to.equal('1');
  });

  it('are not closed by a message that does not open', () => {
    const from = senders();
    const epochs = new Epochs(keys(CYD));
    epochs.next(keys(CYD, epoch1));
    const [before, after] = from.get(BOB) as [Sender, Sender];
    const frame = after.frame('damaged');
    const damaged = {
      ...frame,
      body: Uint8Array.from(frame.body, (byte, i) => (i === 20 ? byte ^ 1 : byte)),
    };
    expect(told(epochs.receive(damaged, headerOf(damaged)))).to.equal('decrypt-failed');
    const old = before.frame('still');
    expect(told(epochs.receive(old, headerOf(old)))).to.equal('still');
  });

  it('forget who has confirmed, and was heard', () => {
    const epochs = new Epochs(keys(CYD));
    const header = { stream: 0, isControl: false, counter: 0 };
    for (const name of members) epochs.confirms.add(name);
    expect(members.map((name) => epochs.hear(name, { ...header, epoch: 0 }))).to.deep.equal([
      false,
      false,
      true,
    ]);
    expect([epochs.hear(ANN, { ...header, epoch: 0 }), epochs.isConfirmed]).to.deep.equal([false, true]);
    epochs.next(keys(CYD, epoch1));
    expect([epochs.isConfirmed, epochs.heard.size]).to.deep.equal([false, 0]);
    epochs.confirms.add(ANN);
    expect(epochs.isConfirmed, 'one of three').to.equal(false);
    expect(epochs.hear(ANN, { ...header, epoch: 0 }), 'of the epoch before').to.equal(false);
    expect(epochs.heard.size).to.equal(0);
  });

  it('are wiped when all have sent under the new key, when another follows, and at the end', () => {
    const secretOf = (of: EpochKeys): Uint8Array =>
      (Reflect.get(of, 'keys') as { readonly viewSecret: Uint8Array }).viewSecret;
    const isWiped = (of: EpochKeys): boolean => secretOf(of).every((byte) => byte === 0);
    const from = senders();
    const [first, second, third] = [keys(CYD), keys(CYD, epoch1), keys(CYD)];
    const epochs = new Epochs(first);
    epochs.next(second);
    for (const name of members) {
      expect(isWiped(first), name).to.equal(false);
      const frame = (from.get(name) as [Sender, Sender])[1].frame('1');
      epochs.receive(frame, headerOf(frame));
    }
    expect([isWiped(first), isWiped(second)]).to.deep.equal([true, false]);
    epochs.next(third);
    expect(isWiped(second)).to.equal(false);
    const fourth = keys(CYD, epoch1);
    epochs.next(fourth);
    expect([isWiped(second), isWiped(third)]).to.deep.equal([true, false]);
    epochs.wipe();
    expect([isWiped(third), isWiped(fourth)]).to.deep.equal([true, true]);
  });
});

describe('secure groups, the counters of a member', () => {
  const opener = (name: string): ((frame: Frame) => string) => {
    const own = keys(name);
    return (frame) => told(own.open(frame, headerOf(frame)));
  };

  it('tell what is missing and what comes twice, on the stream to the group', () => {
    const bob = new Sender(BOB);
    const frames = ['0', '1', '2', '3'].map((text) => bob.frame(text));
    const open = opener(CYD);
    const [zero, one, , three] = frames as [Frame, Frame, Frame, Frame];
    expect([open(zero), open(zero), open(three), open(one)]).to.deep.equal([
      '0',
      'replay',
      '3 after 2',
      'replay',
    ]);
  });

  it('only rise on the stream to some', () => {
    const bob = new Sender(BOB);
    const [zero, one, two] = ['0', '1', '2'].map((text) => bob.frame(text, AGREED_MESS, [CYD])) as [
      Frame,
      Frame,
      Frame,
    ];
    const open = opener(CYD);
    expect([open(zero), open(two), open(two), open(one)]).to.deep.equal(['0', '2', 'replay', 'replay']);
    expect(open(bob.frame('group')), 'a stream of its own').to.equal('group');
  });

  it('are bound to service and receivers, one message after the other', () => {
    const bob = new Sender(BOB);
    const open = opener(CYD);
    const frames = [bob.frame('a'), bob.frame('f', FIFO_MESS), bob.frame('a'), bob.frame('f', FIFO_MESS)];
    expect(frames.map(open)).to.deep.equal(['a', 'f', 'a', 'f']);
    const toSome = [bob.frame('to ann', AGREED_MESS, [ANN]), bob.frame('to cyd', AGREED_MESS, [CYD])];
    expect(open(toSome[1] as Frame)).to.equal('to cyd');
    expect(open({ ...(toSome[0] as Frame), groups: [CYD, group] })).to.equal('decrypt-failed');
  });

  it('pass over own messages of which no copy comes', () => {
    const own = keys(CYD);
    const send = (text: string, service: number): Frame => {
      const message = { service, groups: [group], isControl: false, type: 0, body: Buffer.from(text) };
      return { sender: CYD, service, groups: [group], body: own.seal(message) };
    };
    const open = (frame: Frame): string => told(own.open(frame, headerOf(frame)));
    send('0', AGREED_MESS | SELF_DISCARD);
    const one = send('1', AGREED_MESS);
    send('2', AGREED_MESS | SELF_DISCARD);
    send('3', AGREED_MESS | SELF_DISCARD);
    const four = send('4', AGREED_MESS);
    expect([open(one), own.received().get(CYD), open(four)]).to.deep.equal(['1', 4, '4']);
    // One is withheld: what was passed over before the next one is forgotten.
    send('5', AGREED_MESS);
    send('6', AGREED_MESS | SELF_DISCARD);
    const seven = send('7', AGREED_MESS);
    expect(open(seven)).to.equal('7 after 2');
    send('8', AGREED_MESS | SELF_DISCARD);
    expect(own.received().get(CYD)).to.equal(9);
  });
});
