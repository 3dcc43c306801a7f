/** The trace that messages of recipes carry: one field with a tag, of which nothing else depends. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import fc from 'fast-check';
import { CallCore } from '../../lib/recipes/core/call.js';
import { BodyWriter, readBody } from '../../lib/recipes/core/codec.js';
import { type Command, decode, encode } from '../../lib/recipes/core/replicated/messages.js';
import { type CommandInfo, Replica } from '../../lib/recipes/core/replicated/replica.js';
import { Submissions } from '../../lib/recipes/core/replicated/submissions.js';
import { A, B, C, view } from './step-view.js';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const OTHER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
/** A tag, a length, 55 bytes. */
const TRACE_BYTES = 57;
const TAG = 16;

const command: Command = {
  kind: 'command',
  instance: 300,
  ticket: 2,
  sequence: 1,
  payload: Buffer.from('x'),
};
const field = (tag: number, value: string | Uint8Array): Buffer => {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.from([tag, bytes.length, ...bytes]);
};
const hex = (fields: string): string => fields.replaceAll(' ', '');
const traceOf = (body: Buffer): string | undefined => (decode(body) as Command | null)?.traceparent;

describe('the trace of a message', () => {
  it('is not there without one: the bytes are those of members that know nothing of traces', () => {
    expect(encode(command).toString('hex')).to.equal(hex('53b70204 01 ac02 02 01 0178'));
    const { sent, core } = calls();
    core.call(Buffer.from('?'), 'all', 100, 0);
    expect(sent.pop()?.toString('hex')).to.equal(hex('53b70203 01 01 01 013f'));
    core.answer({ caller: B, instance: 5, call: 6 }, Buffer.from('!'));
    expect(sent.pop()?.toString('hex')).to.equal(hex('53b70203 02 05 06 00 0121'));
  });

  it('is a field behind the others, with a tag', () => {
    const body = encode({ ...command, traceparent: TRACE });
    expect(body).to.deep.equal(Buffer.concat([encode(command), field(TAG, TRACE)]));
    expect(body.length - encode(command).length).to.equal(TRACE_BYTES);
    expect(decode(body)).to.deep.equal({ ...command, traceparent: TRACE });
  });

  for (const [what, value] of [
    ['empty', ''],
    ['short', TRACE.slice(1)],
    ['long', `${TRACE}0`],
    ['of zeros', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`],
    ['text of no trace', 'x'.repeat(TRACE.length)],
    ['bytes of no text', Buffer.alloc(TRACE.length, 0xff)],
  ] as const)
    it(`is none where the field is ${what}, and the message is the same`, () => {
      expect(decode(Buffer.concat([encode(command), field(TAG, value)]))).to.deep.equal(command);
    });

  it('is the first one of several, and none of another tag', () => {
    const all = [encode(command), field(9, OTHER), field(TAG, 'x'), field(TAG, TRACE), field(TAG, OTHER)];
    expect(traceOf(Buffer.concat(all))).to.equal(TRACE);
  });

  it('decides nothing: whatever follows, a message counts with and without an eye for traces', () => {
    const tail = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc
        .array(fc.tuple(fc.constantFrom(1, TAG, 17), fc.uint8Array({ maxLength: 60 })), { maxLength: 4 })
        .map((fields) => Buffer.concat(fields.map(([tag, value]) => field(tag, value)))),
    );
    fc.assert(
      fc.property(tail, (bytes) => {
        const body = Buffer.concat([encode(command), bytes]);
        const skipped = readBody('replicated', body, (reader) => [
          reader.number(),
          reader.number(),
          reader.number(),
          reader.data(),
        ]);
        expect(decode(body) === null).to.equal(skipped === null);
      }),
    );
  });

  it('goes with a command each time that it is sent, and reaches the machine beside it', () => {
    const submissions = new Submissions(1, () => undefined);
    const sent: unknown[] = [];
    const flush = (): void =>
      submissions.flush(
        () => 0,
        (ticket, _sequence, _payload, traceparent) => sent.push([ticket, traceparent]),
      );
    submissions.add(Buffer.alloc(0), TRACE);
    submissions.add(Buffer.alloc(0));
    flush();
    for (const ticket of [1, 2]) submissions.settled(ticket, { kind: 'dropped' }, true);
    flush();
    expect(sent).to.deep.equal([
      [1, TRACE],
      [2, undefined],
      [1, TRACE],
      [2, undefined],
    ]);

    const applied: unknown[] = [];
    const nothing = (): void => undefined;
    const machine = {
      reset: nothing,
      present: nothing,
      merge: nothing,
      apply: (body: Buffer, { index }: CommandInfo, traceparent?: string) =>
        applied.push([body.toString(), index, traceparent]),
    };
    const sink = {
      asked: nothing,
      settled: nothing,
      merged: nothing,
      interrupted: nothing,
      malformed: nothing,
    };
    const replica = new Replica(A, 1, machine, sink);
    replica.begin();
    replica.run({ ...command, sender: B, traceparent: TRACE });
    replica.run({ ...command, sequence: 2, sender: B });
    expect(applied).to.deep.equal([
      ['x', 0, TRACE],
      ['x', 1, undefined],
    ]);
  });

  it('goes with a request and with each answer, of members alone that were asked', () => {
    const asking = calls();
    const answering = calls(B);
    const call = asking.core.call(Buffer.from('?'), 'all', 100, 0, TRACE);
    const request = asking.sent.pop() as Buffer;
    for (const { core } of [asking, answering]) core.message(A, request);
    expect(answering.asked).to.deep.equal([TRACE]);
    answering.core.answer({ caller: A, instance: 1, call }, Buffer.from('!'), OTHER);
    const answer = answering.sent.pop() as Buffer;
    expect(asking.core.message('#x#d1', answer)).to.equal('unowed');
    expect(asking.core.message(B, answer)).to.equal(null);
    expect(asking.core.message(B, answer)).to.equal('unowed');
    answering.core.fail({ caller: A, instance: 1, call }, 'no', OTHER);
    expect(asking.core.message(C, answering.sent.pop() as Buffer)).to.equal(null);
    expect(asking.traced).to.deep.equal([
      [call, B, OTHER],
      [call, C, OTHER],
    ]);
  });

  it('is none where an answer has another field for it, and the answer counts', () => {
    const { core, traced, done, sent } = calls();
    const call = core.call(Buffer.from('?'), 'first', 100, 0);
    core.message(A, sent.pop() as Buffer);
    const answer = new BodyWriter('call', 2).number(1).number(call).number(0).data(Buffer.from('v'));
    core.message(B, Buffer.concat([answer.finish(), field(TAG, 'nonsense')]));
    expect([traced, done]).to.deep.equal([[], [call]]);
  });
});

/** A member of a view of three. */
function calls(self: string = A) {
  const sent: Buffer[] = [];
  const asked: (string | undefined)[] = [];
  const traced: (readonly [number, string, string])[] = [];
  const done: number[] = [];
  const core = new CallCore(self, 1, true, {
    send: (body) => void sent.push(body),
    sendTo: (_to, body) => void sent.push(body),
    request: (_from, _ticket, _body, traceparent) => void asked.push(traceparent),
    traced: (...each) => void traced.push(each),
    done: (call) => void done.push(call),
    broken: () => undefined,
  });
  core.view(view([A, B, C]), 0);
  return { sent, asked, traced, done, core };
}
