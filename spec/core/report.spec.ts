import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  encodeHead,
  encodeVerdict,
  type Head,
  MAX_FAULT_TEXT,
  PART_BYTES,
  PartWriter,
  REPORT_VERSION,
  type ReportedGroup,
  Section,
} from '../../daemon/core/report.js';
import { Malformed } from '../../lib/util/bytes.js';
import { decodePayload, type ReportPart, type Payload, tagOf } from '../../daemon/core/report-reader.js';
import { nameField, privateGroup } from '../../lib/wire/name.js';
import { JOIN_MESS, KILL_MESS, LEAVE_MESS } from '../../lib/wire/service.js';

const TAG = 2n ** 64n - 2n;
const session = (name: string): Buffer => nameField(privateGroup(name, 'd'));
const group = (name: string, ...members: string[]): ReportedGroup => ({
  name,
  id: [-7, 1000, 3],
  lost: name === 'h',
  members: members.map((member) => privateGroup(member, 'd')),
});

const full: Head = {
  past: 2n ** 63n,
  id: -7,
  time: 0xfffffffe,
  features: 5,
  groups: 2,
  times: [
    [-7, 0xfffffffd],
    [8, 0],
  ],
  requests: [
    { kind: JOIN_MESS, sender: session('c'), group: nameField('g') },
    { kind: LEAVE_MESS, sender: session('a'), group: nameField('h') },
    { kind: KILL_MESS, sender: session('b'), group: Buffer.alloc(32) },
  ],
};
const empty: Head = { ...full, times: [], requests: [] };

const encodePart = (groups: readonly ReportedGroup[], last = true): Buffer => {
  const writer = new PartWriter(TAG);
  for (const { name, id, lost, members } of groups) writer.add(name, id, lost, members);
  return writer.take(last);
};

const decode = (bytes: Buffer, daemon = 'd'): Payload => decodePayload(bytes, daemon);
const decodePart = (bytes: Buffer): ReportPart => (decode(bytes) as Extract<Payload, { kind: 'part' }>).part;

/** A section of a tag, as later releases add them. */
function section(tag: number, bytes: Buffer): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16LE(tag, 0);
  head.writeUInt32LE(bytes.length, 2);
  return Buffer.concat([head, bytes]);
}

