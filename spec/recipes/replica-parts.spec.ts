/** Commands of a member on their way, and the inputs of its replica. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { CHUNK_BYTES, MAX_MERGED, MAX_MERGE_BYTES, MERGE_STEPS } from '../../lib/recipes/core/limits.js';
import { MalformedCommandError } from '../../lib/recipes/core/malformed.js';
import { type Asked, type CommandOutcome, Replica } from '../../lib/recipes/core/replicated/replica.js';
import { PendingCommands, Submissions } from '../../lib/recipes/core/replicated/submissions.js';

const [A, B, C, D] = ['#a#d1', '#b#d2', '#c#d3', '#d#d4'] as const;

describe('commands on their way', () => {
  /** `ticket:sequence` of what is sent. */
  const flushed = (pending: Pick<PendingCommands, 'flush'>, applied = 0): string[] => {
    const sent: string[] = [];
    pending.flush(
      () => applied,
      (ticket, sequence) => sent.push(`${ticket}:${sequence}`),
    );
    return sent;
  };
  const filled = (count: number): PendingCommands => {
    const pending = new PendingCommands();
    for (let i = 0; i < count; i++) pending.add(Buffer.alloc(0));
    return pending;
  };

  it('are sent once, in their order, with numbers that go up', () => {
    const pending = filled(2);
    expect([flushed(pending), flushed(pending)]).to.deep.equal([['1:1', '2:2'], []]);
    pending.add(Buffer.alloc(0));
    expect([flushed(pending), pending.size]).to.deep.equal([['3:3'], 3]);
    expect([pending.applied(1), pending.applied(1), pending.applied(9), pending.size]).to.deep.equal([
      true,
      false,
      false,
      2,
    ]);
  });

  it('can be taken back until they are sent', () => {
    const pending = filled(2);
    expect([pending.withdraw(1), pending.withdraw(1), pending.withdraw(9)]).to.deep.equal([
      true,
      false,
      false,
    ]);
    expect(flushed(pending)).to.deep.equal(['2:1']);
    pending.dropped(2);
    expect([pending.withdraw(2), pending.size]).to.deep.equal([false, 1]);
  });

  it('get their numbers when they are sent, by what is applied then', () => {
    const pending = filled(3);
    pending.withdraw(3);
    expect(flushed(pending)).to.deep.equal(['1:1', '2:2']);
    for (const ticket of [1, 2]) pending.applied(ticket);
    pending.rebase(() => 0);
    expect(flushed(pending)).to.deep.equal([]);
    const later = pending.add(Buffer.alloc(0));
    expect(flushed(pending, 5)).to.deep.equal([`${later}:6`]);
  });

  it('are renumbered behind those applied, when all that were dropped have come back', () => {
    const pending = filled(3);
    flushed(pending);
    pending.applied(1);
    pending.dropped(2);
    pending.dropped(2);
    expect(flushed(pending, 1)).to.deep.equal([]);
    pending.dropped(3);
    expect(flushed(pending, 1)).to.deep.equal(['2:2', '3:3']);
    expect(flushed(pending, 1)).to.deep.equal([]);
    const later = pending.add(Buffer.alloc(0));
    expect(flushed(pending, 1), 'what comes after that waits for nothing').to.deep.equal([`${later}:4`]);
  });

  it('wait for all that are on their way, though one that was not was taken back', () => {
    const pending = filled(2);
    flushed(pending);
    pending.withdraw(pending.add(Buffer.alloc(0)));
    pending.dropped(1);
    expect(flushed(pending)).to.deep.equal([]);
    pending.dropped(2);
    expect(flushed(pending)).to.deep.equal(['1:1', '2:2']);
  });

  it('are what they were when one comes back that nobody waits for', () => {
    const pending = filled(1);
    pending.dropped(9);
    expect([pending.size, flushed(pending)]).to.deep.equal([1, ['1:1']]);
  });

  it('that another state has applied are lost, the others sent again behind them', () => {
    const pending = filled(3);
    flushed(pending);
    for (const ticket of [1, 2, 3]) pending.dropped(ticket);
    const later = pending.add(Buffer.alloc(0));
    expect([pending.rebase(() => 2), pending.size]).to.deep.equal([[1, 2], 2]);
    expect(flushed(pending, 2)).to.deep.equal(['3:3', `${later}:4`]);
    expect(pending.rebase(() => 3)).to.deep.equal([3]);
    expect(pending.rebase(() => 4)).to.deep.equal([later]);
    expect([pending.size, flushed(pending, 4)]).to.deep.equal([0, []]);
  });

  it('are sent again with another instance, but for those that were applied with the one before', () => {
    const pending = filled(3);
    flushed(pending);
    pending.applied(1);
    pending.rejoined(7);
    const later = pending.add(Buffer.alloc(0));
    expect(pending.rebase((instance) => (instance === 7 ? 2 : 0))).to.deep.equal([2]);
    expect(flushed(pending)).to.deep.equal(['3:1', `${later}:2`]);
    pending.rejoined(null);
    expect(pending.rebase((instance) => (instance === null ? 1 : 9))).to.deep.equal([3]);
    expect(flushed(pending, 1)).to.deep.equal([`${later}:2`]);
  });

  describe('to results', () => {
    const submissions = (): { each: Submissions; told: string[]; flush: (applied?: number) => string[] } => {
      const told: string[] = [];
      const each = new Submissions(1, (ticket, { kind }) => told.push(`${ticket} ${kind}`));
      return { each, told, flush: (applied = 0) => flushed(each, applied) };
    };
    const applied: CommandOutcome = { kind: 'applied', result: 1 };

    it('wait while the id of before is a member, unless that is another process by now', () => {
      for (const isAnother of [false, true]) {
        const { each, flush } = submissions();
        const ticket = each.add(Buffer.alloc(0));
        each.rejoined('#r1#d1');
        each.retain(['#r1#d1', '#r2#d1']);
        expect(flush()).to.deep.equal([]);
        if (isAnother) each.heardOther('#r1#d1');
        else each.retain(['#r2#d1']);
        expect(flush()).to.deep.equal([`${ticket}:1`]);
      }
    });

    it('are told what became of them when a quorum stands behind it, at once or later', () => {
      const { each, told, flush } = submissions();
      for (let i = 0; i < 2; i++) each.add(Buffer.alloc(0));
      flush();
      each.settled(1, applied, true);
      each.settled(1, applied, true);
      expect([told, each.size]).to.deep.equal([['1 applied'], 1]);
      each.settled(2, applied, false);
      expect([told.length, each.size]).to.deep.equal([1, 1]);
      flush(2);
      expect([told, each.size]).to.deep.equal([['1 applied', '2 applied'], 0]);
    });

    it('are sent again when they were dropped, or what was withheld is in doubt', () => {
      const { each, told, flush } = submissions();
      for (let i = 0; i < 2; i++) each.add(Buffer.alloc(0));
      flush();
      each.settled(1, { kind: 'dropped' }, true);
      each.settled(2, applied, false);
      each.doubt();
      expect([flush(), told]).to.deep.equal([['1:1', '2:2'], []]);
    });

    it('are sent with another instance under each id, which nobody else has', () => {
      const [each, other] = [submissions().each, submissions().each];
      each.rejoined(null);
      expect(each.instance).to.equal(1);
      const instances = [A, B, A].map((before) => {
        each.rejoined(before);
        return each.instance;
      });
      expect(new Set([1, ...instances]).size).to.equal(4);
      other.rejoined(C);
      expect(other.instance).to.equal(instances[0]);
      expect(instances.every((instance) => Number.isSafeInteger(instance) && instance >= 0)).to.equal(true);
    });

    it('have an unknown result where another state has applied them', () => {
      for (const isBacked of [true, false]) {
        const { each, told, flush } = submissions();
        each.add(Buffer.alloc(0));
        flush();
        each.doubt();
        each.restored(() => 1, isBacked);
        expect(told, `${isBacked}`).to.deep.equal(isBacked ? ['1 unknown'] : []);
        flush(1);
        expect(told).to.deep.equal(['1 unknown']);
      }
    });

    it('have the result that was withheld, where they were in doubt only before', () => {
      const { each, told, flush } = submissions();
      each.add(Buffer.alloc(0));
      each.doubt();
      expect(flush()).to.deep.equal(['1:1']);
      each.settled(1, applied, false);
      flush(1);
      expect(told).to.deep.equal(['1 applied']);
    });
  });
});

