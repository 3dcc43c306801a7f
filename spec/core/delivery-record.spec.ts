/** What cores note of their deliveries: a replay at one daemon brings what a member at another one got. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Replay } from '../../daemon/core/replay.js';
import { ReplayFrames, type ReplayOutlet } from '../../daemon/core/replay-frames.js';
import type { PresentState } from '../../daemon/core/replay-ports.js';
import { ResumeState } from '../../daemon/core/resume-state.js';
import { hashOf } from '../../daemon/core/ring-entry.js';
import { RingIndex } from '../../daemon/core/ring-index.js';
import type { Ring } from '../../daemon/core/ring.js';
import { Delivery, checkDelivery } from '../../lib/wire/delivery.js';
import { Kind, frameKind, isExtensionFrame } from '../../lib/wire/extension/frame.js';
import { readList } from '../../lib/wire/extension/list.js';
import { type Network, readNetwork } from '../../lib/wire/extension/network.js';
import { readViews, type ViewRecord } from '../../lib/wire/extension/view-changes.js';
import { nameField } from '../../lib/wire/name.js';
import { AGREED_MESS, isSelfLeave, isTransition, SELF_DISCARD } from '../../lib/wire/service.js';
import { FIXED_KEY } from '../support/fixed-key.js';
import { givenSeed, Random } from '../support/random.js';
import { seeds } from '../support/seeds.js';
import type { Client } from './core-world.js';
import { Daemons, type Node } from './daemons.js';
import { Resumable } from './resumable.js';

const LIMITS = { bytes: 1e9, age: 1e9 };
const GROUPS = ['g', 'h'];

const ofRecord = (group: string, { cause, index, name }: ViewRecord): string =>
  `${group}: ${cause} ${index} ${name}`;

const ofNetwork = ({ group, members, gone, come, ownSet, sets }: Network): string =>
  `${group}: network ${members} -${gone.toSorted().join()} +${come.map(({ name }) => name).join()} own ${JSON.stringify(sets[ownSet ?? -1] ?? null)}`;

/** Events of a session, in words: the same from frames as from a replay. */
function wordsOf(bytes: Buffer): string[] {
  const end = bytes.length;
  if (isExtensionFrame(bytes, 0)) {
    switch (frameKind(bytes, 0)) {
      case Kind.VIEWS: {
        const { group, records } = readViews(bytes, 0, end);
        return records.map((record) => ofRecord(group, record));
      }
      case Kind.NETWORK:
        return [ofNetwork(readNetwork(bytes, 0, end))];
      case Kind.ACK:
      case Kind.MARK:
        return [];
      default: {
        const { group, names, ownIndex, members } = readList(bytes, 0, end);
        return [`${group}: list of ${members}, ${ownIndex}: ${names.join()}`];
      }
    }
  }
  const frame = new Delivery(bytes, 0, checkDelivery(bytes, 0));
  if (isTransition(frame.service)) return [`${frame.name}: signal`];
  if (isSelfLeave(frame.service)) return [`${frame.name}: left`];
  return [frame.body.toString('latin1')];
}

/** Takes down the frames of a replay, but the marks: where batches end does not matter here. */
class Words implements ReplayOutlet {
  readonly isFull = false;
  readonly awayMs = 0;
  readonly told: string[] = [];

  constructor(private readonly names: readonly string[]) {}

  deliver(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end;) {
      const length = checkDelivery(bytes, at);
      this.told.push(...wordsOf(bytes.subarray(at, at + length)));
      at += length;
    }
  }

  lost(): never {
    throw new Error('nothing is missing');
  }

  isOnDemand(): boolean {
    return false;
  }

  isOwn(name: string): boolean {
    return this.names.includes(name);
  }
}

/** What is there now, as the core of a daemon has it. */
function presentAt({ core }: Node, names: readonly string[]): PresentState {
  return {
    list: (group) => {
      const found = core.groups.find(nameField(group), 0);
      if (!found) return null;
      const members = found.members.toArray().map(({ privateGroup: name }) => ({ name, subject: null }));
      return { group, id: found.id, hash: found.hash.value, members, messages: found.messages };
    },
    groupsOf: () => [],
    signalled: () => null,
    names,
    hasReturned: false,
  };
}

class RecordedDaemons extends Daemons {
  override start(name: string): Node {
    const node = super.start(name);
    node.core.record.keep(LIMITS);
    node.core.record.isNeeded = () => true;
    return node;
  }
}

/** Takes down what a session gets. */
function listen(client: Client): string[] {
  const heard: string[] = [];
  client.inbox.onFrame = (_, bytes) => heard.push(...wordsOf(bytes));
  return heard;
}

/**
 * What a client gets that was at the beginning of what a daemon has in its ring.
 * @param before private groups that it had
 */
