import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { REJECT_ILLEGAL_NAME, REJECT_VERSION } from '../../../lib/wire/codes.js';
import {
  PROTOCOL_VERSION,
  encodeConnectRequest,
  readConnectRequest,
} from '../../../lib/wire/handshake/connect-request.js';

const request = { version: PROTOCOL_VERSION, membership: true, priority: 0, name: 'alice' };

/** A request of 5.0.1 with this option byte. */
const withOption = (option: number): Buffer => Buffer.from([5, 0, 1, option, 1, 0x61]);

const named = (name: string, length = name.length): Buffer =>
  Buffer.concat([Buffer.from([5, 0, 1, 1, length]), Buffer.from(name, 'latin1')]);

/** Reads a request with these version bytes and the name `a`. */
const readVersion = (...version: number[]) => readConnectRequest(Buffer.from([...version, 1, 1, 0x61]));

describe('wire: connect request', () => {
  describe('written', () => {
    it('is the worked example of [session 3.11]', () => {
      expect(encodeConnectRequest(request).toString('hex')).to.equal('0500010105616c696365');
    });

    for (const [membership, priority, option] of [
      [false, 0, 0x00],
      [true, 0, 0x01],
      [false, 1, 0x10],
      [true, 1, 0x11],
      [true, 7, 0x11],
      [true, -1, 0x01],
    ] as const) {
      it(`has the option 0x${option.toString(16)} for membership ${membership}, priority ${priority}`, () => {
        expect(encodeConnectRequest({ ...request, membership, priority })[3]).to.equal(option);
      });
    }

    it('has a byte for each character of the name', () => {
      expect(encodeConnectRequest({ ...request, name: 'zoë' }).toString('hex')).to.equal('05000101037a6feb');
    });

    it('can go without a name', () => {
      expect(encodeConnectRequest({ ...request, name: '' }).toString('hex')).to.equal('0500010100');
    });

    it('cuts the name to 10 bytes', () => {
      const bytes = encodeConnectRequest({ ...request, name: 'muchtoolongname' });
      expect(bytes.toString('latin1', 4)).to.equal('\nmuchtoolon');
    });

    for (const [minor, bytes] of [
      [14, '030e010161'],
      [15, '030f00010161'],
    ] as const) {
      it(`of 3.${minor} has ${minor < 15 ? 'two' : 'three'} version bytes`, () => {
        const old = { ...request, version: { major: 3, minor, patch: 0 }, name: 'a' };
        expect(encodeConnectRequest(old).toString('hex')).to.equal(bytes);
      });
    }
  });

  describe('read', () => {
    it('has all fields and its length', () => {
      expect(readConnectRequest(named('bob'))).to.deep.equal({
        request: { version: PROTOCOL_VERSION, membership: true, priority: 0, name: 'bob', offers: false },
        length: 8,
      });
    });

    it('does not take what follows', () => {
      expect(readConnectRequest(Buffer.concat([named('bob'), Buffer.from('more')]))).to.deep.include({
        length: 8,
      });
    });

    it('waits for the second byte whatever the first one is', () => {
      for (const major of [0, 5, 255]) expect(readConnectRequest(Buffer.from([major]))).to.equal(null);
    });

    it('waits at every length that is too short', () => {
      const bytes = named('abcdefghij');
      for (let length = 0; length < bytes.length; length++) {
        expect(readConnectRequest(bytes.subarray(0, length)), `${length} bytes`).to.equal(null);
      }
      expect(readConnectRequest(bytes)).to.have.property('length', 15);
    });

    it('can have no name', () => {
      expect(readConnectRequest(named(''))).to.have.nested.property('request.name', '');
    });

    it('wants membership by bit 0, unless bit 7 is set, whatever the other bits say', () => {
      const wanting = Array.from({ length: 256 }, (_, option) => option).filter((option) => {
        const read = readConnectRequest(withOption(option));
        return read !== null && typeof read === 'object' && read.request.membership;
      });
      const odd = Array.from({ length: 64 }, (_, i) => 2 * i + 1);
      expect(wanting).to.deep.equal(odd);
    });

    it('has the priority in bits 4 to 7', () => {
      expect(readConnectRequest(withOption(0x2e))).to.have.nested.property('request.priority', 2);
    });
  });

  describe('version', () => {
    for (const [text, bytes] of [
      ['3.1', [3, 1]],
      ['3.12', [3, 12]],
      ['3.14', [3, 14]],
    ] as const) {
      it(`${text} has two bytes`, () => {
        const [major, minor] = bytes;
        expect(readVersion(...bytes)).to.have.deep.nested.property('request.version', {
          major,
          minor,
          patch: 0,
        });
      });
    }

    for (const [text, bytes] of [
      ['3.15.0', [3, 15, 0]],
      ['3.16.2', [3, 16, 2]],
      ['4.4.0', [4, 4, 0]],
      ['5.0.1', [5, 0, 1]],
      ['127.9.9', [127, 9, 9]],
    ] as const) {
      it(`${text} has three bytes`, () => {
        const [major, minor, patch] = bytes;
        expect(readVersion(...bytes)).to.have.deep.nested.property('request.version', {
          major,
          minor,
          patch,
        });
      });
    }

    it('is accepted with every first byte from 4 to 127', () => {
      const majors = Array.from({ length: 256 }, (_, major) => major).filter(
        (major) => readConnectRequest(Buffer.from([major, 0, 0, 1, 0])) !== REJECT_VERSION,
      );
      expect(majors).to.deep.equal(Array.from({ length: 124 }, (_, i) => i + 4));
    });

    for (const [text, bytes] of [
      ['0.0', [0, 0]],
      ['2.0', [2, 0]],
      ['3.0', [3, 0]],
      ['128.0', [128, 0]],
      ['255.255', [255, 255]],
    ] as const) {
      it(`${text} is refused after its second byte`, () => {
        expect(readConnectRequest(Buffer.from(bytes))).to.equal(REJECT_VERSION);
      });
    }
  });

  describe('name', () => {
    for (const length of [11, 127, 128, 255]) {
      it(`of announced ${length} bytes is refused before they come`, () => {
        expect(readConnectRequest(named('', length))).to.equal(REJECT_ILLEGAL_NAME);
      });
    }

    it('may have exactly the bytes 0x24 to 0x7e', () => {
      const legal = Array.from({ length: 256 }, (_, code) => code).filter(
        (code) => readConnectRequest(named(`a${String.fromCharCode(code)}b`)) !== REJECT_ILLEGAL_NAME,
      );
      expect(legal).to.deep.equal(Array.from({ length: 0x7f - 0x24 }, (_, i) => i + 0x24));
    });

    it('is not looked at when the version is refused', () => {
      expect(readConnectRequest(Buffer.from([2, 0, 1, 11, 0x20]))).to.equal(REJECT_VERSION);
    });
  });
});
