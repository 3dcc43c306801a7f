import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import fc from 'fast-check';
import { Component } from '../../lib/recipes/core/replicated/component.js';
import { LAST_EPOCH } from '../../lib/primary/ballot.js';
import { BodyReader, BodyWriter, readBody } from '../../lib/recipes/core/codec.js';
import { CHUNK_BYTES, MAX_LABEL, MAX_REQUEST_NAME, WINDOW_BYTES } from '../../lib/recipes/core/limits.js';
import type { GroupId } from '../../lib/wire/group-id.js';
import { decode, encode, type Message } from '../../lib/recipes/core/replicated/messages.js';

const whole = fc.maxSafeNat();
const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each));
const word = fc.integer();
const groupId = fc.tuple(word, word, word);
const tag = fc.record({ view: groupId, round: fc.nat() });
const text = fc.string({ unit: 'binary', maxLength: 40 });

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    kind: fc.constant('command' as const),
    instance: whole,
    ticket: whole,
    sequence: whole,
    payload: bytes,
  }),
  fc.record({
    kind: fc.constant('part' as const),
    past: whole,
    index: whole,
    isLast: fc.boolean(),
    data: bytes,
  }),
  fc.record({
    kind: fc.constant('state' as const),
    tag,
    statement: fc.record({
      label: text,
      state: fc.option(fc.record({ lineage: whole, epoch: fc.nat(), position: whole })),
      tookPart: fc.boolean(),
      promised: fc.nat(),
      ask: text,
    }),
    silent: fc.array(text, { maxLength: 5 }),
  }),
  fc.record({ kind: fc.constantFrom('settle' as const, 'reopen' as const), tag }),
  fc.record({ kind: fc.constant('vote' as const), tag, epoch: fc.integer({ min: 1, max: 2 ** 30 }) }),
  fc.record({ kind: fc.constant('arrived' as const), ask: text }),
  fc.record({
    kind: fc.constant('offer' as const),
    ask: text,
    capture: text,
    component: fc
      .record({ lineage: whole, epoch: fc.nat(), next: fc.nat(), holders: fc.array(text, { maxLength: 5 }) })
      .map((each) => new Component({ quorum: null, ...each }).encode()),
    header: bytes,
  }),
  fc.record({ kind: fc.constant('misfit' as const), ask: text, label: text }),
  fc.record({ kind: fc.constant('none' as const), capture: text }),
  fc
    .record({ capture: text, offset: fc.nat(), bytes: fc.nat(WINDOW_BYTES), restart: fc.boolean() })
    .map(({ capture, offset, bytes: more, restart }) => ({
      kind: 'pull' as const,
      capture,
      offset,
      until: offset + more,
      restart,
    })),
  fc.record({
    kind: fc.constant('chunk' as const),
    capture: text,
    offset: whole,
    isLast: fc.boolean(),
    data: bytes,
  }),
);

