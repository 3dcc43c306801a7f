import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { CONNECTION_CLOSED, REJECT_AUTH, REJECT_QUOTA, REJECT_VERSION } from '../../../lib/wire/codes.js';
import { encodeAccept, encodeCode, readAccept, readCode } from '../../../lib/wire/handshake/accept.js';

const GROUP = '#alice#dmn1';

/** An accept of this daemon version with a private group of this length. */
const accept = (version: readonly number[], length = 11, group = GROUP): Buffer =>
  Buffer.concat([Buffer.from([1, ...version, length]), Buffer.from(group, 'latin1')]);

describe('wire: accept', () => {
  describe('written', () => {
    it('is the worked example of [session 3.11]', () => {
      expect(encodeAccept({ major: 5, minor: 0, patch: 1 }, GROUP).toString('hex')).to.equal(
        '010500010b23616c69636523646d6e31',
      );
    });

    for (const [minor, count] of [
      [1, 2],
      [14, 2],
      [15, 3],
      [16, 3],
    ] as const) {
      it(`has ${count} version bytes for a client of 3.${minor}`, () => {
        const bytes = encodeAccept({ major: 3, minor, patch: 0 }, '#a#d');
        expect(bytes.toString('hex')).to.equal(`01${count === 2 ? '0500' : '050001'}0423612364`);
      });
    }

    it('has a byte for each character of the private group', () => {
      expect(encodeAccept({ major: 5, minor: 0, patch: 1 }, '#ü#d').toString('latin1')).to.equal(
        '\x01\x05\0\x01\x04#ü#d',
      );
    });

    it('has one byte for a code', () => {
      expect([REJECT_AUTH, REJECT_QUOTA].map((code) => encodeCode(code).toString('hex'))).to.deep.equal([
        'f7',
        'fd',
      ]);
    });
  });

  describe('read', () => {
    it('has version, private group and length', () => {
      expect(readAccept(accept([5, 0, 1]), 0)).to.deep.equal({
        accept: { version: { major: 5, minor: 0, patch: 1 }, privateGroup: GROUP },
        length: 16,
      });
    });

    it('does not take what follows', () => {
      const bytes = Buffer.concat([accept([5, 0, 1]), Buffer.from('frames')]);
      expect(readAccept(bytes, 0)).to.have.property('length', 16);
    });

    it('waits at every length that is too short', () => {
      const bytes = accept([5, 0, 1]);
      for (let length = 0; length < bytes.length; length++) {
        expect(readAccept(bytes.subarray(0, length), 0), `${length} bytes`).to.equal(null);
      }
    });

    for (let byte = 0; byte < 256; byte += 51) {
      if (byte === 1) continue;
      it(`answers with ${readCode(byte)} to a first byte ${byte}, alone or not`, () => {
        const code = byte < 128 ? byte : byte - 256;
        const alone = readAccept(Buffer.from([byte]), 0);
        const followed = readAccept(Buffer.from([byte, 5, 0, 1, 0]), 0);
        expect([alone, followed]).to.deep.equal([code, code]);
      });
    }

    for (const length of [0, 31]) {
      it(`takes a private group of ${length} bytes`, () => {
        const read = readAccept(accept([5, 0, 1], length, 'g'.repeat(length)), 0);
        expect(read).to.have.nested.property('accept.privateGroup', 'g'.repeat(length));
      });
    }

    for (const length of [32, 127, 128, 255]) {
      it(`refuses a private group of ${length} bytes before they come`, () => {
        expect(readAccept(accept([5, 0, 1], length, ''), 0)).to.equal(CONNECTION_CLOSED);
      });
    }

    for (const version of [
      [128, 0, 1],
      [5, 128, 1],
      [5, 0, 255],
      [2, 200, 0],
    ]) {
      it(`refuses the version ${version.join('.')} as no version`, () => {
        expect(readAccept(accept(version), 0)).to.equal(CONNECTION_CLOSED);
      });
    }

    for (const version of [
      [0, 0, 0],
      [2, 99, 99],
    ]) {
      it(`refuses the daemon ${version.join('.')} as too old`, () => {
        expect(readAccept(accept(version), 0)).to.equal(REJECT_VERSION);
      });
    }

    for (const [version, priority, taken] of [
      [[3, 0, 0], 0, true],
      [[3, 0, 0], 1, false],
      [[3, 7, 99], 0, true],
      [[3, 7, 99], 1, false],
      [[3, 8, 0], 1, true],
      [[127, 127, 127], 1, true],
    ] as const) {
      it(`${taken ? 'takes' : 'refuses'} the daemon ${version.join('.')} with priority ${priority}`, () => {
        const read = readAccept(accept(version), priority);
        expect(typeof read).to.equal(taken ? 'object' : 'number');
        if (!taken) expect(read).to.equal(REJECT_VERSION);
      });
    }
  });
});
