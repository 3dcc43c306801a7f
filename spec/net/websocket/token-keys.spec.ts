/** Tokens: vectors made by hand, of every kind of key, and what is refused. */
import { Buffer } from 'node:buffer';
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { ListenError } from '../../../daemon/net/tcp-address.js';
import { TokenFault, TokenKeys } from '../../../daemon/net/websocket/token-keys.js';
import { TemporaryDirectory } from '../../support/temporary.js';
import { claims, inSeconds, keyToken, SECRET, secretToken, unsignedToken } from '../../support/web-tokens.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }) as string;
const jwk = (key: KeyObject, more: object = {}): object => ({ ...key.export({ format: 'jwk' }), ...more });

interface Files {
  readonly secrets?: string;
  readonly keys?: string;
  readonly audience?: string | null;
}

async function load({ secrets, keys, audience = null }: Files): Promise<TokenKeys> {
  await using folder = await TemporaryDirectory.make();
  const secretFile = secrets === undefined ? null : folder.file('secrets');
  const keyFile = keys === undefined ? null : folder.file('keys');
  if (secretFile !== null) await writeFile(secretFile, secrets as string);
  if (keyFile !== null) await writeFile(keyFile, keys as string);
  return (await TokenKeys.load({ secretFile, keyFile, audience })) as TokenKeys;
}

const verify = async (keys: TokenKeys, token: string): Promise<string> => {
  const found = await keys.verify(token, Date.now());
  return found instanceof TokenFault ? `${found.reason}: ${found.text}` : found.sub;
};

const secrets = SECRET.toString('base64url');

