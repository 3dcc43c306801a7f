/** Identities from and to the forms in which keys are kept, and who may be in a group. */
import { Buffer } from 'node:buffer';
import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { IllegalParamError } from '../../lib/errors.js';
import { judgeOf, issueCertificate } from '../../lib/secure/authorize.js';
import { generateIdentity, importIdentity, importPublicKey } from '../../lib/secure/identity.js';
import { publicBytes } from '../../lib/secure/node-provider.js';
import { bytesOf, hexOf, vectors } from './vectors.js';

const request = { group: 'vault', member: '#bob#d1', credential: Buffer.alloc(0) };
const NEVER = { isAllowed: false, notAfter: Infinity };
const ALWAYS = { isAllowed: true, notAfter: Infinity };

describe('secure groups, identities', () => {
  const identity = generateIdentity();
  const raw = publicBytes(identity.publicKey);

  it('come back from PEM, JWK and key objects', () => {
    const { privateKey, publicKey } = identity;
    for (const key of [
      privateKey.export({ format: 'pem', type: 'pkcs8' }),
      privateKey.export({ format: 'jwk' }),
      privateKey,
    ])
      expect(hexOf(publicBytes(importIdentity(key as string).publicKey))).to.equal(hexOf(raw));
    for (const key of [
      publicKey,
      publicKey.export({ format: 'pem', type: 'spki' }),
      publicKey.export({ format: 'jwk' }),
      raw,
      hexOf(raw),
      privateKey,
    ])
      expect(hexOf(importPublicKey(key))).to.equal(hexOf(raw));
  });

  it('differ', () => {
    expect(hexOf(publicBytes(generateIdentity().publicKey))).to.not.equal(hexOf(raw));
  });

  it('are Ed25519 keys and nothing else', () => {
    const other = generateKeyPairSync('x25519');
    for (const key of [other.privateKey, identity.publicKey, 'no key', { kty: 'OKP' }])
      expect(() => importIdentity(key), JSON.stringify(key)).to.throw(
        IllegalParamError,
        /private Ed25519 key, got /,
      );
    expect(() => importPublicKey(other.publicKey)).to.throw(
      IllegalParamError,
      /got a public key of type x25519/,
    );
    expect(() => importPublicKey('-----BEGIN')).to.throw(
      IllegalParamError,
      /expected an Ed25519 public key, got/,
    );
    expect(() => importPublicKey(Buffer.alloc(31))).to.throw(IllegalParamError, /32 bytes, got 31/);
  });

  it('are no points of small order, in any form', () => {
    for (const hex of [...vectors.points.smallOrderEd25519, ...vectors.points.notBelowP]) {
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytesOf(hex).toString('base64url') };
      for (const key of [hex, bytesOf(hex), jwk])
        expect(() => importPublicKey(key), hex).to.throw(IllegalParamError, /of small order/);
      expect(() => judgeOf({ authority: hex }), hex).to.throw(IllegalParamError);
      expect(() => judgeOf({ allow: [{ identity: hex, anyName: true }] }), hex).to.throw(IllegalParamError);
    }
  });
});

describe('secure groups, authorisation', () => {
  const bob = publicBytes(generateIdentity().publicKey);
  const eve = publicBytes(generateIdentity().publicKey);

  it('has no default, and one source', () => {
    expect(() => judgeOf({})).to.throw(IllegalParamError, /one of authorize, allow and authority, got 0/);
    expect(() => judgeOf({ allow: [], authority: bob })).to.throw(IllegalParamError, /got 2/);
  });

  it('asks a function', async () => {
    const sure = judgeOf({ authorize: ({ member, identity }) => member === '#bob#d1' && identity === bob });
    expect(sure({ ...request, identity: bob })).to.deep.equal(ALWAYS);
    expect(sure({ ...request, identity: eve })).to.deep.equal(NEVER);
    const slow = judgeOf({ authorize: ({ group }) => Promise.resolve(group === 'vault') });
    expect(await slow({ ...request, identity: bob })).to.deep.equal(ALWAYS);
    expect(await slow({ ...request, group: 'g', identity: bob })).to.deep.equal(NEVER);
  });

  it('looks names and keys up in a list', () => {
    const judge = judgeOf({
      allow: [
        { identity: bob, name: 'bob' },
        { identity: eve, anyName: true },
      ],
    });
    const ask = (member: string, identity: Uint8Array): unknown => judge({ ...request, member, identity });
    expect(ask('#bob#d1', bob)).to.deep.equal(ALWAYS);
    expect(ask('#bob#d2', bob)).to.deep.equal(ALWAYS);
    expect(ask('#carl#d1', bob)).to.deep.equal(NEVER);
    expect(ask('#carl#d1', eve)).to.deep.equal(ALWAYS);
    expect(ask('bob', bob)).to.deep.equal(NEVER);
    expect(() => judgeOf({ allow: [{ identity: bob, name: 'elevenbytes' }] })).to.throw(
      IllegalParamError,
      /1 to 10 characters, got "elevenbytes"/,
    );
  });

  it('accepts the certificates of an authority', () => {
    const authority = generateIdentity();
    const judge = judgeOf({ authority: authority.publicKey });
    const notAfter = new Date('2030-01-01T00:00:00Z');
    const ask = (credential: Uint8Array, member = '#bob#d1'): unknown =>
      judge({ ...request, member, identity: bob, credential });
    const until = { isAllowed: true, notAfter: notAfter.getTime() / 1000 };
    expect(ask(issueCertificate(authority, { identity: bob, notAfter }))).to.deep.equal(until);
    const named = issueCertificate(authority, { identity: bob, name: 'bob', group: 'vault', notAfter });
    expect(ask(named)).to.deep.equal(until);
    expect(ask(named, '#carl#d1')).to.deep.equal(NEVER);
    expect(ask(issueCertificate(authority, { identity: bob, group: 'other', notAfter }))).to.deep.equal(
      NEVER,
    );
    expect(ask(issueCertificate(authority, { identity: eve, notAfter }))).to.deep.equal(NEVER);
    expect(ask(issueCertificate(generateIdentity(), { identity: bob, notAfter }))).to.deep.equal(NEVER);
    expect(() => issueCertificate(authority, { identity: bob, notAfter: new Date(NaN) })).to.throw(
      IllegalParamError,
      /a date since 1970/,
    );
  });
});
