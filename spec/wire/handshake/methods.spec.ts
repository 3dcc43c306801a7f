import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { IllegalParamError } from '../../../lib/errors.js';
import {
  CHOICE_BYTES,
  encodeMethodChoice,
  encodeMethodList,
  readMethodChoice,
  readMethodList,
} from '../../../lib/wire/handshake/authentication.js';

/** A choice with these texts in its slots, cut to 30 bytes and not ended by force. */
function slots(...texts: string[]): Buffer {
  const choice = Buffer.alloc(CHOICE_BYTES);
  for (const [i, text] of texts.entries()) choice.write(text, i * 30, 30, 'latin1');
  return choice;
}

describe('wire: method list', () => {
  it('is the length and each name with a blank', () => {
    expect(encodeMethodList(['NULL', 'IP']).toString('latin1')).to.equal('\x08NULL IP ');
  });

  it('is one zero byte without methods', () => {
    expect(encodeMethodList([])).to.deep.equal(Buffer.from([0]));
  });

  it('has a byte for each character', () => {
    expect(encodeMethodList(['KÖ']).toString('latin1')).to.equal('\x03KÖ ');
  });

  it('may have 90 bytes', () => {
    expect(encodeMethodList(['x'.repeat(89)])).to.have.length(91);
  });

  it('may not have 91 bytes', () => {
    expect(() => encodeMethodList(['x'.repeat(90)])).to.throw(IllegalParamError);
  });

  for (const [text, methods] of [
    ['', []],
    [' ', []],
    ['NULL ', ['NULL']],
    ['NULL IP PWORD ', ['NULL', 'IP', 'PWORD']],
    ['NULL', ['NULL']],
    ['  NULL  IP', ['NULL', 'IP']],
  ] as const) {
    it(`with the text "${text}" has ${methods.length} methods`, () => {
      expect(readMethodList(text)).to.deep.equal(methods);
    });
  }
});

describe('wire: method choice', () => {
  it('has 90 bytes in three slots', () => {
    expect(encodeMethodChoice(['NULL', 'IP']).toString('latin1')).to.equal(
      `NULL${'\0'.repeat(26)}IP${'\0'.repeat(28)}${'\0'.repeat(30)}`,
    );
  });

  it('has a byte for each character', () => {
    expect(encodeMethodChoice(['KÖ']).toString('latin1', 0, 3)).to.equal('KÖ\0');
  });

  it('leaves out what its slots have no room for', () => {
    const names = ['A', 'B', 'C', 'D', 'E'];
    expect(encodeMethodChoice(names)).to.deep.equal(encodeMethodChoice(names.slice(0, 3)));
  });

  it('ends every name with NUL', () => {
    expect(encodeMethodChoice(['x'.repeat(40)]).toString('latin1', 0, 31)).to.equal(`${'x'.repeat(29)}\0\0`);
  });

  it('has room for three', () => {
    expect(readMethodChoice(encodeMethodChoice(['A', 'B', 'C', 'D']))).to.deep.equal(['A', 'B', 'C']);
  });

  it('ends at its first empty slot', () => {
    expect(readMethodChoice(slots('NULL', '', 'IP'))).to.deep.equal(['NULL']);
  });

  it('is empty when its first slot is', () => {
    expect(readMethodChoice(slots('', 'NULL'))).to.deep.equal([]);
  });

  it('keeps a method that is named twice', () => {
    expect(readMethodChoice(slots('NULL', 'NULL'))).to.deep.equal(['NULL', 'NULL']);
  });

  it('ignores what stands behind the NUL of a slot', () => {
    expect(readMethodChoice(slots('NULL\0junk', 'IP\0junk'))).to.deep.equal(['NULL', 'IP']);
  });

  it('reads a slot without NUL no further than its 30 bytes', () => {
    expect(readMethodChoice(slots('y'.repeat(30), 'IP'))).to.deep.equal(['y'.repeat(30), 'IP']);
  });

  it('does not read beyond 90 bytes', () => {
    const longer = Buffer.concat([slots('A', 'B', 'C'), Buffer.from('NULL')]);
    expect(readMethodChoice(longer)).to.deep.equal(['A', 'B', 'C']);
  });
});
