/** What the next daemon of a move brings, without what the first one has brought. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Overlap } from '../../../lib/client/resume/overlap.js';
import { ReceivedExtension } from '../../../lib/mailbox/extension.js';
import { ReceivedMessage } from '../../../lib/mailbox/received-message.js';
import { fieldWriter, isExtensionFrame } from '../../../lib/wire/extension/frame.js';
import { encodeGap } from '../../../lib/wire/extension/gap.js';
import { encodeList, type ListHead, writeListBlock } from '../../../lib/wire/extension/list.js';
import { encodeNetwork } from '../../../lib/wire/extension/network.js';
import { readToClient } from '../../../lib/wire/extension/read.js';
import { encodeResumed } from '../../../lib/wire/extension/resume.js';
import { encodeViews, writeViewRecord } from '../../../lib/wire/extension/view-changes.js';
import { givenSeed, Random } from '../../support/random.js';
import { data, refusal, selfLeave, transition } from '../frames.js';

/** Something that happens to a client, with a number of its own where it has none by itself. */
interface Happening {
  readonly kind: (typeof KINDS)[number];
  readonly group: string;
  readonly at: number;
}

const KINDS = ['data', 'record', 'network', 'reordered', 'join', 'asked', 'leave', 'signal'] as const;

const GROUPS = ['g', 'h'];
const isEvent = ({ kind }: Happening): boolean => kind !== 'signal' && kind !== 'asked';
const isView = ({ kind }: Happening): boolean => ['record', 'network', 'reordered', 'join'].includes(kind);

const arrival = (bytes: Buffer): ReceivedMessage => {
  if (!isExtensionFrame(bytes, 0)) return new ReceivedMessage(bytes, 0, bytes.length);
  const frame = readToClient(bytes, 0, bytes.length);
  if (!frame) throw new Error('expected a known frame');
  return new ReceivedExtension(bytes, 0, bytes.length, frame);
};

function list(group: string, at: number, head: Partial<ListHead>): Buffer {
  const writer = fieldWriter();
  writeListBlock(writer, 'd1', ['a'], null);
  const whole: ListHead = {
    id: [7, 100, at],
    cause: 'join',
    first: true,
    last: true,
    answer: false,
    afterGap: false,
    withSubjects: false,
    members: 1,
    ownIndex: 0,
    hash: 0n,
    messages: null,
    ...head,
  };
  return encodeList(group, whole, writer.finish());
}

const network = (group: string, at: number, reordered: boolean): Buffer =>
  encodeNetwork({
    group,
    id: [7, 100, at],
    reordered,
    members: 1,
    hash: 0n,
    gone: [],
    come: [],
    sets: [],
    ownSet: null,
  });

/** Records side by side, as one frame. */
function views(group: string, first: number, count: number): Buffer {
  const writer = fieldWriter();
  for (let k = 0; k < count; k++)
    writeViewRecord(writer, {
      cause: 'join',
      index: k,
      name: `#m${first + k}#d1`,
      returned: null,
      subject: null,
    });
  const head = { id: [7, 100, first] as const, changes: count, members: 9, hash: 0n };
  return encodeViews(group, head, writer.finish());
}

/** The frames of one daemon, which cuts runs and lists as it likes. */
function frames(whole: readonly Happening[], random: Random): Buffer[] {
  const all: Buffer[] = [];
  for (let i = 0; i < whole.length; i++) {
    const it = whole[i] as Happening;
    if (it.kind === 'leave') all.push(selfLeave(it.group));
    else if (it.kind === 'signal') all.push(transition(it.group));
    else if (it.kind === 'data') all.push(data(String(it.at), [it.group]));
    else if (it.kind === 'asked') all.push(list(it.group, it.at, { cause: 'none', answer: true }));
    else if (it.kind === 'network') all.push(network(it.group, it.at, false));
    else if (it.kind === 'reordered')
      all.push(network(it.group, it.at, true), list(it.group, it.at, { cause: 'network' }));
    else if (it.kind === 'join') {
      const isLong = random.chance(0.5);
      if (isLong) all.push(list(it.group, it.at, { last: false }));
      all.push(list(it.group, it.at, { first: !isLong }));
    } else {
      let count = 1;
      const follows = (): boolean => {
        const next = whole[i + count];
        return next?.kind === 'record' && next.group === it.group && next.at === it.at + count;
      };
      while (follows() && random.chance(0.8)) count++;
      i += count - 1;
      all.push(views(it.group, it.at, count));
    }
  }
  return all;
}

