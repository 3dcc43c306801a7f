/** The two sides of a state transfer, each by itself and told step by step. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  CHUNK_BYTES,
  DONOR_PATIENCE_MS,
  FIRST_OFFER_MS,
  MAX_DONORS,
  MAX_HELD_BYTES,
  MAX_SILENCES,
  WINDOW_BYTES,
} from '../../lib/recipes/core/limits.js';
import { Holding, type HoldingSink } from '../../lib/recipes/core/replicated/holding.js';
import { MergeSender } from '../../lib/recipes/core/replicated/merge-sender.js';
import { Replica } from '../../lib/recipes/core/replicated/replica.js';
import { SnapshotSender } from '../../lib/recipes/core/replicated/snapshot-sender.js';
import { SnapshotReceiver } from '../../lib/recipes/core/replicated/snapshot-receiver.js';
import { decode, type Message, type MergePart } from '../../lib/recipes/core/replicated/messages.js';

const [A, B, C] = ['#a#d1', '#b#d2', '#c#d3'] as const;

/** One that is given a state, and in words what it does: `pull #a#d1 0-100`, `begin`, `chunk text`, `complete`, `end`. */
class Taker {
  said: string[] = [];
  readonly loader: SnapshotReceiver;

  constructor(isHandingOn = true) {
    this.loader = new SnapshotReceiver('capture', Buffer.alloc(0), isHandingOn, {
      sendTo: (name, body) => {
        const { offset, until, restart } = decode(body) as Message & { kind: 'pull' };
        this.said.push(`pull ${name} ${offset}-${until}${restart ? ' anew' : ''}`);
      },
      restoreBegin: () => this.said.push('begin'),
      restoreChunk: (data) => this.said.push(`chunk ${data.length > 20 ? data.length : data.toString()}`),
      restoreEnd: () => this.said.push('end'),
      complete: () => this.said.push('complete'),
    });
  }

  take(): string[] {
    const { said } = this;
    this.said = [];
    return said;
  }

  chunk(from: string, offset: number, data: string | number, isLast = false, now = 0): boolean {
    const bytes = typeof data === 'number' ? Buffer.alloc(data) : Buffer.from(data);
    return this.loader.take(from, { kind: 'chunk', capture: 'capture', offset, isLast, data: bytes }, now);
  }

  none(from: string, now = 0): boolean {
    return this.loader.take(from, { kind: 'none', capture: 'capture' }, now);
  }
}

const pull = (name: string, offset = 0, how = ' anew'): string =>
  `pull ${name} ${offset}-${offset + WINDOW_BYTES}${how}`;

