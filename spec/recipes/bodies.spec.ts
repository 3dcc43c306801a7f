/** Bodies of recipes at their bounds: whose they are, and from whom they count. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Malformed } from '../../lib/util/bytes.js';
import { ANSWER } from '../../lib/recipes/core/private-kinds.js';
import { BodyReader, BodyWriter, opened, readBody, sealed } from '../../lib/recipes/core/codec.js';
import { MembersOnly } from '../../lib/recipes/core/members-only.js';
import type { RecipeView } from '../../lib/recipes/core/port.js';

const [A, B, C] = ['#a#d1', '#b#d2', '#c#d3'] as const;

const view = (
  members: readonly string[],
  { cause = 'join', along = members }: { cause?: RecipeView['cause']; along?: readonly string[] } = {},
): RecipeView => ({ id: [1, 2, 3], cause, members, cameWithMe: along });

describe('messages of strangers', () => {
  it('are dropped, and counted with the reason; those of members go through until the end', () => {
    const [taken, dropped]: [string[], string[]] = [[], []];
    const core = {
      needs: 'agreed' as const,
      dueAt: 7,
      view: () => void taken.push('view'),
      transition: (now: number) => void taken.push(`transition ${now}`),
      message: (sender: string) => {
        taken.push(`message ${sender}`);
        return null;
      },
      lost: (now: number) => void taken.push(`lost ${now}`),
      rejoined: (self: string, isWhole: boolean) => void taken.push(`rejoined as ${self} ${isWhole}`),
      resumed: (now: number) => void taken.push(`resumed ${now}`),
      left: (now: number) => void taken.push(`left ${now}`),
      tick: (now: number) => void taken.push(`tick ${now}`),
    };
    const only = new MembersOnly(core, (sender, reason) => dropped.push(`${reason} ${sender}`));
    const body = new BodyWriter('call', 1).finish();
    const other = Buffer.from(body);
    other[2] = 1;
    only.message(A, body, 0, 'agreed');
    only.view(view([A]), 0);
    for (const [sender, bytes] of [
      [A, body],
      [B, body],
      [B, other],
      [A, other],
    ] as const)
      only.message(sender, bytes, 0, 'agreed');
    only.transition(1);
    only.tick(2);
    only.lost(3);
    only.rejoined(C, true, 4);
    only.message(A, body, 0, 'agreed');
    only.resumed(5);
    only.left(6);
    only.message(A, body, 0, 'agreed');
    const loss = ['lost 3', `rejoined as ${C} true`, 'resumed 5'];
    expect(taken).to.deep.equal(['view', `message ${A}`, 'transition 1', 'tick 2', ...loss, 'left 6']);
    expect(dropped).to.deep.equal([
      `stranger ${A}`,
      `stranger ${B}`,
      `stranger ${B}`,
      `version ${A}`,
      `stranger ${A}`,
      `stranger ${A}`,
    ]);
    expect(only.dueAt).to.equal(7);
  });
});

describe('messages to the group', () => {
  const services = ['unreliable', 'reliable', 'fifo', 'causal', 'agreed', 'safe'] as const;

  for (const [needs, enough] of [
    ['agreed', ['agreed', 'safe']],
    ['safe', ['safe']],
  ] as const) {
    it(`count only with a service that is as sure as ${needs} where the recipe needs that`, () => {
      const [taken, dropped]: [string[], string[]] = [[], []];
      const core = {
        needs,
        dueAt: Infinity,
        view: () => undefined,
        transition: () => undefined,
        message: (_: string, body: Buffer) => {
          taken.push(body.subarray(-4).toString().trim());
          return null;
        },
        lost: () => undefined,
        rejoined: () => undefined,
        resumed: () => undefined,
        left: () => undefined,
        tick: () => undefined,
      };
      const only = new MembersOnly(core, (_, reason) => dropped.push(reason));
      only.view(view([A]), 0);
      const bodyOf = (text: string): Buffer => new BodyWriter('call', 1).data(Buffer.from(text)).finish();
      for (const service of services) only.message(A, bodyOf(service.slice(0, 4).padStart(4)), 0, service);
      expect(taken).to.deep.equal(enough.map((service) => service.slice(0, 4)));
      expect(dropped).to.deep.equal(Array.from({ length: 6 - enough.length }, () => 'malformed'));
    });
  }
});

describe('messages to one member', () => {
  it('count where they came alone, and others where they came to the group', () => {
    const [taken, dropped]: [number[], string[]] = [[], []];
    const core = {
      needs: 'agreed' as const,
      dueAt: Infinity,
      view: () => undefined,
      transition: () => undefined,
      message: (_: string, body: Buffer) => {
        taken.push(body[4] as number);
        return null;
      },
      lost: () => undefined,
      rejoined: () => undefined,
      resumed: () => undefined,
      left: () => undefined,
      tick: () => undefined,
    };
    const only = new MembersOnly(core, (_, reason) => dropped.push(reason));
    only.view(view([A]), 0);
    const [request, answer] = [1, ANSWER].map((kind) => new BodyWriter('call', kind).finish());
    only.message(A, answer as Buffer, 0, 'agreed');
    only.direct(A, request as Buffer, 0);
    expect([taken, dropped]).to.deep.equal([[], ['malformed', 'malformed']]);
    only.message(A, request as Buffer, 0, 'agreed');
    only.direct(A, answer as Buffer, 0);
    expect([taken, dropped.length]).to.deep.equal([[1, ANSWER], 2]);
  });
});

describe('bodies at their bounds', () => {
  it('for a member are for the recipe in one group, whole', () => {
    const body = sealed('room', Buffer.from('hello'));
    expect(opened('room', body)?.toString()).to.equal('hello');
    expect([opened('other', body), opened('room', Buffer.from('no'))]).to.deep.equal([null, null]);
  });

  it('for a member are for the recipe in one group, though nothing of them can be read', () => {
    const body = sealed('room', Buffer.from('hello'));
    for (const damaged of [body.subarray(0, -1), Buffer.concat([body, Buffer.from([1])])])
      expect([opened('room', damaged)?.length, opened('other', damaged)]).to.deep.equal([0, null]);
  });

  it('grow with what is written, and hold it all', () => {
    for (const length of [40, 50, 51, 52, 58, 59, 60, 500]) {
      const body = new BodyWriter('call', 1)
        .data(Buffer.alloc(length, 7))
        .number(2 ** 53 - 1)
        .finish();
      const read = readBody('call', body, (reader) => [reader.data(), reader.number()]);
      expect(read, `${length}`).to.deep.equal([Buffer.alloc(length, 7), 2 ** 53 - 1]);
    }
  });

  it('are these bytes, which members of different releases have to agree on', () => {
    const body = new BodyWriter('replicated', 9)
      .number(0)
      .number(127)
      .number(128)
      .number(2 ** 53 - 1)
      .flag(true)
      .data(Buffer.from([1, 2]))
      .text('é')
      .texts(['a', ''])
      .groupId([-1, 1, 2 ** 31 - 1]);
    expect(body.finish().toString('hex')).to.equal(
      '53b7020409' +
        '00' +
        '7f' +
        '8001' +
        'ffffffffffffff0f' +
        '01' +
        '020102' +
        '02c3a9' +
        '02016100' +
        'ffffffff0f01ffffffff07',
    );
  });

  it('are of a recipe and a version by their first bytes', () => {
    const body = new BodyWriter('call', 1).finish();
    expect([...body]).to.deep.equal([0x53, 0xb7, 2, 3, 1]);
    const changed = (at: number): Buffer => {
      const other = Buffer.from(body);
      other[at] = 99;
      return other;
    };
    for (const at of [0, 1, 2, 3]) {
      expect(BodyReader.open('call', changed(at)), `${at}`).to.equal(null);
      expect(BodyReader.isOfOtherVersion(changed(at)), `${at}`).to.equal(at === 2);
    }
    expect(BodyReader.isOfOtherVersion(changed(2).subarray(0, 4))).to.equal(false);
    for (const at of [0, 1]) {
      const other = changed(2);
      other[at] = 99;
      expect(BodyReader.isOfOtherVersion(other), `${at}`).to.equal(false);
    }
    expect(BodyReader.open('call', changed(4))?.kind).to.equal(99);
  });

  it('have fields that are what they are read as, or nothing more', () => {
    const open = (write: (writer: BodyWriter) => BodyWriter): BodyReader =>
      BodyReader.open('call', write(new BodyWriter('call', 1)).finish()) as BodyReader;
    const flags = open((writer) => writer.flag(true).flag(false).number(2));
    expect([flags.flag(), flags.flag()]).to.deep.equal([true, false]);
    expect(() => flags.flag()).to.throw(Malformed, 'expected 0 or 1, got 2');
    expect(open((writer) => writer.texts(['a', 'b'])).texts(2)).to.deep.equal(['a', 'b']);
    expect(() => open((writer) => writer.texts(['a', 'b'])).texts(1)).to.throw(
      Malformed,
      'expected 1 items at most, got 2',
    );
    expect(() => open((writer) => writer.number(3).text('a')).texts(9)).to.throw(Malformed);
    expect(() => open((writer) => writer.number(5)).data()).to.throw(
      Malformed,
      'expected 5 more bytes, got 0',
    );
    expect(open((writer) => writer.groupId([-1, 2, -3])).groupId()).to.deep.equal([-1, 2, -3]);
  });
});