/** In words, without what depends on the daemon. */
function words(message: ReceivedMessage): string[] {
  if (!(message instanceof ReceivedExtension))
    return [`${message.kind} ${message.name} ${message.kind === 'data' ? message.body.toString() : ''}`];
  const { frame } = message;
  if (frame.kind === 'views')
    return frame.records.map(({ name }, k) => `record ${frame.group} ${name} ${frame.id[2] + k}`);
  if (frame.kind === 'network') return [`network ${frame.group} ${frame.id[2]}`];
  if (frame.kind === 'list') return frame.last ? [`list ${frame.group} ${frame.id[2]} ${frame.cause}`] : [];
  return [frame.kind];
}

function story(random: Random): Happening[] {
  const all: Happening[] = [];
  for (let at = 1; at < 40; at++) {
    const group = random.pick(GROUPS);
    const kind = random.pick(KINDS);
    if (kind === 'signal' && signalled(all).includes(group)) continue;
    const count = kind === 'record' ? 1 + random.below(5) : 1;
    for (let k = 0; k < count; k++) all.push({ kind, group, at: at + k });
    at += count;
  }
  return all;
}

/** Groups whose signal has come, and no view since. */
const signalled = (seen: readonly Happening[]): string[] =>
  GROUPS.filter((group) => {
    const of = seen.filter((each) => each.group === group);
    const signal = of.findLastIndex(({ kind }) => kind === 'signal');
    return signal >= 0 && !of.slice(signal).some((each) => isView(each) || each.kind === 'leave');
  });

/** An overlap, and what it has told. */
function overlapOf(left: number, signals: readonly string[]): { overlap: Overlap; told: string[] } {
  const told: string[] = [];
  const host = { caughtUp: () => void told.push('caught up'), broken: () => void told.push('broken') };
  return { overlap: new Overlap(left, signals, host), told };
}

/** What a client has of a story that breaks off. */
const had = (seen: readonly Happening[]): ReturnType<typeof overlapOf> =>
  overlapOf(seen.filter((each) => isEvent(each)).length, signalled(seen));

/** What is handed on of the frames. */
const passed = (overlap: Overlap, all: readonly Buffer[]): string[] =>
  all.map((bytes) => arrival(bytes)).flatMap((each) => (overlap.isNew(each) ? words(each) : []));

describe('what two daemons of a move both bring', () => {
  it('is handed on once, wherever the first one ends and however the next one cuts it', () => {
    const from = givenSeed();
    for (let seed = from; seed < from + 150; seed++) {
      const random = new Random(seed);
      const whole = story(random);
      const end = random.below(whole.length + 1);
      const { overlap, told } = had(whole.slice(0, end));
      const all = frames(whole, random);
      const rest = frames(whole.slice(end), random);
      const expected = rest.flatMap((each) => words(arrival(each)));
      const news = passed(overlap, all);
      // Lists that are no events may come again where the first one ended: they tell what is known.
      while (news.length > expected.length && / (none|network)$/.test(news[0] ?? '')) news.shift();
      expect(news, `seed ${seed}`).to.deep.equal(expected);
      expect(told, `seed ${seed}`).to.deep.equal(['caught up']);
    }
  });

  it('is nothing when the first one has brought nothing', () => {
    const { overlap, told } = overlapOf(0, []);
    expect([overlap.isOver, told]).to.deep.equal([true, ['caught up']]);
    expect(passed(overlap, [data('1'), views('g', 1, 2), selfLeave()])).to.have.length(4);
  });

  it('lasts until the signals that have come are distinguished from those to come', () => {
    const { overlap, told } = overlapOf(1, ['g', 'h']);
    expect(passed(overlap, [data('1'), transition('g')])).to.deep.equal([]);
    expect([told, overlap.isOver]).to.deep.equal([['caught up'], false]);
    expect(passed(overlap, [views('h', 2, 1), transition('h')])).to.deep.equal([
      'record h #m2#d1 2',
      'transition h ',
    ]);
    expect(overlap.isOver).to.equal(true);
  });

  it('does not hold refusals back', () => {
    expect(passed(overlapOf(3, []).overlap, [refusal(0x10, ['g'])])).to.have.length(1);
  });

  for (const [what, bytes] of [
    ['a gap', encodeGap({ group: 'g', reason: 'overrun', missed: null, awayMs: 1 })],
    ['the end of the replay', encodeResumed(1)],
  ] as const) {
    it(`is broken by ${what} before the next one has brought it`, () => {
      const { overlap, told } = overlapOf(2, []);
      expect(passed(overlap, [data('1'), bytes, data('2'), data('3')])).to.deep.equal([]);
      expect(told).to.deep.equal(['broken']);
      const whole = overlapOf(1, []);
      passed(whole.overlap, [data('1'), bytes]);
      expect(whole.told).to.deep.equal(['caught up']);
    });
  }
});