describe('one that is given a state', () => {
  it('asks the donor that all agree to burden at once, and hands on what comes', () => {
    const taker = new Taker();
    taker.loader.offered(A, true, 0);
    expect([taker.take(), taker.loader.dueAt]).to.deep.equal([['begin', pull(A)], DONOR_PATIENCE_MS]);
    expect(taker.chunk(A, 0, 'one ', false, 10)).to.equal(true);
    expect(taker.loader.dueAt).to.equal(10 + DONOR_PATIENCE_MS);
    expect(taker.chunk(A, 4, 'two', true)).to.equal(true);
    expect(taker.take()).to.deep.equal(['chunk one ', 'chunk two', 'complete', 'end']);
    expect([taker.loader.isComplete, taker.loader.dueAt]).to.deep.equal([true, Infinity]);
  });

  it('waits for the offer of that donor, counted from the first of the others', () => {
    const taker = new Taker();
    taker.loader.offered(B, false, 0);
    taker.loader.offered(C, false, 20);
    expect([taker.take(), taker.loader.dueAt]).to.deep.equal([['begin'], FIRST_OFFER_MS]);
    expect([taker.loader.tick(FIRST_OFFER_MS - 1), taker.take()]).to.deep.equal([true, []]);
    expect([taker.loader.tick(FIRST_OFFER_MS), taker.take()]).to.deep.equal([true, [pull(B)]]);
    const other = new Taker();
    other.loader.offered(B, false, 0);
    other.loader.offered(A, true, 10);
    expect(other.take()).to.deep.equal(['begin', pull(A)]);
  });

  it('asks nobody again for an offer that comes while one gives, twice, or late', () => {
    const taker = new Taker();
    taker.loader.offered(A, true, 0);
    taker.take();
    taker.loader.offered(A, true, 0);
    taker.loader.offered(B, true, 0);
    expect(taker.take()).to.deep.equal([]);
    taker.chunk(A, 0, 'x', true);
    taker.take();
    taker.loader.offered(C, true, 0);
    expect([taker.take(), taker.loader.dueAt]).to.deep.equal([[], Infinity]);
    expect(taker.chunk(A, 1, 'y', true)).to.equal(true);
    expect(taker.take()).to.deep.equal([]);
  });

  it('asks for more when half of a window is left, from there on', () => {
    const taker = new Taker();
    taker.loader.offered(A, true, 0);
    taker.take();
    taker.chunk(A, 0, WINDOW_BYTES / 2 - 1);
    expect(taker.take()).to.deep.equal([`chunk ${WINDOW_BYTES / 2 - 1}`]);
    taker.chunk(A, WINDOW_BYTES / 2 - 1, 'x');
    expect(taker.take()).to.deep.equal(['chunk x', pull(A, WINDOW_BYTES / 2, '')]);
  });

  it('takes what is next, from whichever donor, and that one is then asked', () => {
    const taker = new Taker();
    taker.loader.offered(A, true, 0);
    taker.loader.offered(B, false, 0);
    taker.take();
    expect([taker.chunk(A, 1, 'no'), taker.chunk(C, 0, 'no'), taker.take()]).to.deep.equal([true, true, []]);
    taker.chunk(B, 0, 'yes');
    expect(taker.take()).to.deep.equal(['chunk yes']);
    taker.loader.retain([B], 0);
    expect(taker.take()).to.deep.equal([]);
    taker.loader.offered(A, false, 0);
    taker.loader.retain([A], 0);
    expect(taker.take()).to.deep.equal([pull(A, 3)]);
  });

  it('asks the next donor when one has it not, or is gone, until nobody is left', () => {
    const taker = new Taker();
    for (const donor of [A, B, C]) taker.loader.offered(donor, donor === A, 0);
    taker.take();
    expect([taker.none(B), taker.take()]).to.deep.equal([true, []]);
    expect([taker.none(A), taker.take()]).to.deep.equal([true, [pull(C)]]);
    expect([taker.loader.retain([], 0), taker.loader.dueAt, taker.take()]).to.deep.equal([
      false,
      Infinity,
      [],
    ]);
    const other = new Taker();
    other.loader.offered(A, true, 0);
    expect(other.none(A)).to.equal(false);
  });

  it('needs nobody any more when it has all', () => {
    const taker = new Taker();
    taker.loader.offered(A, true, 0);
    taker.chunk(A, 0, 'x', true);
    expect(taker.loader.retain([], 0)).to.equal(true);
  });

  it('asks the others in turn while donors are silent, each so often, and no more', () => {
    const taker = new Taker();
    taker.loader.offered(A, true, 0);
    taker.loader.offered(B, false, 0);
    taker.take();
    const goesOn: boolean[] = [];
    for (let i = 1; i <= 2 * MAX_SILENCES; i++) goesOn.push(taker.loader.tick(i * DONOR_PATIENCE_MS));
    expect(goesOn).to.deep.equal([...Array<boolean>(2 * MAX_SILENCES - 1).fill(true), false]);
    expect(taker.take().slice(0, 3)).to.deep.equal([pull(B), pull(A), pull(B)]);
  });

  it('asks the next donor where one brings nothing but empty pieces', () => {
    const taker = new Taker();
    taker.loader.offered(A, true, 0);
    taker.loader.offered(B, false, 0);
    taker.chunk(A, 0, 'one ', false, 0);
    taker.take();
    for (const now of [DONOR_PATIENCE_MS - 1, DONOR_PATIENCE_MS]) {
      taker.chunk(A, 4, '', false, now - 1);
      expect(taker.loader.tick(now)).to.equal(true);
    }
    expect(taker.take()).to.deep.equal([pull(B, 4)]);
    taker.chunk(B, 4, '', true);
    expect(taker.take()).to.deep.equal(['chunk ', 'complete', 'end']);
  });

  it('counts a donor that offers it twice once', () => {
    const taker = new Taker();
    for (let i = 0; i < 2; i++) taker.loader.offered(A, true, 0);
    const goesOn: boolean[] = [];
    for (let i = 1; i <= MAX_SILENCES; i++) goesOn.push(taker.loader.tick(i * DONOR_PATIENCE_MS));
    expect(goesOn.indexOf(false)).to.equal(MAX_SILENCES - 1);
  });

  it('waits as before when others than the donor go, and for nobody when all do', () => {
    const taker = new Taker();
    taker.loader.offered(A, true, 0);
    taker.loader.offered(B, false, 0);
    expect([taker.loader.retain([A], 5), taker.loader.dueAt]).to.deep.equal([true, DONOR_PATIENCE_MS]);
    const waiting = new Taker();
    waiting.loader.offered(B, false, 0);
    waiting.loader.offered(C, false, 0);
    waiting.take();
    expect([waiting.loader.retain([B], 5), waiting.loader.dueAt, waiting.take()]).to.deep.equal([
      true,
      FIRST_OFFER_MS,
      [],
    ]);
    expect([waiting.loader.retain([], 5), waiting.loader.dueAt]).to.deep.equal([false, Infinity]);
  });

  it('counts silences from the last byte', () => {
    const taker = new Taker();
    taker.loader.offered(A, true, 0);
    let [now, offset] = [0, 0];
    for (let i = 1; i < 3 * MAX_SILENCES; i++) {
      now += DONOR_PATIENCE_MS;
      expect(taker.loader.tick(now - 1)).to.equal(true);
      expect(taker.loader.tick(now), `${i}`).to.equal(true);
      if (i % (MAX_SILENCES - 1) === 0) taker.chunk(A, offset++, 'x', false, now);
    }
  });

  it('holds what comes until all is here, when it has another state', () => {
    const taker = new Taker(false);
    taker.loader.offered(A, true, 0);
    taker.chunk(A, 0, 'one ');
    expect(taker.take()).to.deep.equal([pull(A)]);
    taker.chunk(A, 4, 'two', true);
    expect(taker.take()).to.deep.equal(['begin', 'chunk one ', 'chunk two', 'complete', 'end']);
  });
});