function replayed(node: Node, name: string, sid = 1n, before: readonly string[] = []): string[] {
  const ring = node.core.record.ring as Ring;
  const index = new RingIndex(ring, FIXED_KEY);
  const [view] = ring.views;
  if (!view) throw new Error('no view');
  const position = { tag: view.tag, from: 0, to: 0, hash: view.hash, events: 0, awayMs: 0 };
  const words = new Words([name, ...before]);
  const request = { sid, name, membership: true, position, groups: [], started: 0 };
  index.read(Infinity);
  new Replay(ring, index, presentAt(node, [name]), request, new ReplayFrames(words)).read(0);
  return words.told;
}

/** Daemons `a` and `b` stay together; `c` is cut off, comes back, or is another one. */
class RecordWorld {
  readonly daemons = new RecordedDaemons(['a', 'b', 'c']);
  readonly ann: Client;
  readonly heard: string[];
  private readonly clients: { readonly client: Client; readonly daemon: string }[] = [];
  private texts = 0;
  private isApart = false;

  constructor(private readonly random: Random) {
    this.daemons.change(['a', 'b', 'c']);
    this.daemons.run();
    // A leave of a group that it is not in is answered, as for every session that may come back.
    const resume = new ResumeState(1n, 0, { expel: () => undefined, returned: () => undefined });
    this.ann = this.daemons.open('ann', 'a', true, { compact: true, resume });
    this.heard = listen(this.ann);
    this.clients.push({ client: this.ann, daemon: 'a' });
    for (const [i, daemon] of ['a', 'b', 'c', 'c'].entries()) this.enter(`x${i}`, daemon, i % 2 === 0);
  }

  step(): void {
    const { random, daemons } = this;
    const { client } = random.pick(this.clients);
    const group = random.pick(GROUPS);
    const at = random.next();
    if (at < 0.3) client.send(`t${++this.texts}`, random.chance(0.2) ? GROUPS : [group]);
    else if (at < 0.5) client.join(group);
    else if (at < 0.6) client.leave(group);
    else if (at < 0.65) client.send(`p${++this.texts}`, [this.ann.name]);
    else if (at < 0.8) daemons.order();
    else if (at < 0.9) daemons.reach([random.pick([...daemons.nodes.keys()])], 1 + random.below(3));
    else if (at < 0.93) this.cut();
    else if (at < 0.95) this.replace();
    else daemons.run();
    if (random.chance(0.2)) for (const { core } of daemons.nodes.values()) core.endTurn();
  }

  /** In the end nothing is under way. */
  rest(): void {
    this.isApart = true;
    this.cut();
    this.daemons.run();
  }

  private enter(name: string, daemon: string, compact: boolean): void {
    this.clients.push({ client: this.daemons.open(name, daemon, true, { compact }), daemon });
  }

  private cut(): void {
    this.together();
    if (this.isApart) this.daemons.change(['a', 'b', 'c']);
    else this.daemons.change(['a', 'b'], ['c']);
    this.isApart = !this.isApart;
  }

  private replace(): void {
    this.together();
    this.daemons.crash('c');
    this.clients.splice(0, this.clients.length, ...this.clients.filter(({ daemon }) => daemon !== 'c'));
    this.daemons.start('c');
    this.daemons.change(['a', 'b', 'c']);
    this.isApart = false;
    this.enter(`y${++this.texts}`, 'c', true);
  }

  /** Both have come equally far, so that they come into the next view together. */
  private together(): void {
    this.daemons.reach(['a', 'b']);
  }
}

