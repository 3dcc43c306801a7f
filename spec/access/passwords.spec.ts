import { expect } from 'chai';
import { hashPassword, Passwords } from '../../daemon/access/passwords.js';
import { refusalOf } from './refusal.js';

/** The hash of `secret` with the cheapest costs, so that the specs are quick. */
const CHEAP = '$scrypt$ln=1,r=1,p=1$YWJjZGVmZ2g$47MKbdzw2dIbxnq25Rp2qQnnzpJ+/0Sm1uQe9e7uaCY';
const SALT = 'YWJjZGVmZ2g';
const KEY = '47MKbdzw2dIbxnq25Rp2qQnnzpJ+/0Sm1uQe9e7uaCY';

const passwords = (...lines: readonly string[]): Passwords => Passwords.parse(lines.join('\n'), 'rules');
const refusal = (...lines: readonly string[]): string =>
  refusalOf((text, file) => Passwords.parse(text, file), lines.join('\n'));

describe('access: passwords', () => {
  let hash = '';
  before(async () => {
    hash = await hashPassword('secret');
  });

  it('are hashed in the PHC form, with costs of 16 MiB and 32 bytes', () => {
    expect(hash).to.match(/^\$scrypt\$ln=14,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  });

  it('have another salt each time', async () => {
    expect(await hashPassword('secret')).not.to.equal(hash);
  });

  it('let in who knows them', async () => {
    expect(await passwords(`alice:${hash}`).verify({ user: 'alice', password: 'secret' })).to.equal(true);
  });

  it('keep out who does not', async () => {
    const list = passwords(`alice:${hash}`);
    for (const password of ['', 'Secret', 'secre', 'secrets', hash.slice(0, 8)]) {
      expect(await list.verify({ user: 'alice', password }), password).to.equal(false);
    }
  });

  it('keep out users that are not there, whatever they know', async () => {
    const list = passwords(`alice:${hash}`);
    for (const user of ['', 'bob', 'Alice', 'alice ', '__proto__', 'constructor']) {
      expect(await list.verify({ user, password: 'secret' }), user).to.equal(false);
    }
  });

  it('without a file let nobody in', async () => {
    expect(await new Passwords().verify({ user: '', password: '' })).to.equal(false);
  });

  it('are of several users, with blank lines, comments and line ends of Windows between them', async () => {
    const list = passwords('# users', `alice:${hash}\r`, '', `  bob:${await hashPassword('hidden')} \r`);
    expect(await list.verify({ user: 'alice', password: 'secret' })).to.equal(true);
    expect(await list.verify({ user: 'bob', password: 'hidden' })).to.equal(true);
    expect(await list.verify({ user: 'bob', password: 'secret' })).to.equal(false);
  });

  it('count with their first 8 bytes, all that the protocol carries', async () => {
    const list = passwords(`alice:${await hashPassword('12345678 and more')}`);
    expect(await list.verify({ user: 'alice', password: '12345678' })).to.equal(true);
    expect(await list.verify({ user: 'alice', password: '1234567' })).to.equal(false);
  });

  it('are not empty: that is what a client without one sends', async () => {
    const list = passwords(`alice:${await hashPassword('')}`);
    expect(await list.verify({ user: 'alice', password: '' })).to.equal(false);
    expect(await list.verify({ user: 'alice', password: 'x' })).to.equal(false);
  });

  it('may be of a user of 32 bytes, a full field', async () => {
    const user = 'u'.repeat(32);
    expect(await passwords(`${user}:${hash}`).verify({ user, password: 'secret' })).to.equal(true);
  });

  it('may be hashed with other costs', async () => {
    const list = passwords(`alice:${CHEAP}`);
    expect(await list.verify({ user: 'alice', password: 'secret' })).to.equal(true);
    expect(await list.verify({ user: 'alice', password: 'wrong' })).to.equal(false);
  });

  for (const costs of ['ln=1,r=1,p=16', 'ln=1,r=32,p=16', 'ln=15,r=1,p=1', 'ln=10,r=32,p=1']) {
    it(`take every cost that is let through: ${costs}`, async () => {
      const list = passwords(`alice:$scrypt$${costs}$${SALT}$${KEY}`);
      expect(await list.verify({ user: 'alice', password: 'secret' })).to.equal(false);
    });
  }

  describe('file', () => {
    for (const line of ['alice', ':hash', 'u'.repeat(33) + ':hash']) {
      it(`has entries of another form: ${line.slice(0, 40)}`, () => {
        expect(refusal('# users', line)).to.equal('2: expected user:hash with a user of 1 to 32 bytes');
      });
    }

    it('has a user twice', () => {
      expect(refusal(`alice:${CHEAP}`, `bob:${CHEAP}`, '', `alice:${CHEAP}`)).to.equal(
        '4: duplicate user "alice"',
      );
    });

    it('has a hash of crypt, and an error that says what to do', () => {
      expect(refusal('spuser:abJnggxhB/yWI')).to.equal(
        '1: the hash of "spuser" is a traditional crypt hash, which is not safe: make a new one with sspd --hash-password',
      );
    });

    for (const [what, text] of [
      ['nothing', ''],
      ['the password itself', 'secret'],
      ['a hash of another kind', '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy'],
      ['no cost', `$scrypt$ln=0,r=8,p=1$${SALT}$${KEY}`],
      ['a cost of gigabytes', `$scrypt$ln=18,r=8,p=1$${SALT}$${KEY}`],
      ['a cost that scrypt does not take', `$scrypt$ln=16,r=1,p=1$${SALT}$${KEY}`],
      ['no block size', `$scrypt$ln=14,r=0,p=1$${SALT}$${KEY}`],
      ['blocks that are too large', `$scrypt$ln=14,r=33,p=1$${SALT}$${KEY}`],
      ['no lane', `$scrypt$ln=14,r=8,p=0$${SALT}$${KEY}`],
      ['too many lanes', `$scrypt$ln=14,r=8,p=17$${SALT}$${KEY}`],
      ['a short salt', `$scrypt$ln=14,r=8,p=1$abc$${KEY}`],
      ['a short key', `$scrypt$ln=14,r=8,p=1$${SALT}$abc`],
      ['something behind it', `$scrypt$ln=14,r=8,p=1$${SALT}$${KEY}:x`],
    ] as const) {
      it(`has ${what} in place of a hash, and does not show it`, () => {
        expect(refusal(`alice:${text}`)).to.equal(
          '1: the hash of "alice" is not one that sspd --hash-password makes',
        );
      });
    }
  });
});