describe('one that is given a large state, and has another one', () => {
  it('holds as much of it as allowed, and then gives up the other one', () => {
    const taker = new Taker(false);
    taker.loader.offered(A, true, 0);
    taker.take();
    const acts = (): string[] => taker.take().filter((each) => !each.startsWith('pull'));
    // Only its length is looked at.
    const data = { length: MAX_HELD_BYTES } as Buffer;
    taker.loader.take(A, { kind: 'chunk', capture: 'capture', offset: 0, isLast: false, data }, 0);
    expect(acts()).to.deep.equal([]);
    taker.chunk(A, MAX_HELD_BYTES, 'x');
    expect(acts()).to.deep.equal(['begin', `chunk ${MAX_HELD_BYTES}`, 'chunk x']);
    taker.chunk(A, MAX_HELD_BYTES + 1, 'y', true);
    expect(acts()).to.deep.equal(['chunk y', 'complete', 'end']);
  });
});

describe('a member that has asked many others for a state', () => {
  it('remembers a limited number of them, those that it asked last', () => {
    const nothing = (): void => undefined;
    const restoring = {
      restoreBegin: nothing,
      restoreChunk: nothing,
      restoreEnd: nothing,
      restoreAbort: nothing,
    };
    const sink: HoldingSink = { sendTo: nothing, rolledBack: nothing, ...restoring };
    const machine = { reset: nothing, apply: nothing, present: nothing, merge: nothing };
    const told = {
      asked: nothing,
      settled: nothing,
      merged: nothing,
      interrupted: nothing,
      malformed: nothing,
    };
    const holding = new Holding(new Replica(A, 1, machine, told), sink, false, null, () => null);
    let captures = 0;
    const ask = (donor: number): void => {
      const capture = `${captures++}`;
      const offer = { kind: 'offer', ask: 'x', component: Buffer.alloc(0), header: Buffer.alloc(0) } as const;
      holding.offered(`#${donor}#d1`, true, { ...offer, capture }, 0);
    };
    for (let donor = 0; donor < MAX_DONORS; donor++) ask(donor);
    const known = (): boolean[] => [0, 1, MAX_DONORS].map((donor) => holding.hasAsked(`#${donor}#d1`));
    expect(known()).to.deep.equal([true, true, false]);
    ask(0);
    ask(MAX_DONORS);
    expect(known()).to.deep.equal([true, false, true]);
  });
});

