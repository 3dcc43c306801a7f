/** An election at one member, message by message. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { BodyReader, BodyWriter } from '../../lib/recipes/core/codec.js';
import { ElectionCore } from '../../lib/recipes/core/election.js';
import { MAX_SILENT_NAMES, MAX_TERM } from '../../lib/recipes/core/limits.js';
import type { RecipeView } from '../../lib/recipes/core/port.js';
import { A, B, C, view } from './step-view.js';

describe('an election, step by step', () => {
  class Chair {
    lines: string[] = [];
    sent: Buffer[] = [];
    readonly services = new Set<string>();
    readonly core: ElectionCore;

    constructor(quorum = 1, self: string = A) {
      const sink = {
        send: (body: Buffer, service: string) => {
          this.sent.push(body);
          this.services.add(service);
        },
        sendTo: () => undefined,
        elected: ({ leader, term, isMe }: { leader: string; term: number; isMe: boolean }) =>
          void this.lines.push(`elected ${leader} ${term}${isMe ? ' me' : ''}`),
        leaderLost: ({ leader }: { leader: string }) => void this.lines.push(`lapsed ${leader}`),
        doubted: (member: string) => void this.lines.push(`doubted ${member}`),
      };
      this.core = new ElectionCore(self, sink, { quorum, silenceTimeoutMs: 100 });
    }

    claim(
      sender: string,
      floor: number,
      silent: readonly string[] = [],
      id: RecipeView['id'] = [1, 2, 3],
    ): this {
      this.core.message(
        sender,
        new BodyWriter('election', 1).groupId(id).number(floor).texts(silent).finish(),
        0,
      );
      return this;
    }

    settle(sender: string, id: RecipeView['id'] = [1, 2, 3]): this {
      this.core.message(sender, new BodyWriter('election', 2).groupId(id).finish(), 0);
      return this;
    }

    take(): string[] {
      const { lines } = this;
      this.lines = [];
      return lines;
    }
  }

  it('claims a term above every one it knows, and above the time of day', () => {
    const chair = new Chair();
    const floors = () => {
      const reader = BodyReader.open('election', chair.sent.at(-1) as Buffer) as BodyReader;
      return [reader.groupId(), reader.number(), reader.texts(9)];
    };
    chair.core.view(view([A, B]), 1000.7);
    expect(floors()).to.deep.equal([[1, 2, 3], 1000, []]);
    chair.claim(A, 1000).claim(B, 5000);
    expect(chair.take()).to.deep.equal([`elected ${A} 5000 me`]);
    chair.core.view(view([A, B]), 1001);
    expect([floors()[1], chair.take(), chair.core.leadership]).to.deep.equal([5001, [`lapsed ${A}`], null]);
  });

  it('takes what belongs to the view, from members, and no term with which nobody could count on', () => {
    const chair = new Chair();
    chair.claim(A, 1).settle(A);
    chair.core.view(view([A, B]), 0);
    chair
      .claim(A, MAX_TERM - 1)
      .claim(B, MAX_TERM + 1)
      .claim(B, 9, [], [9, 9, 9])
      .claim(C, 9)
      .settle(A, [9, 9, 9])
      .settle(C);
    chair.core.message(B, new BodyWriter('election', 3).groupId([1, 2, 3]).number(1).texts([]).finish(), 0);
    chair.core.message(A, new BodyWriter('election', 2).groupId([1, 2, 3]).number(1).finish(), 0);
    expect(chair.take()).to.deep.equal([]);
    chair.claim(B, MAX_TERM);
    expect(chair.take()).to.deep.equal([`elected ${A} ${MAX_TERM} me`]);
  });

  it('says why it takes no claim', () => {
    const chair = new Chair();
    chair.core.view(view([A, B]), 0);
    const body = (kind: number, floor: number): Buffer =>
      new BodyWriter('election', kind).groupId([1, 2, 3]).number(floor).texts([]).finish();
    expect([
      chair.core.message(B, body(1, MAX_TERM + 1), 0),
      chair.core.message(B, new BodyWriter('election', 3).groupId([1, 2, 3]).finish(), 0),
      chair.core.message(B, body(1, MAX_TERM), 0),
    ]).to.deep.equal(['malformed', 'malformed', null]);
  });

  it('waits its patience again for a claim more where those that count were too few', () => {
    const chair = new Chair(2);
    chair.core.view(view([A, B, C, '#d#d4']), 0);
    chair.claim(A, 1).claim(B, 1e12).settle(A);
    expect([chair.take(), chair.core.dueAt]).to.deep.equal([[`doubted ${B}`], Infinity]);
    chair.claim(C, 2);
    expect([chair.take(), chair.core.dueAt]).to.deep.equal([[], 100]);
  });

  it('names no more silent members than a claim may hold', () => {
    const chair = new Chair();
    const others = Array.from({ length: MAX_SILENT_NAMES + 5 }, (_, i) => `#m${i}#d2`);
    chair.core.view(view([A, ...others]), 0);
    chair.claim(A, 1).settle(A);
    chair.core.view(view([A, ...others]), 0);
    expect(chair.core.message(A, chair.sent.at(-1) as Buffer, 0)).to.equal(null);
  });

  it('settles after its patience when enough have claimed, this one among them', () => {
    const chair = new Chair(2);
    chair.core.view(view([A, B, C]), 0);
    chair.sent = [];
    expect(chair.core.dueAt).to.equal(100);
    chair.claim(A, 1);
    chair.core.tick(100);
    expect([chair.sent.length, chair.core.dueAt]).to.deep.equal([0, 200]);
    chair.claim(B, 2);
    chair.core.tick(199);
    expect(chair.sent).to.deep.equal([]);
    chair.core.tick(200);
    expect(chair.sent).to.have.length(1);
    chair.core.message(A, chair.sent[0] as Buffer, 0);
    expect([chair.take(), chair.core.dueAt]).to.deep.equal([[`elected ${A} 2 me`], Infinity]);
    expect([...chair.services]).to.deep.equal(['safe']);
    const other = new Chair(1);
    other.core.view(view([A, B]), 0);
    other.sent = [];
    other.claim(B, 1);
    other.core.tick(100);
    expect(other.sent).to.deep.equal([]);
  });

  it('waits once for one that is silent, until it claims or is gone', () => {
    const chair = new Chair();
    chair.core.view(view([A, B, C]), 0);
    chair.claim(A, 1).settle(A).take();
    chair.core.tick(chair.core.dueAt);
    expect(chair.core.dueAt).to.equal(Infinity);
    const silent = () => {
      const reader = BodyReader.open('election', chair.sent.at(-1) as Buffer) as BodyReader;
      reader.groupId();
      reader.number();
      return reader.texts(9);
    };
    chair.core.view(view([A, B, C]), 0);
    expect(silent()).to.deep.equal([B, C]);
    chair.claim(B, 1, [], [9, 9, 9]);
    chair.core.view(view([A, B]), 0);
    expect(silent()).to.deep.equal([]);
    chair.claim(A, 9).claim(B, 8);
    expect(chair.take()).to.deep.equal([`lapsed ${A}`, `elected ${A} 9 me`]);
  });

  it('elects nobody behind the transitional signal, and nobody again with a term of the past', () => {
    const chair = new Chair();
    chair.core.view(view([A, B]), 0);
    chair.core.transition();
    chair.claim(A, 5).claim(B, 6);
    expect(chair.take()).to.deep.equal([]);
    chair.core.view(view([A, B]), 0);
    chair.claim(A, 6).claim(B, 6);
    expect(chair.take()).to.deep.equal([]);
    chair.core.view(view([B, A]), 0);
    chair.claim(A, 7).claim(B, 6);
    expect(chair.take()).to.deep.equal([`elected ${B} 7`]);
    chair.core.left();
    expect([chair.take(), chair.core.dueAt]).to.deep.equal([[`lapsed ${B}`], Infinity]);
    chair.claim(A, 9).core.tick(1e9);
    expect(chair.take()).to.deep.equal([]);
  });

  /** Milliseconds since 1970 when clocks are right. */
  const NOW = 1_800_000_000_000;
  const DAY = 86_400_000;

  it('follows no claim that ends the round alone and is far above its own', () => {
    for (const far of [MAX_TERM, MAX_TERM - 1, NOW + 2 * DAY]) {
      const chair = new Chair(1, B);
      chair.core.view(view([A, B, C]), NOW);
      chair.claim(A, far, [B, C]).settle(A);
      expect([chair.take(), chair.core.leadership], String(far)).to.deep.equal([[], null]);
      chair.claim(B, NOW);
      expect(chair.core.leadership, 'with one that claims too little it would be the same').to.equal(null);
      chair.claim(C, NOW + 5);
      expect(chair.take()).to.deep.equal([`doubted ${A}`, `elected ${B} ${NOW + 5} me`]);
      chair.core.view(view([B, C]), NOW + 9);
      chair.claim(B, NOW + 9).claim(C, NOW + 9);
      expect(chair.take()).to.deep.equal([`lapsed ${B}`, `elected ${B} ${NOW + 9} me`]);
    }
  });

  it('takes the lead from one whose claim alone was far above, at one place for all members', () => {
    const lines = [A, B, C].map((self) => {
      const chair = new Chair(1, self);
      chair.core.view(view([A, B, C]), NOW);
      chair.claim(A, MAX_TERM, [B, C]).claim(C, NOW).claim(B, NOW);
      return chair.take();
    });
    expect(lines).to.deep.equal([
      // It follows nobody with a lower term.
      [`elected ${A} ${MAX_TERM} me`, `doubted ${A}`, `lapsed ${A}`],
      [`doubted ${A}`, `elected ${B} ${NOW} me`],
      [`doubted ${A}`, `elected ${B} ${NOW}`],
    ]);
  });

  it('takes the lead from nobody because one other member claims too little', () => {
    const chair = new Chair(1, A);
    chair.core.view(view([A, B, C]), NOW);
    chair.claim(A, NOW).settle(A);
    chair.claim(B, DAY * 20_000).claim(C, NOW + 5);
    expect(chair.take()).to.deep.equal([
      `elected ${A} ${NOW} me`,
      `doubted ${A}`,
      `lapsed ${A}`,
      `elected ${A} ${NOW + 5} me`,
    ]);
  });

  it('follows a leader that claimed alone from the place of its own claim on, and knows its term before', () => {
    const chair = new Chair(1, B);
    chair.core.view(view([A, B, C]), NOW);
    chair.claim(A, NOW + 50, [B, C]);
    expect(chair.take()).to.deep.equal([]);
    chair.claim(B, NOW);
    expect(chair.take()).to.deep.equal([`elected ${A} ${NOW + 50}`]);
    chair.claim(C, NOW + 70);
    expect(chair.take()).to.deep.equal([`lapsed ${A}`, `elected ${A} ${NOW + 70}`]);
    const other = new Chair(1, B);
    other.core.view(view([A, B]), NOW);
    other.claim(A, NOW + 50, [B]);
    other.sent = [];
    other.core.view(view([B]), NOW);
    const reader = BodyReader.open('election', other.sent[0] as Buffer) as BodyReader;
    expect([reader.groupId(), reader.number()]).to.deep.equal([[1, 2, 3], NOW + 51]);
  });

  it('leaves out silent members by the word of the one who leads alone', () => {
    const chair = new Chair(1, A);
    chair.core.view(view([A, B, C]), NOW);
    chair.sent = [];
    chair.claim(A, NOW).claim(B, NOW, [C]).settle(B);
    expect(chair.take(), 'by the word of another').to.deep.equal([]);
    chair.core.tick(NOW + 100);
    expect(chair.sent).to.have.length(1);
    chair.settle(A);
    expect(chair.take()).to.deep.equal([`elected ${A} ${NOW} me`]);
    const other = new Chair(1, B);
    other.core.view(view([A, B, C]), NOW);
    other.sent = [];
    other
      .claim(A, NOW)
      .claim(B, NOW)
      .core.tick(NOW + 100);
    expect(other.sent, 'one that would not lead').to.deep.equal([]);
  });

  it('knows of nobody that it is silent because another one did not wait', () => {
    const chair = new Chair(1, B);
    chair.core.view(view([A, B, C]), NOW);
    chair.claim(A, NOW, [B, C]).claim(B, NOW);
    expect(chair.take()).to.deep.equal([`elected ${A} ${NOW}`]);
    chair.core.view(view([B, C]), NOW + 99);
    const reader = BodyReader.open('election', chair.sent.at(-1) as Buffer) as BodyReader;
    expect([reader.groupId(), reader.number(), reader.texts(9)]).to.deep.equal([[1, 2, 3], NOW + 99, []]);
    chair.take();
    chair.claim(B, NOW + 99);
    expect(chair.take()).to.deep.equal([]);
  });

  it('stays at the last term, until nobody else knows of it', () => {
    const chair = new Chair(1, B);
    chair.core.view(view([A, B, C]), NOW);
    chair.claim(A, MAX_TERM).claim(C, MAX_TERM).claim(B, NOW);
    expect(chair.take()).to.deep.equal([`elected ${A} ${MAX_TERM}`]);
    chair.core.view(view([B, C]), NOW);
    const floor = () => {
      const reader = BodyReader.open('election', chair.sent.at(-1) as Buffer) as BodyReader;
      reader.groupId();
      return reader.number();
    };
    expect(floor()).to.equal(MAX_TERM);
    chair.claim(B, MAX_TERM).claim(C, MAX_TERM);
    expect(chair.take()).to.deep.equal([`lapsed ${A}`, `elected ${B} ${MAX_TERM} me`]);
    chair.core.view(view([A, B]), NOW);
    chair.claim(A, NOW).claim(B, MAX_TERM);
    expect(chair.take()).to.deep.equal([`lapsed ${B}`, `doubted ${B}`, `elected ${A} ${NOW}`]);
    chair.core.view(view([A, B]), NOW + 7);
    expect(floor()).to.equal(NOW + 7);
  });
});
