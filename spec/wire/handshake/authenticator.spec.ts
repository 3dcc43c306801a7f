import { expect } from 'chai';
import { IllegalParamError } from '../../../lib/errors.js';
import {
  ipAuthenticator,
  nullAuthenticator,
  passwordAuthenticator,
} from '../../../lib/wire/handshake/authentication.js';

const sent = (user: string, password: string): string | undefined =>
  passwordAuthenticator(user, password).credentials?.toString('latin1');

describe('wire: authenticators', () => {
  it('NULL and IP exchange nothing', () => {
    expect([nullAuthenticator, ipAuthenticator]).to.deep.equal([
      { method: 'NULL', credentials: null },
      { method: 'IP', credentials: null },
    ]);
  });

  it('PWORD sends user and password in fields of 32 and 8 bytes', () => {
    expect(passwordAuthenticator('spuser', 'secret').method).to.equal('PWORD');
    expect(sent('spuser', 'secret')).to.equal(`spuser${'\0'.repeat(26)}secret\0\0`);
  });

  it('PWORD cuts a longer user to the 32 bytes of its field', () => {
    expect(sent('u'.repeat(40), 'pw')).to.equal(`${'u'.repeat(32)}pw${'\0'.repeat(6)}`);
  });

  for (const [password, sentence] of [
    ['', 'a password must not be empty'],
    ['\u0100bc', 'a password can only have characters up to U+00FF (Latin-1): each is one byte on the wire'],
    ['ab\0c', 'a password must not have a NUL: it ends the password on the wire'],
  ] as const) {
    it(`PWORD refuses ${JSON.stringify(password)}, which would be another one on the wire`, () => {
      expect(() => passwordAuthenticator('spuser', password)).to.throw(IllegalParamError, sentence);
    });
  }

  it('PWORD sends a byte for each character', () => {
    expect(sent('zoë', 'ünë')).to.equal(`zoë${'\0'.repeat(29)}ünë${'\0'.repeat(5)}`);
  });

  it('PWORD cuts a longer password to 8 bytes', () => {
    expect(sent('', '123456789')).to.equal(`${'\0'.repeat(32)}12345678`);
  });
});
