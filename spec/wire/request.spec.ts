import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { type FaultReason, FrameFault } from '../../lib/wire/fault.js';
import { writeHeader } from '../../lib/wire/header.js';
import { nameField } from '../../lib/wire/name.js';
import { checkGroupField, checkRequest, encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import * as service from '../../lib/wire/service.js';

const { AGREED_MESS, JOIN_MESS, KILL_MESS, LEAVE_MESS, SELF_DISCARD } = service;

const OWN = '#alice#dmn1';

interface Fields {
  service?: number;
  name?: string;
  numGroups?: number;
  messType?: number;
  dataLength?: number;
}

/** A legal header with these fields instead of its own. */
function header(fields: Fields = {}, little = true): Buffer {
  const bytes = Buffer.alloc(48);
  const legal = { service: AGREED_MESS, name: OWN, numGroups: 1, messType: 0, dataLength: 5 };
  writeHeader(bytes, 0, { ...legal, ...fields }, little);
  return bytes;
}

/** The reason of the fault, or the length of the frame. */
function verdict(bytes: Buffer, own = OWN, at = 0): FaultReason | number {
  try {
    return checkRequest(bytes, at, nameField(own), own.length);
  } catch (error) {
    if (error instanceof FrameFault) return error.reason;
    throw error;
  }
}

describe('wire: requests', () => {
  describe('check of the kind', () => {
    for (const [what, word] of [
      ['each service', [1, 2, 4, 8, 16, 32]],
      ['each service with SELF_DISCARD', [0x41, 0x42, 0x44, 0x48, 0x50, 0x60]],
      ['join, leave and disconnect', [JOIN_MESS, LEAVE_MESS, KILL_MESS]],
      ['bits 24 to 30 beside a service', [0x7f000010]],
    ] as const) {
      it(`passes ${what}`, () => {
        expect(word.map((each) => verdict(header({ service: each })))).to.deep.equal(word.map(() => 85));
      });
    }

    for (const [what, word] of [
      ['no bit at all', 0],
      ['SELF_DISCARD alone', SELF_DISCARD],
      ['bits 24 to 30 alone', 0x7f000000],
      ['two services', 0x30],
      ['all services', 0x3f],
      ['join and leave', JOIN_MESS | LEAVE_MESS],
      ['join and a service', JOIN_MESS | AGREED_MESS],
      ['disconnect and a service', KILL_MESS | AGREED_MESS],
      ['membership bits alone', 0x1100],
    ] as const) {
      it(`refuses ${what}`, () => {
        expect(verdict(header({ service: word }))).to.equal('kind');
      });
    }
  });

  describe('check of the forbidden bits', () => {
    for (let bit = 0; bit < 31; bit++) {
      if (((1 << bit) & 0x0078ff00) === 0) continue;
      it(`refuses 0x${(1 << bit).toString(16)} beside a service`, () => {
        expect(verdict(header({ service: AGREED_MESS | (1 << bit) }))).to.equal('forbidden-bits');
      });
    }

    it('refuses none of the others', () => {
      for (let bit = 0; bit < 31; bit++) {
        if (((1 << bit) & 0x007fff3f) !== 0 || bit === 7) continue;
        expect(verdict(header({ service: AGREED_MESS | (1 << bit) })), `bit ${bit}`).to.equal(85);
      }
    });

    it('refuses them beside a join too', () => {
      expect(verdict(header({ service: JOIN_MESS | service.REJECT_MESS }))).to.equal('forbidden-bits');
    });
  });

  describe('check of the marker', () => {
    for (const [byte, value] of [
      [0, 0x10],
      [3, 0x00],
    ] as const) {
      it(`refuses half a marker, gone from byte ${byte}`, () => {
        const bytes = header();
        bytes[byte] = value;
        expect(verdict(bytes)).to.equal('marker');
      });
    }

    it('passes a big-endian header', () => {
      expect(verdict(header({ numGroups: 2, dataLength: 7 }, false))).to.equal(48 + 64 + 7);
    });

    it('passes a hint of the other order than the type', () => {
      const bytes = header({ messType: 258 });
      header({ messType: 258 }, false).copy(bytes, 40, 40, 44);
      expect(verdict(bytes)).to.equal(85);
    });
  });

  describe('check of the sender', () => {
    for (const [what, name] of [
      ['another session', '#bob#dmn1'],
      ['another daemon', '#alice#dmn2'],
      ['a longer name', `${OWN}x`],
      ['a shorter name', OWN.slice(0, -1)],
      ['no name', ''],
      ['no private group', 'alice'],
      ['other letters of the same name', '#ALICE#dmn1'],
    ] as const) {
      it(`refuses ${what}`, () => {
        expect(verdict(header({ name }))).to.equal('sender');
      });
    }

    it('ignores what stands behind the NUL', () => {
      const bytes = header();
      bytes.fill(0x41, 4 + OWN.length + 1, 36);
      expect(verdict(bytes)).to.equal(85);
    });

    it('takes the last byte of the field for NUL', () => {
      const own = `#${'p'.repeat(10)}#${'d'.repeat(19)}`;
      const bytes = header({ name: own });
      bytes[35] = 0x41;
      expect(verdict(bytes, own)).to.equal(85);
    });

    it('compares all 31 bytes of the longest name', () => {
      const own = `#${'p'.repeat(10)}#${'d'.repeat(19)}`;
      expect(verdict(header({ name: `${own.slice(0, 30)}e` }), own)).to.equal('sender');
    });
  });

  describe('check of the counts', () => {
    for (const [field, reason, cases] of [
      ['numGroups', 'groups-count', [-1, -2_147_483_648, 101, 2_147_483_647]],
      ['dataLength', 'data-length', [-1, -2_147_483_648, 144_001, 2_147_483_647]],
    ] as const) {
      for (const little of [true, false]) {
        for (const value of cases) {
          it(`refuses ${field} ${value} in ${little ? 'little' : 'big'}-endian order`, () => {
            expect(verdict(header({ [field]: value }, little))).to.equal(reason);
          });
        }
      }
    }

    it('passes 0 and 100 groups', () => {
      expect([0, 100].map((numGroups) => verdict(header({ numGroups })))).to.deep.equal([53, 3253]);
    });

    for (const [numGroups, fits] of [
      [0, 143_952],
      [1, 143_920],
      [100, 140_752],
    ] as const) {
      it(`passes ${fits} bytes of data to ${numGroups} groups`, () => {
        expect(verdict(header({ numGroups, dataLength: fits }))).to.equal(144_000);
      });

      it(`refuses ${fits + 1} bytes of data to ${numGroups} groups`, () => {
        expect(verdict(header({ numGroups, dataLength: fits + 1 }))).to.equal('size');
      });
    }

    it('refuses 144000 bytes of data for the size and not for the data length', () => {
      expect(verdict(header({ numGroups: 0, dataLength: 144_000 }))).to.equal('size');
    });

    for (const [what, word] of [
      ['join', JOIN_MESS],
      ['leave', LEAVE_MESS],
    ] as const) {
      it(`refuses a ${what} without a group`, () => {
        expect(verdict(header({ service: word, numGroups: 0, dataLength: 0 }))).to.equal('groups-count');
      });

      it(`passes a ${what} with two groups and data`, () => {
        expect(verdict(header({ service: word, numGroups: 2, dataLength: 3 }))).to.equal(48 + 64 + 3);
      });
    }

    it('passes a disconnect without a group', () => {
      expect(verdict(header({ service: KILL_MESS, numGroups: 0, dataLength: 0 }))).to.equal(48);
    });
  });

  describe('check of the hint', () => {
    for (let bit = 0; bit < 31; bit++) {
      const legal = bit === 7 || (bit >= 8 && bit < 24);
      it(`${legal ? 'passes' : 'refuses'} bit ${bit}`, () => {
        const bytes = header();
        bytes.writeInt32LE(0x80000080 | (1 << bit), 40);
        expect(verdict(bytes)).to.equal(legal ? 85 : 'hint');
      });
    }

    it('refuses a low bit of a big-endian writer', () => {
      const bytes = header({}, false);
      bytes[43] = 1;
      expect(verdict(bytes)).to.equal('hint');
    });
  });

  it('are checked in the order of the document', () => {
    const bytes = header({ service: 0x1130, name: 'x', numGroups: 101, dataLength: -1 });
    bytes[40] = 0x81;
    bytes[3] = 0;
    const found: (FaultReason | number)[] = [];
    const repair: (() => void)[] = [
      () => void (bytes[3] = 0x80),
      () => void (bytes[0] = 0x90),
      () => void (bytes[1] = 0),
      () => void nameField(OWN).copy(bytes, 4),
      () => void bytes.writeInt32LE(100, 36),
      () => void (bytes[40] = 0x80),
      () => void bytes.writeInt32LE(144_000, 44),
      () => void bytes.writeInt32LE(0, 44),
    ];
    for (const next of repair) {
      found.push(verdict(bytes));
      next();
    }
    expect([...found, verdict(bytes)]).to.deep.equal([
      'marker',
      'kind',
      'forbidden-bits',
      'sender',
      'groups-count',
      'hint',
      'data-length',
      'size',
      48 + 3200,
    ]);
  });

  it('are checked at any place of a chunk', () => {
    const bytes = Buffer.concat([Buffer.alloc(7, 0xff), header({ dataLength: 9 }), Buffer.alloc(3, 0xff)]);
    expect(verdict(bytes, OWN, 7)).to.equal(48 + 32 + 9);
  });

  it('name in the fault what was wrong', () => {
    expect(() => checkRequest(header({ name: 'x' }), 0, nameField(OWN), OWN.length)).to.throw(
      FrameFault,
      'illegal frame: sender is not #alice#dmn1',
    );
  });

  describe('group field', () => {
    it('of a join has the length of its name', () => {
      expect(checkGroupField(encodeRequest(JOIN_MESS, OWN, ['foo']), 0)).to.equal(3);
    });

    it('of a join can be empty', () => {
      expect(checkGroupField(encodeRequest(JOIN_MESS, OWN, ['']), 0)).to.equal(0);
    });

    it('of a join can have 31 bytes', () => {
      expect(checkGroupField(encodeRequest(JOIN_MESS, OWN, ['g'.repeat(31)]), 0)).to.equal(31);
    });

    it('without a NUL is a fault', () => {
      const bytes = encodeRequest(LEAVE_MESS, OWN, ['foo']).fill(0x61, 48, 80);
      expect(() => checkGroupField(bytes, 0))
        .to.throw(FrameFault)
        .with.property('reason', 'group-field');
    });
  });

  describe('encoding', () => {
    it('makes the join of [session 4.5]', () => {
      expect(encodeRequest(JOIN_MESS, OWN, ['foo']).toString('hex')).to.equal(
        [
          '80000180',
          `23616c69636523646d6e31${'00'.repeat(21)}`,
          '01000000',
          '80000080',
          '00000000',
          `666f6f${'00'.repeat(29)}`,
        ].join(''),
      );
    });

    it('makes the AGREED message of [session 4.5]', () => {
      const bytes = encodeMessage(AGREED_MESS, OWN, ['foo'], 100, [Buffer.from('AGREED')]);
      expect(bytes.toString('hex')).to.equal(
        [
          '90000080',
          `23616c69636523646d6e31${'00'.repeat(21)}`,
          '01000000',
          '80640080',
          '06000000',
          `666f6f${'00'.repeat(29)}`,
          '414752454544',
        ].join(''),
      );
    });

    it('shows nothing of the pieces', () => {
      const pieces = ['one', '', 'two', 'three'].map((text) => Buffer.from(text));
      const whole = [Buffer.from('onetwothree')];
      expect(encodeMessage(AGREED_MESS, OWN, ['a', 'b'], -1, pieces)).to.deep.equal(
        encodeMessage(AGREED_MESS, OWN, ['a', 'b'], -1, whole),
      );
    });

    it('cuts a destination to 31 bytes', () => {
      const bytes = encodeMessage(AGREED_MESS, OWN, ['g'.repeat(32)], 0, []);
      expect(bytes.toString('latin1', 48)).to.equal(`${'g'.repeat(31)}\0`);
    });

    it('makes frames that pass the checks', () => {
      const frames = [
        encodeRequest(JOIN_MESS, OWN, ['foo']),
        encodeRequest(LEAVE_MESS, OWN, ['foo']),
        encodeRequest(KILL_MESS, OWN, [OWN]),
        encodeMessage(AGREED_MESS | SELF_DISCARD, OWN, [], -32_768, []),
        encodeMessage(service.SAFE_MESS, OWN, Array<string>(100).fill('g'), 32_767, [Buffer.alloc(140_752)]),
      ];
      expect(frames.map((frame) => verdict(frame))).to.deep.equal(frames.map((frame) => frame.length));
    });
  });
});
