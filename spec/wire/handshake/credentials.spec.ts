import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  CREDENTIALS_BYTES,
  passwordAuthenticator,
  readCredentials,
} from '../../../lib/wire/handshake/authentication.js';
import { type DecodedCredentials, allTraces, unitBytes } from '../../support/recordings.js';

const field = (text: string, size: number): string => text.padEnd(size, '\0');
const read = (user: string, password: string): object =>
  readCredentials(Buffer.from(field(user, 32) + field(password, 8), 'latin1'));

describe('wire: credentials', () => {
  it('are 40 bytes', () => {
    expect(CREDENTIALS_BYTES).to.equal(40);
  });

  it('are a user and a password, each up to its first NUL', () => {
    expect(read('spuser\0rest', 'pw\0rest')).to.deep.equal({ user: 'spuser', password: 'pw' });
  });

  it('may fill their fields', () => {
    expect(read('u'.repeat(32), '12345678')).to.deep.equal({ user: 'u'.repeat(32), password: '12345678' });
  });

  it('may be empty', () => {
    expect(read('', '')).to.deep.equal({ user: '', password: '' });
  });

  it('keep every byte', () => {
    expect(read('\xe4\xff', '\x01\x80')).to.deep.equal({ user: '\xe4\xff', password: '\x01\x80' });
  });

  it('leave out what comes behind', () => {
    const bytes = Buffer.concat([Buffer.from(field('a', 32) + '12345678'), Buffer.from('frames')]);
    expect(readCredentials(bytes)).to.deep.equal({ user: 'a', password: '12345678' });
  });

  it('are read as our authenticator writes them', () => {
    const { credentials } = passwordAuthenticator('spuser', 'secret');
    expect(credentials && readCredentials(credentials)).to.deep.equal({ user: 'spuser', password: 'secret' });
  });

  it('are read as recorded clients sent them', () => {
    const units = allTraces.flatMap(({ trace }) =>
      trace.decoded
        .filter((unit): unit is DecodedCredentials => unit.what === 'password credentials')
        .map((unit) => ({ unit, bytes: unitBytes(trace, unit) })),
    );
    expect(units.length).to.be.greaterThan(3);
    for (const { unit, bytes } of units) {
      expect(readCredentials(bytes)).to.deep.equal({ user: unit.username, password: unit.password });
    }
  });
});