describe('the record of deliveries', () => {
  it('has the same place at daemons that delivered the same', () => {
    const world = new RecordWorld(new Random(1));
    for (let i = 0; i < 100; i++) world.step();
    world.rest();
    const places = ['a', 'b'].map((name) => world.daemons.node(name).core.record.history.place);
    expect(places[0]).to.deep.equal(places[1]);
  });

  it('brings in a replay, here and at another daemon, what a member got', () => {
    const seed = givenSeed();
    for (let i = 0; i < seeds(8, 150); i++) {
      const world = new RecordWorld(new Random(seed + i));
      for (let step = 0; step < 150; step++) world.step();
      world.rest();
      for (const name of ['a', 'b'])
        expect(
          replayed(world.daemons.node(name), world.ann.name),
          `seed ${seed + i} at ${name}`,
        ).to.deep.equal(world.heard);
    }
  });

  it('brings a client through the death of its daemon, with what is its own once', () => {
    const daemons = new RecordedDaemons(['a', 'b', 'c']);
    daemons.change(['a', 'b', 'c']);
    daemons.run();
    const sid = 0x1122334455667788n;
    const ann = new Resumable(daemons.node('a').core, 'ann', sid).join('g');
    daemons.members('g', 'w@b');
    ann
      .send('one', ['g'])
      .send('hidden', ['g'], AGREED_MESS | SELF_DISCARD)
      .send('two', ['g']);
    daemons.order();
    daemons.reach(['b', 'c']);
    daemons.crash('a');
    daemons.change(['b', 'c']);
    daemons.run();
    const back = new Resumable(daemons.node('b').core, 'ann', sid, 1).comeBack('#ann#a', 'g').from(2);
    back
      .send('one', ['g'])
      .send('hidden', ['g'], AGREED_MESS | SELF_DISCARD)
      .send('two', ['g']);
    back.send('three', ['g']).leave('h');
    daemons.run();
    const stories = ['b', 'c'].map((name) => replayed(daemons.node(name), '#ann#a', sid));
    expect(stories[0]).to.deep.equal([
      'g: list of 1, 0: #ann#a',
      'g: join 1 #w#b',
      'one',
      'two',
      'g: signal',
      'g: network 1 -#ann#a + own null',
      'g: join 0 #ann#b',
      'three',
      'h: left',
    ]);
    expect(stories[1]).to.deep.equal(stories[0]);
  });

  it('has who comes with a group that only others had', () => {
    const daemons = new RecordedDaemons(['a', 'b']);
    daemons.change(['a'], ['b']);
    daemons.run();
    const [member] = daemons.members('g', 'w@b');
    daemons.change(['a', 'b']);
    daemons.run();
    const ring = daemons.node('a').core.record.ring as Ring;
    const entries = Array.from({ length: ring.end - ring.first }, (_, i) => ring.at(ring.first + i));
    const views = entries.flatMap(({ changes }) =>
      changes.flatMap((change) => (change.kind === 'network' ? [change.view] : [])),
    );
    expect(views.map(({ come }) => come.map(({ name }) => name))).to.deep.equal([[member?.name]]);
  });

  it('brings no message for a name of before once that belongs to another session', () => {
    const daemons = new RecordedDaemons(['a', 'b']);
    daemons.change(['a', 'b']);
    daemons.run();
    const sid = 0x1122334455667788n;
    const ann = new Resumable(daemons.node('a').core, 'ann', sid).join('g');
    const bob = daemons.open('bob', 'b');
    daemons.run();
    ann.disconnect();
    new Resumable(daemons.node('b').core, 'ann', sid, 1).comeBack('#ann#a', 'g');
    daemons.run();
    bob.send('to ann', ['#ann#a']);
    daemons.run();
    expect(daemons.node('a').core.resumption.isFree('#ann#a', null)).to.equal(false);
    daemons.run();
    daemons.open('ann', 'a');
    bob.send('to another', ['#ann#a']);
    daemons.run();
    for (const name of ['a', 'b']) {
      const told = replayed(daemons.node(name), '#ann#a', sid).filter((each) => each.startsWith('to '));
      expect(told).to.deep.equal(['to ann']);
    }
  });

  it('follows a session that had no name at the position through all of its returns', () => {
    const daemons = new RecordedDaemons(['a', 'b']);
    daemons.change(['a', 'b']);
    daemons.run();
    const sid = 0x1122334455667788n;
    new Resumable(daemons.node('a').core, 'ann', sid).join('g');
    daemons.run();
    daemons.crash('a');
    daemons.start('a');
    daemons.change(['a', 'b']);
    daemons.run();
    new Resumable(daemons.node('b').core, 'ann', sid, 1).comeBack('#ann#a', 'g');
    daemons.run();
    new Resumable(daemons.node('a').core, 'eve', sid, 2).comeBack('#ann#b', 'g', 'h');
    daemons.run();
    expect(replayed(daemons.node('a'), '#eve#a', sid, ['#ann#b'])).to.deep.equal([
      'g: list of 1, 0: #ann#b',
      'g: disconnect 0 #ann#b',
      'g: join 0 #eve#a',
      'h: list of 1, 0: #eve#a',
    ]);
  });

  it('has another hash where a request was put off that was carried out elsewhere', () => {
    const daemons = new RecordedDaemons(['a', 'b']);
    daemons.change(['a', 'b']);
    daemons.run();
    daemons.open('x', 'a').join('g');
    daemons.order();
    const [a, b] = [daemons.node('a').core, daemons.node('b').core];
    daemons.reach(['a']);
    b.transitional(['b']);
    daemons.reach(['b']);
    const [one, other] = [a.record.history.place, b.record.history.place];
    expect(one.index).to.equal(other.index);
    expect(one.hash).not.to.equal(other.hash);
  });

  it('has another hash where an exchange was not completed any more', () => {
    const daemons = new RecordedDaemons(['a', 'b']);
    daemons.change(['a', 'b']);
    daemons.order();
    const [a, b] = [daemons.node('a').core, daemons.node('b').core];
    daemons.reach(['a']);
    daemons.reach(['b'], 1);
    b.transitional(['b']);
    daemons.reach(['b']);
    const ring = b.record.ring as Ring;
    const completed = a.record.ring as Ring;
    expect([a.isExchanging, ring.end]).to.deep.equal([false, completed.end]);
    expect(hashOf(ring.at(ring.end - 1))).not.to.equal(hashOf(completed.at(completed.end - 1)));
  });

  it('keeps nothing without a ring', () => {
    const daemons = Daemons.together('a');
    expect(daemons.node('a').core.record.ring).to.equal(null);
  });
});