describe('the bodies of recipes', () => {
  it('bring numbers, texts and bytes as they were', () => {
    fc.assert(
      fc.property(
        whole,
        text,
        bytes,
        groupId,
        fc.array(text, { maxLength: 9 }),
        (number, name, data, id, names) => {
          const body = new BodyWriter('call', 7)
            .number(number)
            .text(name)
            .data(data)
            .groupId(id)
            .texts(names)
            .finish();
          const reader = BodyReader.open('call', body) as BodyReader;
          expect(reader.kind).to.equal(7);
          expect([reader.number(), reader.text(), reader.data().equals(data)]).to.deep.equal([
            number,
            name,
            true,
          ]);
          expect([reader.groupId(), reader.texts(9)]).to.deep.equal([id, names]);
          expect(() => reader.end()).not.to.throw();
        },
      ),
    );
  });

  it('are not those of another recipe, nor of anybody else', () => {
    const body = new BodyWriter('call', 1).finish();
    expect(BodyReader.open('election', body)).to.equal(null);
    expect(BodyReader.open('call', Buffer.from('hello'))).to.equal(null);
    expect(BodyReader.open('call', body.subarray(0, 4))).to.equal(null);
  });

  it('are not sound when anything is missing, or too much', () => {
    const body = new BodyWriter('call', 1).number(300).text('some text').flag(true).finish();
    for (let length = 5; length <= body.length + 1; length++) {
      const cut = Buffer.concat([body, Buffer.from([0])]).subarray(0, length);
      const read = readBody('call', cut, (reader) => [reader.number(), reader.text(), reader.flag()]);
      expect(read, `${length} bytes`).to.deep.equal(length === body.length ? [300, 'some text', true] : null);
    }
  });

  it('may have tagged fields after the last one, which a reader skips', () => {
    const body = new BodyWriter('call', 1)
      .number(300)
      .number(9)
      .data(Buffer.from('later'))
      .number(10)
      .data(Buffer.alloc(0));
    const sent = body.finish();
    const read = (length: number): number | null =>
      readBody('call', sent.subarray(0, length), (reader) => reader.number());
    expect(read(sent.length)).to.equal(300);
    expect(read(sent.length - 1)).to.equal(null);
    expect(read(sent.length - 3)).to.equal(null);
  });

  it('of another version are told from what is not of a recipe at all', () => {
    const body = Buffer.from(new BodyWriter('call', 1).number(1).finish());
    expect(BodyReader.isOfOtherVersion(body)).to.equal(false);
    body[2] = 1;
    expect([BodyReader.isOfOtherVersion(body), BodyReader.open('call', body)]).to.deep.equal([true, null]);
    expect(BodyReader.isOfOtherVersion(Buffer.from('hello'))).to.equal(false);
  });

  it('hold no number that cannot be exact, and no list longer than allowed', () => {
    const large = Buffer.concat([
      new BodyWriter('call', 1).finish(),
      Buffer.alloc(7, 0xff),
      Buffer.from([0x7f]),
    ]);
    expect(readBody('call', large, (reader) => reader.number())).to.equal(null);
    const list = new BodyWriter('call', 1).texts(['a', 'b']).finish();
    expect(readBody('call', list, (reader) => reader.texts(2))).to.deep.equal(['a', 'b']);
    expect(readBody('call', list, (reader) => reader.texts(1))).to.equal(null);
  });

  it('carry every message of replicated state', () => {
    fc.assert(
      fc.property(message, (each) => {
        expect(decode(encode(each))).to.deep.equal(each);
      }),
    );
  });

  it('ask for no more of a snapshot at once than may be on its way', () => {
    const pull = (until: number): unknown =>
      decode(encode({ kind: 'pull', capture: 'x', offset: 5, until, restart: false }));
    expect([pull(5 + WINDOW_BYTES) === null, pull(6 + WINDOW_BYTES), pull(4)]).to.deep.equal([
      false,
      null,
      null,
    ]);
  });

  it('have no name that is longer than it may be', () => {
    const first = { view: [1, 1, 1] as GroupId, round: 0 };
    const said = (label: number, ask: number): unknown => {
      const statement = {
        label: 'l'.repeat(label),
        state: null,
        tookPart: false,
        promised: 0,
        ask: 'a'.repeat(ask),
      };
      return decode(encode({ kind: 'state', tag: first, statement, silent: [] }));
    };
    const asked = (length: number): unknown => decode(encode({ kind: 'none', capture: 'c'.repeat(length) }));
    expect([said(MAX_LABEL, MAX_REQUEST_NAME) === null, said(1, MAX_REQUEST_NAME + 1)]).to.deep.equal([
      false,
      null,
    ]);
    expect([asked(MAX_REQUEST_NAME) === null, asked(MAX_REQUEST_NAME + 1)]).to.deep.equal([false, null]);
  });

  describe('have each field within its bound:', () => {
    const state = { lineage: 1, epoch: 1, position: 1 };
    const told = (label: string, epoch: number, promised: number): Buffer => {
      const writer = new BodyWriter('replicated', 3).groupId([1, 1, 1]).number(0);
      writer.text(label).flag(false).number(promised).text('a').flag(true);
      return writer.number(state.lineage).number(epoch).number(state.position).texts([]).finish();
    };
    const name = 'n'.repeat(MAX_REQUEST_NAME);
    const component = new Component({ quorum: null, lineage: 1, epoch: 1, next: 1, holders: [] }).encode();
    const none = Buffer.alloc(0);
    const [piece, long] = [Buffer.alloc(CHUNK_BYTES), Buffer.alloc(CHUNK_BYTES + 1)];
    const capture = 'c';
    const vote = (epoch: number): Buffer =>
      encode({ kind: 'vote', tag: { view: [1, 1, 1], round: 0 }, epoch });
    const pull = (until: number): Buffer =>
      encode({ kind: 'pull', capture, offset: 5, until, restart: true });
    const misfit = (length: number): Buffer =>
      new BodyWriter('replicated', 9).text('a').text('l'.repeat(length)).finish();
    const offer = (ask: string, of: string, place: Buffer): Buffer =>
      encode({ kind: 'offer', ask, capture: of, component: place, header: none });
    const chunk = (data: Buffer): Buffer => encode({ kind: 'chunk', capture, offset: 0, isLast: true, data });
    const part = (data: Buffer): Buffer => encode({ kind: 'part', past: 1, index: 0, isLast: true, data });
    const arrived = (ask: string): Buffer => encode({ kind: 'arrived', ask });

    for (const [what, good, bad] of [
      ['the name of a request', arrived(name), arrived(`${name}x`)],
      ['the name of an offer', offer(name, 'c', component), offer(`${name}x`, 'c', component)],
      ['the name of a snapshot', offer('a', name, component), offer('a', `${name}x`, component)],
      ['the component of an offer', offer('a', 'c', component), offer('a', 'c', none)],
      ['a piece of a snapshot', chunk(piece), chunk(long)],
      ['a piece of a merge', part(piece), part(long)],
      ['the begin of a window', pull(5), pull(4)],
      ['the end of a window', pull(5 + WINDOW_BYTES), pull(6 + WINDOW_BYTES)],
      ['the least epoch', vote(1), vote(0)],
      ['the last epoch', vote(LAST_EPOCH), vote(LAST_EPOCH + 1)],
      ['the label of a misfit', misfit(MAX_LABEL), misfit(MAX_LABEL + 1)],
      ['a label', told('l'.repeat(MAX_LABEL), 1, 1), told('l'.repeat(MAX_LABEL + 1), 1, 1)],
      ['the epoch of a state', told('l', LAST_EPOCH, 1), told('l', LAST_EPOCH + 1, 1)],
      ['a promise', told('l', 1, LAST_EPOCH), told('l', 1, LAST_EPOCH + 1)],
    ] as const) {
      it(what, () => expect([decode(good) === null, decode(bad)]).to.deep.equal([false, null]));
    }
  });

  it('never throw, whatever comes', () => {
    fc.assert(
      fc.property(fc.nat(32), bytes, (kind, rest) => {
        decode(Buffer.concat([new BodyWriter('replicated', kind).finish(), rest]));
      }),
    );
  });
});
