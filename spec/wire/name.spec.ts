import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  fieldLength,
  isByteText,
  isDaemonName,
  isGroupName,
  isPrivateGroup,
  isPrivateName,
  nameField,
  parsePrivateGroup,
  privateGroup,
  readName,
  readNames,
  writeName,
} from '../../lib/wire/name.js';

/** All 256 characters of latin1. */
const characters = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));

describe('wire: names', () => {
  describe('legal bytes', () => {
    it('of groups are exactly 0x24 to 0x7e', () => {
      const legal = characters.filter((character) => isGroupName(character));
      expect(legal).to.deep.equal(characters.slice(0x24, 0x7f));
    });

    it('of private names are exactly 0x24 to 0x7e', () => {
      const legal = characters.filter((character) => isPrivateName(`a${character}b`));
      expect(legal).to.deep.equal(characters.slice(0x24, 0x7f));
    });

    it('of daemon names are exactly 0x24 to 0x7e', () => {
      const legal = characters.filter((character) => isDaemonName(`${character}1`));
      expect(legal).to.deep.equal(characters.slice(0x24, 0x7f));
    });

    it('do not include a newline at the end', () => {
      expect(isGroupName('foo\n')).to.equal(false);
    });

    it('do not include what is no byte at all', () => {
      expect(isGroupName('grüße€')).to.equal(false);
    });
  });

  describe('text of bytes', () => {
    it('is every text of characters up to 0xff', () => {
      expect([isByteText(''), isByteText(characters.join(''))]).to.deep.equal([true, true]);
    });

    it('is none with a character beyond, wherever it stands', () => {
      for (const text of ['\u0100', 'Ābc', 'bĀc', 'bcĀ', '€']) expect(isByteText(text), text).to.equal(false);
    });
  });

  describe('length', () => {
    it('of a group is 1 to 31', () => {
      expect([0, 1, 31, 32].map((n) => isGroupName('g'.repeat(n)))).to.deep.equal([false, true, true, false]);
    });

    it('of a private name is 1 to 10', () => {
      expect([0, 1, 10, 11].map((n) => isPrivateName('p'.repeat(n)))).to.deep.equal([
        false,
        true,
        true,
        false,
      ]);
    });

    it('of a daemon name is 1 to 19', () => {
      expect([0, 1, 19, 20].map((n) => isDaemonName('d'.repeat(n)))).to.deep.equal([
        false,
        true,
        true,
        false,
      ]);
    });
  });

  describe('private groups', () => {
    it('are told from groups by their first character', () => {
      expect(['#a#d', '#', 'a#d', '', 'foo'].map(isPrivateGroup)).to.deep.equal([
        true,
        true,
        false,
        false,
        false,
      ]);
    });

    it('are made of # name # daemon', () => {
      expect(privateGroup('alice', 'dmn1')).to.equal('#alice#dmn1');
    });

    it('are taken apart again', () => {
      expect(parsePrivateGroup('#alice#dmn1')).to.deep.equal({ name: 'alice', daemon: 'dmn1' });
    });

    it('can be as long as a field', () => {
      const name = privateGroup('p'.repeat(10), 'd'.repeat(19));
      expect(name).to.have.length(31);
      expect(parsePrivateGroup(name)).to.deep.equal({ name: 'p'.repeat(10), daemon: 'd'.repeat(19) });
    });

    for (const [what, name] of [
      ['an empty string', ''],
      ['a group', 'foo'],
      ['a single #', '#'],
      ['no second #', '#alice'],
      ['no private name', '##dmn1'],
      ['no daemon', '#alice#'],
      ['a third #', '#alice#dmn1#'],
      ['a private name of 11 characters', `#${'p'.repeat(11)}#d`],
      ['a daemon of 20 characters', `#p#${'d'.repeat(20)}`],
      ['an illegal character in the private name', '#a b#dmn1'],
      ['an illegal character in the daemon', '#ab#dm n'],
      ['text in front of the #', 'x#a#b'],
      ['a letter in place of the #', 'xab#d'],
    ] as const) {
      it(`are not ${what}`, () => {
        expect(parsePrivateGroup(name)).to.equal(null);
      });
    }
  });

  describe('fields', () => {
    it('are 32 bytes, padded with zeros', () => {
      expect(nameField('foo').toString('hex')).to.equal(`666f6f${'00'.repeat(29)}`);
    });

    it('hold 31 bytes and a NUL at most', () => {
      const field = nameField('x'.repeat(40));
      expect(field.toString('latin1')).to.equal(`${'x'.repeat(31)}\0`);
    });

    it('are overwritten whole', () => {
      const bytes = Buffer.alloc(36, 0x55);
      writeName(bytes, 2, 'ab');
      expect(bytes.toString('hex')).to.equal(`55556162${'00'.repeat(30)}5555`);
    });

    it('end at their first NUL', () => {
      const bytes = Buffer.from(`foo\0bar${'x'.repeat(25)}`, 'latin1');
      expect([readName(bytes, 0), fieldLength(bytes, 0)]).to.deep.equal(['foo', 3]);
    });

    it('can be empty', () => {
      expect([readName(Buffer.alloc(32), 0), fieldLength(Buffer.alloc(32), 0)]).to.deep.equal(['', 0]);
    });

    it('of 31 bytes and a NUL are whole names', () => {
      const bytes = nameField('y'.repeat(31));
      expect([readName(bytes, 0), fieldLength(bytes, 0)]).to.deep.equal(['y'.repeat(31), 31]);
    });

    it('with no NUL have no length', () => {
      expect(fieldLength(Buffer.alloc(33, 0x61), 0)).to.equal(-1);
      expect(fieldLength(Buffer.from(`${'a'.repeat(32)}\0`), 0)).to.equal(-1);
    });

    it('with no NUL are read as 31 bytes', () => {
      expect(readName(Buffer.alloc(33, 0x61), 0)).to.equal('a'.repeat(31));
    });

    it('keep every byte on the way there and back', () => {
      for (const part of [characters.slice(1, 32), characters.slice(225, 256)]) {
        expect(readName(nameField(part.join('')), 0)).to.equal(part.join(''));
      }
    });

    it('are read one behind the other', () => {
      const bytes = Buffer.concat([
        Buffer.from('--'),
        nameField('one'),
        nameField('two'),
        nameField('three'),
      ]);
      expect(readNames(bytes, 2, 2)).to.deep.equal(['one', 'two']);
    });
  });
});
