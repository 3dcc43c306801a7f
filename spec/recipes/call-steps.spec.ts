/** A call at one member, message by message. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { CallCore, type CallMode, type RawOutcome, type Ticket } from '../../lib/recipes/core/call.js';
import { BodyReader, BodyWriter } from '../../lib/recipes/core/codec.js';
import { MAX_PAYLOAD_BYTES } from '../../lib/recipes/core/limits.js';
import { A, B, C, view } from './step-view.js';

describe('a call, step by step', () => {
  class Calls {
    readonly done = new Map<number, Record<string, RawOutcome['kind']>>();
    readonly asked = new Map<number, readonly string[]>();
    readonly requests: Ticket[] = [];
    readonly answers: [string, Buffer][] = [];
    readonly broken: number[] = [];
    sent: Buffer[] = [];
    readonly services = new Set<string>();
    readonly core: CallCore;

    constructor(handles = true) {
      this.core = new CallCore(A, 1, handles, {
        send: (body, service) => {
          this.sent.push(body);
          this.services.add(service);
        },
        sendTo: (name, body) => void this.answers.push([name, body]),
        request: (_name, ticket) => void this.requests.push(ticket),
        done: (call, outcomes, asked) => {
          this.done.set(call, Object.fromEntries([...outcomes].map(([name, { kind }]) => [name, kind])));
          this.asked.set(call, asked);
        },
        broken: (call) => void this.broken.push(call),
      });
      this.core.view(view([A, B, C]), 0);
    }

    /** Asks, and the request has its place in the order. */
    call(mode: CallMode, timeout = 100, now = 0): number {
      const call = this.core.call(Buffer.from('?'), mode, timeout, now);
      this.core.message(A, this.sent.pop() as Buffer);
      return call;
    }

    answer(sender: string, call: number, code: number, { instance = 1, kind = 2 } = {}): this {
      const body = new BodyWriter('call', kind)
        .number(instance)
        .number(call)
        .number(code)
        .data(Buffer.from('v'));
      this.core.message(sender, body.finish());
      return this;
    }
  }

  for (const [mode, codes, isDone] of [
    ['first', [1, 2], false],
    ['first', [0], true],
    ['majority', [0], false],
    ['majority', [0, 1], false],
    ['majority', [0, 0], true],
    ['all', [0, 0], false],
    ['all', [0, 1, 0], true],
    ['all', [2, 0, 0], true],
    ['majority', [2, 2, 0], true],
  ] as const) {
    it(`for ${mode} is ${isDone ? '' : 'not '}over with the answers ${codes.join(' ')}`, () => {
      const calls = new Calls();
      const call = calls.call(mode);
      for (const [i, code] of codes.entries()) calls.answer([A, B, C][i] as string, call, code);
      expect([calls.done.has(call), calls.core.open]).to.deep.equal([isDone, isDone ? 0 : 1]);
    });
  }

  it('takes no answer of another process, kind, code or call, nor one before it has its place', () => {
    const calls = new Calls();
    const early = calls.core.call(Buffer.from('?'), 'first', 100, 0);
    calls.answer(B, early, 0);
    expect(calls.done.size).to.equal(0);
    const call = calls.call('first');
    calls
      .answer(B, call, 0, { instance: 2 })
      .answer(B, call, 0, { kind: 3 })
      .answer(B, call, 3)
      .answer(B, call + 5, 0)
      .answer('#x#d', call, 0);
    const damaged = new BodyWriter('call', 2).number(1).number(call).number(0).number(99).finish();
    calls.core.message(B, damaged);
    expect(calls.done.size).to.equal(0);
    calls.answer(B, call, 0).answer(C, call, 0);
    expect([...calls.done]).to.deep.equal([[call, { [B]: 'value' }]]);
    expect(calls.asked.get(call)).to.deep.equal([A, B, C]);
  });

  const requestOf = (instance: number, call: number, kind = 1): Buffer =>
    new BodyWriter('call', kind).number(instance).number(call).data(Buffer.from('?')).finish();

  it('has its place where its own request comes, and not that of another member or process', () => {
    for (const [from, instance] of [
      [B, 1],
      [A, 2],
      [B, 2],
    ] as const) {
      const calls = new Calls();
      const call = calls.core.call(Buffer.from('?'), 'first', 100, 0);
      calls.core.message(from, requestOf(instance, call));
      calls.answer(C, call, 0);
      expect(calls.done.size, `${from} ${instance}`).to.equal(0);
      expect([...calls.services]).to.deep.equal(['agreed']);
    }
  });

  it('asks those of its place, whoever came and went before and after', () => {
    const calls = new Calls();
    const early = calls.core.call(Buffer.from('?'), 'all', 100, 0);
    calls.core.view(view([A, B]), 0);
    calls.core.message(A, calls.sent.pop() as Buffer);
    calls.core.view(view([A]), 0);
    calls.answer(A, early, 0);
    expect(calls.done.get(early)).to.deep.equal({ [A]: 'value', [B]: 'left' });
    expect(calls.asked.get(early)).to.deep.equal([A, B]);
  });

  it('waits for one that moves to another daemon, and for nobody whose connection has ended', () => {
    const NEW = '#b#d9';
    const calls = new Calls();
    const asked = [calls.call('all'), calls.call('all')] as const;
    for (const call of asked) calls.answer(A, call, 0).answer(C, call, 0);
    calls.core.view(view([A, C], { cause: 'disconnect' }), 10);
    expect([calls.done.size, calls.core.dueAt]).to.deep.equal([0, 10]);
    calls.core.view({ ...view([A, C, NEW], { along: [A, C] }), returned: [{ from: B, to: NEW }] }, 10);
    calls.core.tick(10);
    expect([calls.done.size, calls.core.dueAt]).to.deep.equal([0, 100]);
    calls.answer(NEW, asked[0], 0);
    expect(calls.done.get(asked[0])).to.deep.equal({ [A]: 'value', [C]: 'value', [NEW]: 'value' });
    calls.core.view(view([A, C], { cause: 'disconnect' }), 20);
    calls.core.tick(20);
    expect(calls.done.get(asked[1])).to.deep.equal({ [A]: 'value', [C]: 'value', [NEW]: 'left' });
  });

  it('continues over a loss of the own connection without a gap, and is over behind one', () => {
    const NEW = '#a#d9';
    for (const isWhole of [true, false]) {
      const calls = new Calls();
      const call = calls.call('all');
      calls.answer(B, call, 0);
      calls.core.lost();
      calls.core.rejoined(NEW, isWhole);
      calls.core.view({ ...view([B, C, NEW], { along: [NEW] }), returned: [{ from: A, to: NEW }] }, 10);
      expect(calls.done.size).to.equal(isWhole ? 0 : 1);
      calls.answer(C, call, 0).answer(NEW, call, 0);
      const [own, other] = isWhole ? ([NEW, 'value'] as const) : ([A, 'left'] as const);
      expect(calls.done.get(call)).to.deep.equal({ [B]: 'value', [C]: other, [own]: other });
    }
  });

  it('is asked again when it was ordered before the return of its caller, where nobody took it', () => {
    const NEW = '#a#d9';
    for (const [heard, isWhole] of [
      [NEW, true],
      [NEW, false],
      ['#x#d9', true],
    ] as const) {
      const calls = new Calls();
      const call = calls.core.call(Buffer.from('?'), 'all', 100, 0);
      const request = calls.sent.pop() as Buffer;
      calls.core.lost();
      expect(calls.core.unheard(heard, request)).to.equal(true);
      calls.core.rejoined(NEW, isWhole);
      calls.core.view({ ...view([B, C, NEW], { along: [NEW] }), returned: [{ from: A, to: NEW }] }, 10);
      expect(calls.sent).to.deep.equal([]);
      calls.core.resumed();
      const isAsked = heard === NEW && isWhole;
      expect(calls.sent).to.deep.equal(isAsked ? [request] : []);
      calls.core.resumed();
      expect(calls.sent).to.have.length(isAsked ? 1 : 0);
      calls.core.message(NEW, request);
      calls.answer(B, call, 0).answer(C, call, 0).answer(NEW, call, 0);
      expect(calls.done.get(call)).to.deep.equal({ [B]: 'value', [C]: 'value', [NEW]: 'value' });
    }
  });

  it('knows its own requests among those that nobody takes', () => {
    const calls = new Calls();
    const open = calls.core.call(Buffer.from('?'), 'all', 100, 0);
    const asked = calls.call('all');
    const answer = new BodyWriter('call', 2).number(1).number(open).number(0).data(Buffer.from('v')).finish();
    const unheard = [
      requestOf(1, open),
      requestOf(2, open),
      requestOf(1, asked),
      requestOf(1, 9),
      answer,
    ].map((body) => calls.core.unheard('#a#d9', body));
    expect(unheard).to.deep.equal([true, false, false, false, false]);
  });

  it('that was forgotten has its place without harm', () => {
    const calls = new Calls();
    calls.core.forget(calls.core.call(Buffer.from('?'), 'all', 100, 0));
    expect(calls.core.message(A, calls.sent.pop() as Buffer)).to.equal(null);
    expect(calls.requests).to.have.length(1);
  });

  it('is of a known kind', () => {
    const calls = new Calls();
    expect(calls.core.message(B, requestOf(7, 3, 3))).to.equal('malformed');
    expect(calls.requests).to.deep.equal([]);
  });

  it('takes an answer behind the end of its first call for one that comes too late', () => {
    const calls = new Calls();
    const first = calls.call('first');
    calls.answer(B, first, 0);
    const late = new BodyWriter('call', 2).number(1).number(first).number(0).data(Buffer.from('v'));
    expect([calls.done.size, calls.core.message(C, late.finish())]).to.deep.equal([1, null]);
  });

  it('is over at its deadline, and waits for nobody that is gone', () => {
    const calls = new Calls();
    const call = calls.call('all', 100, 50);
    expect(calls.core.dueAt).to.equal(150);
    calls.core.tick(149);
    expect(calls.done.size).to.equal(0);
    calls.answer(A, call, 0);
    calls.core.view(view([A, C]), 0);
    calls.core.tick(150);
    expect([calls.done.get(call), calls.core.dueAt]).to.deep.equal([
      { [A]: 'value', [B]: 'left', [C]: 'timeout' },
      Infinity,
    ]);
    const lost = calls.core.call(Buffer.from('?'), 'all', 10, 0);
    calls.core.tick(10);
    expect(calls.done.get(lost)).to.deep.equal({ [A]: 'timeout', [C]: 'timeout' });
  });

  it('can be forgotten, or broken by the end of the membership', () => {
    const calls = new Calls();
    const call = calls.call('all');
    calls.core.forget(call);
    calls.core.tick(1e9);
    const other = calls.call('all');
    calls.core.left();
    expect([calls.done.size, calls.broken, calls.core.open]).to.deep.equal([0, [other], 0]);
  });

  it('asks a member once, and is answered at once by one without a handler', () => {
    const body = new BodyWriter('call', 1).number(7).number(3).data(Buffer.from('?')).finish();
    const [handles, silent] = [new Calls(), new Calls(false)];
    for (const { core } of [handles, silent]) {
      core.message(B, body);
      core.message(B, body.subarray(0, -1));
    }
    expect([handles.requests, handles.answers]).to.deep.equal([[{ caller: B, instance: 7, call: 3 }], []]);
    expect([silent.requests.length, silent.answers.length, silent.answers[0]?.[0]]).to.deep.equal([0, 1, B]);
  });

  it('tells answers that nobody asked for from those that come too late', () => {
    const calls = new Calls();
    const call = calls.call('all');
    const over = calls.call('first');
    const verdict = (sender: string, id: number, { instance = 1, code = 0 } = {}): string | null => {
      const body = new BodyWriter('call', 2).number(instance).number(id).number(code);
      return calls.core.message(sender, body.data(Buffer.from('v')).finish());
    };
    expect([verdict(B, call), verdict(B, call)], 'the second of one member').to.deep.equal([null, 'unowed']);
    expect([verdict(B, over), verdict(C, over)], 'one behind the first').to.deep.equal([null, null]);
    expect(verdict('#d#d4', call), 'of one that was not asked').to.equal('unowed');
    expect([verdict(C, 0), verdict(C, over + 1)], 'to no call').to.deep.equal(['unowed', 'unowed']);
    expect(verdict(C, call, { instance: 2 }), 'to another process').to.equal('unowed');
    expect(verdict(C, call, { code: 3 }), 'of no kind').to.equal('malformed');
    calls.core.view(view([A, B]), 0);
    const waiting = calls.call('all');
    calls.core.view(view([A]), 0);
    expect(verdict(B, waiting), 'of one that has left').to.equal(null);
    const early = calls.core.call(Buffer.from('?'), 'all', 100, 0);
    expect(verdict(A, early), 'before the request has its place').to.equal('unowed');
  });

  it('has no answer longer than fits, and no longer text of an error', () => {
    const calls = new Calls();
    const ticket = { caller: B, instance: 7, call: 3 };
    calls.core.answer(ticket, Buffer.alloc(MAX_PAYLOAD_BYTES));
    calls.core.answer(ticket, Buffer.alloc(MAX_PAYLOAD_BYTES + 1));
    calls.core.fail(ticket, 'x'.repeat(20_000));
    const read = calls.answers.map(([, body]) => {
      const reader = BodyReader.open('call', body) as BodyReader;
      return [reader.kind, reader.number(), reader.number(), reader.number(), reader.data().length];
    });
    expect(read[0]).to.deep.equal([2, 7, 3, 0, MAX_PAYLOAD_BYTES]);
    expect(read[1]?.slice(0, 4)).to.deep.equal([2, 7, 3, 1]);
    expect(read[2]).to.deep.equal([2, 7, 3, 1, 10_000]);
  });
});