describe('one that gives a state', () => {
  /** `capture x`, `release x`, `supply x #b#d2 0-9`, `none #b#d2`, `chunk #b#d2 text`. */
  function donor(): { donor: SnapshotSender; take: () => string[] } {
    let said: string[] = [];
    const made = new SnapshotSender({
      sendTo: (name, body) => {
        const message = decode(body) as Message;
        said.push(
          message.kind === 'chunk' ? `chunk ${name} ${message.data.toString()}` : `${message.kind} ${name}`,
        );
      },
      capture: (id) => said.push(`capture ${id}`),
      release: (id) => said.push(`release ${id}`),
      supply: (id, to, offset, until, restart) =>
        said.push(`supply ${id} ${to} ${offset}-${until}${restart ? ' anew' : ''}`),
    });
    const take = (): string[] => {
      const before = said;
      said = [];
      return before;
    };
    return { donor: made, take };
  }

  it('captures a state once for all that want it, and keeps it for the last of them', () => {
    const { donor: each, take } = donor();
    each.give(A, 'x');
    each.give(B, 'x');
    each.give(B, 'x');
    expect(take()).to.deep.equal(['capture x']);
    each.forget(A);
    expect(take()).to.deep.equal([]);
    each.give(B, 'y');
    expect(take()).to.deep.equal(['capture y', 'release x']);
    each.forget(C);
    each.retain([A, B]);
    expect(take()).to.deep.equal([]);
    each.retain([A]);
    expect(take()).to.deep.equal(['release y']);
  });

  it('answers every request: with the state, or that it has it not', () => {
    const { donor: each, take } = donor();
    each.give(A, 'x');
    take();
    const request = { kind: 'pull', offset: 3, until: 9, restart: true } as const;
    each.pulled(A, { ...request, capture: 'x' });
    each.pulled(A, { ...request, capture: 'y' });
    each.pulled(B, { ...request, capture: 'x' });
    expect(take()).to.deep.equal([`supply x ${A} 3-9 anew`, `none ${A}`, `none ${B}`]);
  });

  it('sends what was asked for only while it is still wanted', () => {
    const { donor: each, take } = donor();
    each.give(A, 'x');
    take();
    each.supplied('x', A, 0, Buffer.from('text'), false);
    each.supplied('y', A, 0, Buffer.from('old'), false);
    each.supplied('x', B, 0, Buffer.from('other'), false);
    expect(take()).to.deep.equal([`chunk ${A} text`]);
  });
});

describe('a state that lost', () => {
  class Lost {
    said: string[] = [];
    readonly parts: MergePart[] = [];
    readonly merged = new Set<number>();
    readonly contributions = new MergeSender(
      A,
      {
        capture: (id) => this.said.push(`capture ${id}`),
        release: (id) => this.said.push(`release ${id}`),
        contribute: (id) => this.said.push(`contribute ${id}`),
      },
      (part) => this.parts.push(part),
    );

    take(): string[] {
      const { said } = this;
      this.said = [];
      return said;
    }

    send(...members: readonly string[]): this {
      this.contributions.send(members, (past) => this.merged.has(past));
      return this;
    }
  }

  it('is captured once, and released when it is merged', () => {
    const lost = new Lost();
    lost.contributions.keep(7, [A]);
    lost.contributions.keep(7, [A]);
    expect(lost.take()).to.deep.equal(['capture lost 7']);
    lost.contributions.forget(8);
    lost.merged.add(7);
    lost.send(A);
    lost.contributions.forget(7);
    expect(lost.take()).to.deep.equal(['release lost 7']);
    lost.contributions.keep(7, [A]);
    expect(lost.take()).to.deep.equal(['capture lost 7']);
  });

  it('is sent by the first of those that have it and are here, in pieces, once', () => {
    const lost = new Lost();
    lost.contributions.keep(7, [B, A]);
    expect(lost.send(A, B).take()).to.deep.equal(['capture lost 7']);
    expect(lost.send(C, A).send(A).take()).to.deep.equal(['contribute lost 7']);
    const bytes = Buffer.alloc(2 * CHUNK_BYTES + 1, 1);
    lost.contributions.has('lost 8', bytes);
    expect(lost.send(A).parts).to.deep.equal([]);
    lost.contributions.has('lost 7', bytes);
    lost.send(A).send(A);
    expect(
      lost.parts.map(({ past, index, isLast, data }) => [past, index, isLast, data.length]),
    ).to.deep.equal([
      [7, 0, false, CHUNK_BYTES],
      [7, 1, false, CHUNK_BYTES],
      [7, 2, true, 1],
    ]);
  });

  it('is one piece when it is empty, and no empty one more when it fills its pieces', () => {
    for (const [length, count] of [
      [0, 1],
      [CHUNK_BYTES, 1],
      [2 * CHUNK_BYTES, 2],
    ] as const) {
      const lost = new Lost();
      lost.contributions.keep(7, [A]);
      lost.send(A).contributions.has('lost 7', Buffer.alloc(length));
      expect(
        lost.send(A).parts.map(({ isLast }) => isLast),
        `${length}`,
      ).to.deep.equal(Array.from({ length: count }, (_, i) => i === count - 1));
    }
  });

  it('is sent again when the merge was interrupted, and not while it is still read', () => {
    const lost = new Lost();
    lost.contributions.keep(7, [A]);
    lost.send(A).contributions.interrupted();
    expect(lost.send(A).take()).to.deep.equal(['capture lost 7', 'contribute lost 7']);
    lost.contributions.has('lost 7', Buffer.from('x'));
    lost.contributions.has('lost 7', Buffer.from('other'));
    lost.send(A).contributions.interrupted();
    expect(lost.send(A).parts.map(({ data }) => data.toString())).to.deep.equal(['x', 'x']);
  });
});