describe('WebSocket: tokens', () => {
  it('are not known without files', async () => {
    expect(await TokenKeys.load({ secretFile: null, keyFile: null, audience: null })).to.equal(null);
  });

  it('of the example of RFC 7515 A.1 are verified, and long over', async () => {
    const key = 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow';
    const token =
      'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
    const keys = await load({ secrets: key });
    // It has no subject, and its end is in 2011.
    expect(await verify(keys, token)).to.match(/^(?:token: the claim "sub"|expired)/);
    expect(await verify(keys, `${token.slice(0, -2)}AA`)).to.equal(
      'token: the signature of the token is wrong',
    );
  });

  it('say who the client is, with its roles', async () => {
    const keys = await load({ secrets });
    const found = await keys.verify(secretToken(claims({ roles: ['desk', 'night'] })), Date.now());
    expect(found).to.deep.include({ sub: 'anna', roles: ['desk', 'night'] });
  });

  for (const [alg, pair] of [
    ['RS256', rsa],
    ['ES256', ec],
    ['EdDSA', ed],
  ] as const) {
    it(`are signed with ${alg}, the key in PEM or in a set`, async () => {
      const token = keyToken(claims(), alg, pair.privateKey);
      expect(await verify(await load({ keys: pem(pair.publicKey) }), token)).to.equal('anna');
      const set = { keys: [jwk(ed.publicKey, { use: 'enc' }), jwk(pair.publicKey, { kid: 'k1' })] };
      const keys = await load({ keys: JSON.stringify(set) });
      expect(await verify(keys, keyToken(claims(), alg, pair.privateKey, 'k1'))).to.equal('anna');
      expect(await verify(keys, keyToken(claims(), alg, pair.privateKey, 'k2'))).to.match(
        /^token: .*not known/,
      );
    });
  }

  it('are tried with each secret, so secrets can be exchanged', async () => {
    const keys = await load({
      secrets: `# old\n${Buffer.alloc(32, 'o').toString('base64url')}\n\n${secrets}\n`,
    });
    expect(await verify(keys, secretToken(claims()))).to.equal('anna');
    expect(await verify(keys, secretToken(claims(), {}, Buffer.alloc(32, 'o')))).to.equal('anna');
    expect(await verify(keys, secretToken(claims(), {}, Buffer.alloc(32, 'x')))).to.match(/signature/);
  });

  it('name the secret that they are signed with', async () => {
    const other = Buffer.alloc(32, 'o');
    const keys = await load({ secrets: `one ${secrets}\ntwo ${other.toString('base64url')}` });
    expect(await verify(keys, secretToken(claims(), { kid: 'one' }))).to.equal('anna');
    expect(await verify(keys, secretToken(claims(), { kid: 'two' }, other))).to.equal('anna');
    expect(await verify(keys, secretToken(claims(), { kid: 'two' }))).to.match(/signature/);
    expect(await verify(keys, secretToken(claims(), { kid: 'three' }))).to.match(/not known/);
  });

  it('are never verified with a public key as a secret', async () => {
    const text = pem(rsa.publicKey);
    const keys = await load({ keys: text });
    for (const secret of [text, text.trim()]) {
      expect(await verify(keys, secretToken(claims(), {}, Buffer.from(secret)))).to.match(/not known/);
    }
  });

  it('are never verified without a signature', async () => {
    const keys = await load({ secrets, keys: pem(rsa.publicKey) });
    expect(await verify(keys, unsignedToken(claims()))).to.match(/not known/);
    const [head, body] = secretToken(claims()).split('.');
    expect(await verify(keys, `${head}.${body}.`)).to.match(/^token: /);
  });

  it('are not signed with a longer hash than HS256', async () => {
    const keys = await load({ secrets });
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ alg: 'HS512' })}.${part(claims())}`;
    const token = `${signed}.${createHmac('sha512', SECRET).update(signed).digest('base64url')}`;
    expect(await verify(keys, token)).to.match(/not known/);
  });

  for (const [what, payload, words] of [
    ['without an end', { sub: 'anna' }, /^token: the claim "exp"/],
    ['with an end that is a text', { sub: 'anna', exp: '9999999999' }, /^token: the claim "exp"/],
    ['without a subject', { exp: inSeconds(60) }, /^token: the claim "sub"/],
    ['with an empty subject', claims({ sub: '' }), /^token: expected a subject/],
    ['with a subject of 129 bytes', claims({ sub: 'x'.repeat(129) }), /^token: expected a subject/],
    ['with a subject that is a number', claims({ sub: 5 }), /^token: /],
    ['that ended 31 seconds ago', claims({ exp: inSeconds(-31) }), /^expired: /],
    ['that begins in an hour', claims({ nbf: inSeconds(3600) }), /^token: the claim "nbf"/],
    ['with roles that are one text', claims({ roles: 'desk' }), /^token: expected at most 64 texts/],
    ['with a role that is a number', claims({ roles: [5] }), /^token: expected at most 64 texts/],
  ] as const) {
    it(`are refused ${what}`, async () => {
      expect(await verify(await load({ secrets }), secretToken(payload))).to.match(words);
    });
  }

  it('are accepted with clocks that differ by less than 30 seconds', async () => {
    const keys = await load({ secrets });
    expect(await verify(keys, secretToken(claims({ exp: inSeconds(-25) })))).to.equal('anna');
    expect(await verify(keys, secretToken(claims({ nbf: inSeconds(25) })))).to.equal('anna');
  });

  it('have the audience that is asked for', async () => {
    const keys = await load({ secrets, audience: 'chat' });
    expect(await verify(keys, secretToken(claims({ aud: 'chat' })))).to.equal('anna');
    expect(await verify(keys, secretToken(claims({ aud: ['mail', 'chat'] })))).to.equal('anna');
    expect(await verify(keys, secretToken(claims({ aud: 'mail' })))).to.match(/the claim "aud"/);
    expect(await verify(keys, secretToken(claims()))).to.match(/the claim "aud"/);
  });

  for (const token of ['', 'x', 'a.b', 'a.b.c', '..', secretToken(claims()).replace('.', '..'), 'ä.ö.ü']) {
    it(`are not: ${JSON.stringify(token.slice(0, 20))}`, async () => {
      expect(await verify(await load({ secrets }), token)).to.match(/^token: /);
    });
  }
});

describe('WebSocket: files of keys', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
  const secret = jwk(rsa.privateKey);

  for (const [what, files, words] of [
    ['secrets: none', { secrets: '# nothing\n' }, /secrets contains no secret$/],
    ['secrets: three words', { secrets: 'a b c' }, /secrets:1: expected "secret", or "kid secret"$/],
    [
      'secrets: no base64url',
      { secrets: `\n${'+/'.repeat(30)}` },
      /secrets:2: expected a secret in base64url$/,
    ],
    ['secrets: 31 bytes', { secrets: Buffer.alloc(31).toString('base64url') }, /at least 32 bytes, got 31$/],
    ['keys: none', { keys: 'nothing' }, /keys contains no public key, neither PEM nor a JSON Web Key Set$/],
    ['keys: broken JSON', { keys: '{' }, /keys is neither PEM nor JSON$/],
    ['keys: no set', { keys: '{}' }, /keys is not a JSON Web Key Set/],
    ['keys: an empty set', { keys: '{"keys":[]}' }, /keys contains no public key/],
    ['keys: no objects', { keys: '{"keys":[5]}' }, /keys contains a key that is no object$/],
    ['keys: a secret', { keys: '{"keys":[{"kty":"oct","k":"AA"}]}' }, /belongs into WebSocketSecretFile$/],
    ['keys: damaged', { keys: '{"keys":[{"kty":"RSA","n":"AA"}]}' }, /keys contains a damaged key/],
    ['keys: a private one in a set', { keys: JSON.stringify({ keys: [secret] }) }, /contains a private key/],
    [
      'keys: a private one in PEM',
      { keys: rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string },
      /contains a private key/,
    ],
    ['keys: RSA of 1024 bits', { keys: pem(small) }, /an RSA key of 1024 bits: expected at least 2048$/],
    ['keys: another curve', { keys: pem(curve) }, /a key of the kind ec: expected RSA, P-256 or Ed25519$/],
  ] as const) {
    it(`are refused with one line: ${what}`, async () => {
      const error = await load(files).then(
        () => null,
        (refused: unknown) => refused,
      );
      expect(error).to.be.instanceOf(ListenError);
      expect((error as ListenError).message).to.match(words);
    });
  }

  it('must be there', async () => {
    const error = await TokenKeys.load({ secretFile: '/nowhere', keyFile: null, audience: null }).catch(
      (refused: unknown) => refused,
    );
    expect(String(error)).to.match(/\/nowhere cannot be read \(ENOENT\)/);
  });
});