describe('a replica', () => {
  class Told {
    lines: string[] = [];
    readonly replica = new Replica(
      A,
      1,
      {
        reset: () => this.lines.push('reset'),
        apply: (command, { sender, index }) => {
          if (command.toString() === 'bad') throw new Error('planted');
          if (command.toString() === 'malformed') throw new MalformedCommandError('planted');
          this.lines.push(`apply ${command.toString()} ${sender} ${index}`);
          return index;
        },
        present: (members) => this.lines.push(`present ${members.join(' ')}`),
        merge: (state) => {
          const text = state.toString('latin1', 0, 3 * CHUNK_BYTES).replaceAll('\0', '');
          this.lines.push(`merge ${text === '' ? state.length : text}`);
        },
      },
      {
        asked: ({ ask }, steps, header) => {
          this.header = header;
          this.lines.push(`asked ${ask} ${steps}`);
        },
        settled: (ticket, { kind }) => this.lines.push(`settled ${ticket} ${kind}`),
        merged: (past) => this.lines.push(`merged ${past}`),
        interrupted: () => this.lines.push('interrupted'),
        malformed: (sender) => this.lines.push(`malformed ${sender}`),
      },
    );
    header: Buffer = Buffer.alloc(0);

    take(): string[] {
      const { lines } = this;
      this.lines = [];
      return lines;
    }

    command(sender: string, sequence: number, text = 'x', instance = 1): this {
      const payload = Buffer.from(text);
      this.replica.run({ kind: 'command', sender, instance, ticket: 10 + sequence, sequence, payload });
      return this;
    }

    /** Only the last piece is a short one. @param data a text, or a number of bytes */
    part(sender: string, past: number, index: number, data: string | number, isLast = false): this {
      const bytes = Buffer.alloc(typeof data === 'number' ? data : isLast ? data.length : CHUNK_BYTES);
      if (typeof data === 'string') bytes.write(data);
      this.replica.run({ kind: 'part', sender, past, index, isLast, data: bytes });
      return this;
    }

    asked(ask: string): this {
      const asked: Asked = { kind: 'asked', name: B, ask, lineage: 1, component: Buffer.alloc(0) };
      this.replica.run(asked);
      return this;
    }
  }

  const begun = (): Told => {
    const told = new Told();
    told.replica.begin();
    told.take();
    return told;
  };

  it('applies commands in their order, and tells this process what became of its own', () => {
    const told = begun();
    told.command(A, 1).command(B, 1, 'y').command(A, 2, 'bad').command(A, 1, 'z', 2);
    expect(told.take()).to.deep.equal([
      `apply x ${A} 0`,
      'settled 11 applied',
      `apply y ${B} 1`,
      'settled 12 failed',
      `apply z ${A} 3`,
    ]);
    told.command(A, 1).command(A, 4).command(B, 1).command(B, 9);
    expect(told.take()).to.deep.equal(['settled 11 unknown', 'settled 14 dropped']);
    expect([told.replica.position, told.replica.ownApplied(null)]).to.deep.equal([4, 2]);
  });

  it('names the sender of a command that is not one of the machine, and counts the command', () => {
    const told = begun();
    told.command(B, 1, 'bad').command(B, 2, 'malformed').command(A, 1, 'malformed');
    expect(told.take()).to.deep.equal([`malformed ${B}`, `malformed ${A}`, 'settled 11 failed']);
    expect(told.replica.position).to.equal(3);
  });

  it('keeps what comes while a snapshot is on its way, for when that is here', () => {
    const told = begun();
    told.replica.expect();
    told.command(A, 1).command(B, 1);
    expect(told.take()).to.deep.equal([]);
    told.replica.catchUp();
    expect(told.take()).to.deep.equal([`apply x ${A} 0`, 'settled 11 applied', `apply x ${B} 1`]);
    told.replica.catchUp();
    expect(told.take()).to.deep.equal([]);
  });

  it('drops what came when that does not come, and is what it was', () => {
    const told = begun();
    told.replica.expect();
    told.command(A, 1).command(B, 1);
    told.replica.goBack();
    expect([told.take(), told.replica.isWhole]).to.deep.equal([['settled 11 dropped'], true]);
    told.replica.expect();
    told.command(A, 1);
    told.replica.expect();
    expect([told.take(), told.replica.isWhole]).to.deep.equal([['settled 11 dropped'], false]);
  });

  it('gets what it asks for with all inputs before that counted', () => {
    const told = begun();
    told.command(B, 1).asked('one').asked('two');
    told.replica.run({ kind: 'present', members: [A, B] });
    told.asked('three');
    expect(told.take()).to.deep.equal([
      `apply x ${B} 0`,
      'interrupted',
      'asked one 1',
      'interrupted',
      'asked two 1',
      'interrupted',
      `present ${A} ${B}`,
      'interrupted',
      'asked three 2',
    ]);
  });

  it('has all of it from a snapshot: position, inputs, submitters and merges', () => {
    const told = begun();
    told.command(A, 1).command(B, 1).part(C, 7, 0, 'seven', true).asked('x');
    const copy = new Told();
    expect(copy.replica.restored(told.header)).to.equal(true);
    copy.replica.catchUp();
    expect([copy.replica.position, copy.replica.ownApplied(null), copy.replica.isMerged(7)]).to.deep.equal([
      2,
      1,
      true,
    ]);
    copy.command(B, 1, 'again').asked('y');
    expect(copy.take().at(-1)).to.equal('asked y 4');
    expect(copy.replica.restored(told.header.subarray(0, -1))).to.equal(false);
    expect(copy.replica.restored(Buffer.from('none'))).to.equal(false);
    copy.replica.begin();
    expect([copy.replica.position, copy.replica.ownApplied(null), copy.replica.isMerged(7)]).to.deep.equal([
      0,
      0,
      false,
    ]);
    copy.asked('z');
    expect(copy.take().at(-1)).to.equal('asked z 0');
  });

  describe('merges', () => {
    const merges = (told: Told): string[] => told.take().filter((line) => line.startsWith('merge'));

    it('a state when all its pieces are here, once', () => {
      const told = begun().part(B, 7, 0, 'one ').part(B, 7, 1, 'two', true);
      expect(told.take()).to.deep.equal(['merge one two', 'merged 7', 'interrupted']);
      told.part(C, 7, 0, 'again', true);
      expect([told.take(), told.replica.isMerged(7)]).to.deep.equal([[], true]);
    });

    it('one at a time, from one sender, piece after piece', () => {
      const told = begun().part(B, 7, 0, 'one ');
      told
        .part(C, 8, 0, 'other', true)
        .part(C, 7, 1, 'foreign', true)
        .part(B, 8, 1, 'x', true)
        .part(B, 7, 2, 'late', true);
      expect(merges(told)).to.deep.equal([]);
      told.part(B, 7, 1, 'two', true);
      expect(merges(told)).to.deep.equal(['merge one two', 'merged 7']);
      told.part(C, 8, 0, 'other', true);
      expect(merges(told)).to.deep.equal(['merge other', 'merged 8']);
      expect(merges(told.part(B, 9, 1, 'x', true))).to.deep.equal([]);
    });

    it('from the start where its sender begins again', () => {
      const told = begun().part(B, 7, 0, 'one ').part(B, 7, 0, 'uno ').part(B, 7, 1, 'dos', true);
      expect(merges(told)).to.deep.equal(['merge uno dos', 'merged 7']);
    });

    it('what another one begins when nothing more came for long', () => {
      const told = begun().part(B, 7, 0, 'one ');
      for (let sequence = 1; sequence < MERGE_STEPS; sequence++) told.command(D, sequence);
      expect(merges(told.part(C, 8, 0, 'early', true))).to.deep.equal([]);
      expect(merges(told.part(C, 8, 0, 'late', true))).to.deep.equal(['merge late', 'merged 8']);
    });

    it('nothing when somebody comes or asks in between', () => {
      for (const between of ['present', 'asked'] as const) {
        const told = begun().part(B, 7, 0, 'one ');
        if (between === 'asked') told.asked('x');
        else told.replica.run({ kind: 'present', members: [A] });
        expect(merges(told.part(B, 7, 1, 'two', true)), between).to.deep.equal([]);
      }
    });

    it('nothing of which a piece is short and not the last', () => {
      for (const bytes of [0, 1, CHUNK_BYTES - 1]) {
        const told = begun();
        expect(told.part(B, 7, 0, bytes).take(), `${bytes}`).to.deep.equal([`malformed ${B}`]);
        expect(merges(told.part(B, 7, 1, 'rest', true))).to.deep.equal([]);
      }
    });

    it('nothing that is larger than allowed', () => {
      const told = begun();
      const half = MAX_MERGE_BYTES / 2;
      expect(merges(told.part(B, 7, 0, half))).to.deep.equal([]);
      expect(told.part(B, 7, 1, half + 1, true).take()).to.deep.equal([`malformed ${B}`]);
      expect(merges(told.part(B, 8, 0, half).part(B, 8, 1, half, true))).to.deep.equal([
        `merge ${MAX_MERGE_BYTES}`,
        'merged 8',
      ]);
    });

    it('and remembers a limited number of them, the last ones', () => {
      const told = begun();
      for (let past = 0; past <= MAX_MERGED; past++) told.part(B, past, 0, 'x', true);
      expect([0, 1, MAX_MERGED].map((past) => told.replica.isMerged(past))).to.deep.equal([
        false,
        true,
        true,
      ]);
    });
  });
});