describe('core: report', () => {
  it('is these bytes, which daemons of different releases have to agree on', () => {
    const head: Head = {
      past: 6n,
      id: -7,
      time: 8,
      features: 1,
      groups: 2,
      times: [[-1, 9]],
      requests: [],
    };
    const part = new PartWriter(5n);
    part.add('g', [-1, 2, 3], true, ['#a#d', '#b#d']);
    const verdict = encodeVerdict(5n, [{ daemon: 'd2', text: 'bad' }]);
    expect(
      [encodeHead(5n, head), part.take(true), verdict].map((each) => each.toString('hex')),
    ).to.deep.equal([
      '020000000500000000000000' +
        '0100180000000600000000000000f9ffffff080000000100000002000000' +
        '02000c00000001000000ffffffff09000000' +
        '03000400000000000000',
      '020000000500000000000000' +
        '0400080000000200000001610162' +
        '05002000000001010000000167ffffffff020000000300000001020000000000000001000000',
      '020000000500000000000000060009000000010002643203626164',
    ]);
  });

  for (const [what, head] of Object.entries({ full, empty })) {
    it(`comes back as it was, ${what}`, () => {
      const bytes = encodeHead(TAG, head);
      expect(decode(bytes)).to.deep.equal({ kind: 'head', head });
      expect(tagOf(bytes)).to.equal(TAG);
    });
  }

  it('takes an identity without a sign, and gives it with one', () => {
    const read = decode(encodeHead(TAG, { ...empty, id: 0xffffffff, times: [[0xfffffffe, 5]] }));
    expect(read).to.have.nested.property('head.id', -1);
    expect(read).to.have.nested.property('head.times[0][0]', -2);
  });

  it('says of groups what was written, in as many parts as it takes', () => {
    const groups = [group('g', 'a', 'b'), group('h', 'a')];
    expect(decodePart(encodePart(groups))).to.deep.equal({ last: true, groups });
    expect(decodePart(encodePart([], false))).to.deep.equal({ last: false, groups: [] });
  });

  it('comes back as it was, whatever groups and members there are', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'B', '~', '$', 'z'), minLength: 1, maxLength: 10 });
    const names = fc.uniqueArray(name, { minLength: 1, maxLength: 20 });
    const property = fc.property(names, names, (groupNames, members) => {
      const groups = groupNames.map((each) => group(each, ...members.toSorted()));
      expect(decodePart(encodePart(groups)).groups).to.deep.equal(groups);
    });
    fc.assert(property, { numRuns: 50 });
  });

  it('ends a part when it is long enough, and begins the next with nothing of it', () => {
    const writer = new PartWriter(TAG);
    let count = 0;
    while (!writer.isFull) writer.add(`group.${count++}`, [1, 2, 3], false, ['#a#d']);
    expect(writer.take(false).length).to.be.within(PART_BYTES, PART_BYTES + 200);
    expect(decodePart(writer.take(true))).to.deep.equal({ last: true, groups: [] });
  });

  it('counts the names of sessions in the length of a part', () => {
    const writer = new PartWriter(TAG);
    let count = 0;
    for (; count < 1000 && !writer.isFull; count++) {
      writer.add(`g${count}`, [1, 2, 3], false, [privateGroup(`n${count}`.padEnd(10, 'x'), 'd')]);
    }
    for (let i = 0; i < 100 && !writer.isFull; i++) {
      const members = Array.from({ length: 100 }, (_, j) => privateGroup(`n.${i}.${j}`.padEnd(10, 'x'), 'd'));
      writer.add(`h${i}`, [1, 2, 3], false, members);
    }
    expect(writer.take(false).length).to.be.within(0.8 * PART_BYTES, PART_BYTES + 200);
  });

  it('is written the same in each part', () => {
    const writer = new PartWriter(TAG);
    const groups = [group('g', 'a', 'b'), group('h', 'b')];
    const parts = groups.map(({ name, id, lost, members }, i) => {
      writer.add(name, id, lost, members);
      return decodePart(writer.take(i === 1));
    });
    expect(parts).to.deep.equal(groups.map((each, i) => ({ last: i === 1, groups: [each] })));
  });

  it('may have many sessions in one small group', () => {
    const members = Array.from({ length: 500 }, (_, i) => `n${i}`.padEnd(10, 'x')).toSorted();
    const groups = [group('g', ...members)];
    expect(decodePart(encodePart(groups)).groups).to.deep.equal(groups);
  });

  it('says of sessions whom they are stated to be, and which get no whole views', () => {
    const traits: Record<string, { getsWhole: boolean; subject: string | null }> = {
      '#a#d': { getsWhole: false, subject: 'zoë' },
      '#c#d': { getsWhole: false, subject: null },
    };
    const writer = new PartWriter(TAG, REPORT_VERSION, (name) => traits[name] ?? null);
    writer.add('g', [1, 2, 3], false, ['#a#d', '#b#d']);
    writer.add('h', [1, 2, 3], false, ['#a#d', '#c#d']);
    const first = decodePart(writer.take(false));
    const { name, id, lost, members } = group('i', 'b');
    writer.add(name, id, lost, members);
    const second = decodePart(writer.take(true));
    expect([first.subjects, first.compact]).to.deep.equal([[['#a#d', 'zoë']], ['#a#d', '#c#d']]);
    expect(second).to.deep.equal({ last: true, groups: [group('i', 'b')] });
  });

  it('says in a head whom sessions in no group are stated to be', () => {
    const subjects = [
      ['#a#d', 'x'.repeat(128)],
      ['#b#d', 'ü'],
    ] as const;
    expect(decode(encodeHead(TAG, { ...full, subjects }))).to.deep.equal({
      kind: 'head',
      head: { ...full, subjects },
    });
  });

  it('says in a head which joins are of sessions that get no whole views', () => {
    const requests = full.requests.map((each, i) =>
      i === 0 ? { ...each, mode: { onDemand: false, getsWhole: false } } : each,
    );
    expect(decode(encodeHead(TAG, { ...full, requests }))).to.deep.equal({
      kind: 'head',
      head: { ...full, requests },
    });
  });

  it('counts subjects in the length of a part', () => {
    const writer = new PartWriter(TAG, REPORT_VERSION, () => ({ getsWhole: true, subject: 's'.repeat(100) }));
    let count = 0;
    while (!writer.isFull) writer.add('g', [1, 2, 3], false, [`#n${count++}#d`]);
    expect(writer.take(false).length).to.be.within(0.9 * PART_BYTES, PART_BYTES + 300);
  });

  it('says its view as soon as there are version and view', () => {
    const bytes = encodeHead(TAG, full);
    expect([12, 11].map((length) => tagOf(bytes.subarray(0, length)))).to.deep.equal([TAG, null]);
  });

  it('takes a fraction of the bytes of name fields', () => {
    const groups = Array.from({ length: 1000 }, (_, i) => group(`room.${i}`, 'a', 'b', 'c'));
    expect(encodePart(groups).length).to.be.below(1000 * 48);
  });

  it('tells which daemons make no sense, and of each as much as has room', () => {
    const faults = [
      { daemon: 'x', text: 'report version 3, expected 2' },
      { daemon: 'y', text: 'z'.repeat(MAX_FAULT_TEXT) },
    ];
    expect(decode(encodeVerdict(TAG, faults))).to.deep.equal({ kind: 'verdict', faults });
    const long = decode(encodeVerdict(TAG, [{ daemon: 'x', text: 'z'.repeat(1000) }]));
    expect(long).to.have.nested.property('faults[0].text.length', MAX_FAULT_TEXT);
  });

  it('may have sections that this release does not know, before and behind the others', () => {
    const bytes = encodeHead(TAG, full);
    const later = Buffer.concat([
      bytes.subarray(0, 12),
      section(77, Buffer.from('before')),
      bytes.subarray(12),
      section(78, Buffer.alloc(0)),
    ]);
    expect(decode(later)).to.deep.equal(decode(bytes));
  });

  it('does not look at groups that nobody wants to know', () => {
    const bytes = encodePart([group('g', 'a')]);
    bytes.fill(0xff, bytes.length - 8);
    expect(decodePayload(bytes, 'd', false)).to.deep.equal({
      kind: 'part',
      part: { last: true, groups: [] },
    });
    expect(() => decode(bytes)).to.throw(Malformed);
  });

  describe('is refused', () => {
    const refuses = (bytes: Buffer, text: RegExp, daemon = 'd'): void => {
      expect(() => decode(bytes, daemon)).to.throw(Malformed, text);
    };

    it('when it ends anywhere before its end', () => {
      for (const bytes of [encodeHead(TAG, full), encodePart([group('g', 'a')])]) {
        for (let length = 0; length < bytes.length; length++) {
          expect(() => decode(bytes.subarray(0, length)), `${length} bytes`).to.throw(Malformed);
        }
      }
    });

    it('when there is more behind its end', () => {
      refuses(Buffer.concat([encodeHead(TAG, full), Buffer.alloc(1)]), /1 bytes after the last section/);
    });

    it('when a section is longer than what is in it, or comes twice', () => {
      const bytes = encodeHead(TAG, empty);
      const [prefix, rest] = [bytes.subarray(0, 12), bytes.subarray(12)];
      const times = section(Section.times, Buffer.alloc(5));
      refuses(
        Buffer.concat([prefix, rest.subarray(0, 30), times, rest.subarray(40)]),
        /1 bytes after the end/,
      );
      refuses(Buffer.concat([bytes, times]), /duplicate section 2/);
    });

    it('when it is of another version, with both versions', () => {
      refuses(encodeHead(TAG, full, REPORT_VERSION + 1), /report version 3, expected 2/);
    });

    it('when it is none of the three kinds', () => {
      refuses(
        Buffer.concat([encodeHead(TAG, full).subarray(0, 12), section(9, Buffer.alloc(3))]),
        /expected a section head/,
      );
      refuses(encodeHead(TAG, full).subarray(0, 12 + 30), /section 2 is missing/);
    });

    it('when a count is beyond what follows, before anything is allocated for it', () => {
      for (const count of [3_000_000_000, 1000, 0xffffffff]) {
        const bytes = encodeHead(TAG, empty);
        bytes.writeUInt32LE(count, bytes.length - 4);
        refuses(bytes, new RegExp(`count of ${count}`));
      }
    });

    it('when a name field has no end, or something behind its end', () => {
      const at = encodeHead(TAG, full).length - 64;
      for (const [from, to] of [
        [at, at + 32],
        [at + 20, at + 21],
      ] as const) {
        const bytes = encodeHead(TAG, full);
        bytes.fill('x', from, to);
        refuses(bytes, /without an end/);
      }
    });

    const request = (kind: number, name: string): Buffer =>
      encodeHead(TAG, { ...full, requests: [{ kind, sender: session('a'), group: nameField(name) }] });
    /** A part with one group, whose one member has this number. */
    const withMember = (number: number): Buffer => {
      const bytes = encodePart([group('g', 'a')]);
      bytes.writeUInt32LE(number, bytes.length - 4);
      return bytes;
    };
    const stated = (name: string, subject: string): Buffer =>
      encodeHead(TAG, { ...full, subjects: [[`#${name}#d`, subject]] });
    const bad: readonly (readonly [what: string, bytes: Buffer, text: RegExp, daemon?: string])[] = [
      ['when a group has no legal name', encodePart([group('#g', 'a')]), /group without a legal name/],
      ['when a member is not in the list of sessions', withMember(1), /not in the list of sessions/],
      ['when a session has no legal name', encodePart([group('g', 'a b')]), /session without a legal name/],
      ['when a group has no members', encodePart([group('g')]), /without members/],
      ['when members are out of order', encodePart([group('g', 'b', 'a')]), /out of order/],
      ['when a member comes twice', encodePart([group('g', 'a', 'a')]), /out of order/],
      ['when it speaks for requests of another daemon', encodeHead(TAG, full), /not its own/, 'other'],
      ['when a request is of no known kind', request(1, 'g'), /kind 1/],
      ['when a join names no legal group', request(JOIN_MESS, ''), /without a legal name/],
      ['when a subject is of no legal name', stated('a b', 'x'), /subject of a session without/],
      ['when a subject is empty', stated('a', ''), /empty or too long/],
      ['when a subject is too long', stated('a', 'x'.repeat(129)), /empty or too long/],
      [
        'when a compact session is not in the list of sessions',
        Buffer.concat([
          encodePart([group('g', 'a')]),
          section(Section.compact, Buffer.from([1, 0, 0, 0, 1, 0, 0, 0])),
        ]),
        /compact session that is not/,
      ],
      [
        'when a request that is not there is of a compact session',
        Buffer.concat([
          encodeHead(TAG, full),
          section(Section.compact, Buffer.from([1, 0, 0, 0, 3, 0, 0, 0])),
        ]),
        /form of request 3 of 3/,
      ],
    ];
    for (const [what, bytes, text, daemon] of bad) it(what, () => refuses(bytes, text, daemon));

    it('with its own error, whatever bytes it is made of', () => {
      const originals = [
        encodeHead(TAG, full),
        encodePart([group('g', 'a', 'b'), group('h', 'a')]),
        encodeVerdict(TAG, [{ daemon: 'x', text: 'bad' }]),
      ];
      const property = fc.property(
        fc.nat(2),
        fc.nat(1000),
        fc.integer({ min: 1, max: 255 }),
        (which, at, by) => {
          const bytes = Buffer.from(originals[which] as Buffer);
          bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ by;
          try {
            decode(bytes);
          } catch (error) {
            expect(error).to.be.instanceOf(Malformed);
          }
        },
      );
      fc.assert(property, { numRuns: 1000 });
    });
  });
});
