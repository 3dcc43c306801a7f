import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { bodyFields, bodyLine, printable, textOf } from '../../lib/cli/text.js';

describe('command: bodies', () => {
  for (const text of ['', 'hello', 'zwei\nZeilen\r\n\t', 'grüße 🙂', '\uFEFFmark']) {
    it(`${JSON.stringify(text)} are text`, () => {
      expect(textOf(Buffer.from(text))).to.equal(text);
    });
  }

  for (const [bytes, why] of [
    ['00', 'a control character'],
    ['1b5b324a', 'an escape sequence'],
    ['c285', 'a control character of the upper half'],
    ['ff', 'no UTF-8'],
    ['c3', 'a cut character'],
  ] as const) {
    it(`with ${why} are bytes`, () => {
      expect(textOf(Buffer.from(bytes, 'hex'))).to.equal(null);
    });
  }

  it('are on one line', () => {
    expect(bodyLine(Buffer.from('a\tb\r\nc'))).to.equal(String.raw`a\tb\r\nc`);
    expect(bodyLine(Buffer.from([1, 255]))).to.equal('<2 bytes: 01ff>');
    expect(bodyLine(Buffer.alloc(30, 0))).to.equal(`<30 bytes: ${'00'.repeat(24)} ...>`);
  });

  it('are cut where a limit is', () => {
    expect(bodyLine(Buffer.from('abcdef'), 6)).to.equal('abcdef');
    expect(bodyLine(Buffer.from('abcdef'), 3)).to.equal('abc ... (6 bytes)');
  });

  it('are text or base64 in JSON', () => {
    expect(bodyFields(Buffer.from('a\nb'))).to.deep.equal({ text: 'a\nb' });
    expect(bodyFields(Buffer.from([0, 1, 2]))).to.deep.equal({ base64: 'AAEC' });
  });

  it('and names never steer a terminal', () => {
    expect(printable('\u001B[2J\u202E\u2028')).to.equal(String.raw`\u{1b}[2J\u{202e}\u{2028}`);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.to.match(/\p{Cc}/u);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(bodyLine(Buffer.from(bytes))).not.to.match(/\p{Cc}/u);
      }),
    );
  });
});
