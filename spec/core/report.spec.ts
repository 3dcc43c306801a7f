import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import fc from 'fast-check';
import { encodeReport, type Report, type ReportedGroup } from '../../daemon/core/report.js';
import { decodeReport, ReportFault } from '../../daemon/core/report-reader.js';
import { JOIN_MESS, KILL_MESS, LEAVE_MESS, nameField, privateGroup } from '../../lib/wire/index.js';

const session = (name: string): Buffer => nameField(privateGroup(name, 'd'));
const group = (name: string, ...members: string[]): ReportedGroup => ({
  field: nameField(name),
  id: [-7, 1000, 3],
  lost: name === 'h',
  members: members.map(session),
});

const full: Report = {
  tag: 2n ** 64n - 2n,
  past: 2n ** 63n,
  daemon: 'd',
  id: -7,
  time: 0xfffffffe,
  times: [
    [-7, 0xfffffffd],
    [8, 0],
  ],
  groups: [group('g', 'a', 'b'), group('h', 'a')],
  requests: [
    { kind: JOIN_MESS, sender: session('c'), group: nameField('g') },
    { kind: LEAVE_MESS, sender: session('a'), group: nameField('h') },
    { kind: KILL_MESS, sender: session('b'), group: Buffer.alloc(32) },
  ],
};
const empty: Report = { ...full, times: [], groups: [], requests: [] };

/** Offset of the groups' count in the encoding of `full`. */
const GROUPS_AT = 60 + 4 + 2 * 8;

describe('core: report', () => {
  for (const [what, report] of Object.entries({ full, empty })) {
    it(`comes back as it was, ${what}`, () => {
      expect(decodeReport(encodeReport(report))).to.deep.equal(report);
    });
  }

  it('takes an identity without a sign, and gives it with one', () => {
    expect(decodeReport(encodeReport({ ...empty, id: 0xffffffff, times: [[0xfffffffe, 5]] }))).to.include({
      id: -1,
    });
  });

  it('comes back as it was, whatever groups and members there are', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'B', '~', '$', 'z'), minLength: 1, maxLength: 10 });
    const names = fc.uniqueArray(name, { minLength: 1, maxLength: 20 });
    const sorted = (list: readonly string[]): string[] =>
      list.toSorted((a, b) => session(a).compare(session(b)));
    const property = fc.property(names, names, (groupNames, members) => {
      const groups = groupNames
        .map((each) => group(each, ...sorted(members)))
        .toSorted((a, b) => a.field.compare(b.field));
      expect(decodeReport(encodeReport({ ...full, groups }))).to.deep.equal({ ...full, groups });
    });
    fc.assert(property, { numRuns: 50 });
  });

  it('has the layout that the code says', () => {
    const bytes = encodeReport(full);
    expect(bytes.length).to.equal(GROUPS_AT + 4 + (52 + 64) + (52 + 32) + 4 + 3 * 68);
    expect([bytes.readInt32LE(0), bytes.readBigUInt64LE(4), bytes.readInt32LE(GROUPS_AT)]).to.deep.equal([
      1,
      full.tag,
      2,
    ]);
  });

  describe('is refused', () => {
    const refuses = (bytes: Buffer, text: RegExp): void => {
      expect(() => decodeReport(bytes)).to.throw(ReportFault, text);
    };
    const changed = (change: (bytes: Buffer) => void): Buffer => {
      const bytes = encodeReport(full);
      change(bytes);
      return bytes;
    };

    it('when it ends anywhere before its end', () => {
      const bytes = encodeReport(full);
      for (let length = 0; length < bytes.length; length++) {
        expect(() => decodeReport(bytes.subarray(0, length)), `${length} bytes`).to.throw(ReportFault);
      }
    });

    it('when there is more behind its end', () => {
      refuses(Buffer.concat([encodeReport(full), Buffer.alloc(1)]), /1 bytes too many/);
    });

    it('when it is of another version', () => {
      refuses(
        changed((bytes) => bytes.writeInt32LE(2, 0)),
        /version 2/,
      );
    });

    it('when a count is beyond what follows, before anything is allocated for it', () => {
      for (const count of [3_000_000_000, 1000, 0xffffffff]) {
        refuses(
          changed((bytes) => bytes.writeUInt32LE(count, GROUPS_AT)),
          new RegExp(`count of ${count}`),
        );
      }
    });

    it('when a name has no end, or something behind its end', () => {
      refuses(
        changed((bytes) => bytes.fill('x', 20, 52)),
        /no end/,
      );
      refuses(
        changed((bytes) => bytes.write('x', 40)),
        /no end/,
      );
    });

    const bad: readonly (readonly [what: string, report: Report, text: RegExp])[] = [
      ['when its daemon has no legal name', { ...empty, daemon: '' }, /without a legal name/],
      [
        'when a group has no legal name',
        { ...full, groups: [group('#g', 'a')] },
        /group without a legal name/,
      ],
      ['when a group has no members', { ...full, groups: [group('g')] }, /without members/],
      [
        'when groups are out of order',
        { ...full, groups: [group('h', 'a'), group('g', 'a')] },
        /out of order/,
      ],
      ['when a group comes twice', { ...full, groups: [group('g', 'a'), group('g', 'b')] }, /out of order/],
      ['when members are out of order', { ...full, groups: [group('g', 'b', 'a')] }, /out of order/],
      ['when a member comes twice', { ...full, groups: [group('g', 'a', 'a')] }, /out of order/],
      ['when it speaks for members of another daemon', { ...full, daemon: 'other' }, /not its own/],
      [
        'when it speaks for requests of another daemon',
        { ...full, groups: [], daemon: 'other' },
        /other with a session that is not its own/,
      ],
      [
        'when a request is of no known kind',
        { ...full, requests: [{ kind: 1, sender: session('a'), group: nameField('g') }] },
        /kind 1/,
      ],
      [
        'when a join names no legal group',
        { ...full, requests: [{ kind: JOIN_MESS, sender: session('a'), group: nameField('') }] },
        /no legal group/,
      ],
    ];
    for (const [what, report, text] of bad) it(what, () => refuses(encodeReport(report), text));

    it('with its own error, whatever bytes it is made of', () => {
      const original = encodeReport(full);
      const property = fc.property(
        fc.nat(original.length - 1),
        fc.integer({ min: 1, max: 255 }),
        (at, by) => {
          const bytes = Buffer.from(original);
          bytes[at] = (bytes[at] as number) ^ by;
          try {
            expect(encodeReport(decodeReport(bytes)).length).to.equal(bytes.length);
          } catch (error) {
            expect(error).to.be.instanceOf(ReportFault);
          }
        },
      );
      fc.assert(property, { numRuns: 500 });
    });
  });
});
