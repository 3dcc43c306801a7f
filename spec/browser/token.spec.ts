import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { SessionChangedError } from '../../lib/browser/errors.js';
import { Token } from '../../lib/browser/token.js';
import { failure } from '../support/failure.js';

const jwt = (claims: object): string =>
  ['{"alg":"HS256"}', JSON.stringify(claims), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');

describe('the token of a browser', () => {
  it('travels as a protocol of the WebSocket, in base64url', async () => {
    for (const token of ['', 'a', 'secret of bob', jwt({ sub: 'bob' }), 'ä€😀', '??>>~~']) {
      const [version, bearer = '', ...others] = await new Token(token).protocols();
      expect([version, others]).to.deep.equal(['ssp.v1', []]);
      const [, encoded = ''] = /^ssp\.bearer\.([\w-]*)$/.exec(bearer) ?? [];
      expect(Buffer.from(encoded, 'base64url').toString()).to.equal(token);
    }
    expect(await new Token(undefined).protocols()).to.deep.equal(['ssp.v1']);
  });

  it('is asked for with each attempt', async () => {
    let asked = 0;
    const token = new Token(() => Promise.resolve(`t${++asked}`));
    const protocols = [await token.protocols(), await token.protocols()];
    const expected = ['t1', 't2'].map((text) => `ssp.bearer.${Buffer.from(text).toString('base64url')}`);
    expect(protocols.map(([, bearer]) => bearer)).to.deep.equal(expected);
    expect([token.isRenewable, new Token('x').isRenewable]).to.deep.equal([true, false]);
  });

  it('must be for the same subject, as far as it says for whom it is', async () => {
    const tokens = [
      'opaque',
      jwt({ sub: 'bob', exp: 1 }),
      'a.%%%.c',
      jwt({}),
      jwt({ sub: 7 }),
      jwt({ sub: 'bob' }),
    ];
    const token = new Token(() => tokens.shift() ?? jwt({ sub: 'eve' }));
    for (let i = 0; i < 6; i++) await token.protocols();
    const error = await failure(token.protocols());
    expect(error).to.be.instanceOf(SessionChangedError);
    expect(error).to.include({ code: 'ERR_SSP_SESSION_CHANGED', before: 'bob', now: 'eve' });
    expect(error.message).to.equal('expected a token for "bob", got one for "eve"');
  });

  it('is for one subject for certain as long as it is the same text, or says so', async () => {
    const sure = async (...texts: readonly string[]): Promise<boolean> => {
      const rest = [...texts];
      const token = new Token(() => rest.shift() ?? '');
      for (const _ of texts) await token.protocols();
      return token.isSure;
    };
    expect(await sure('a', 'a')).to.equal(true);
    expect(await sure(jwt({ sub: 'bob', exp: 1 }), jwt({ sub: 'bob', exp: 2 }))).to.equal(true);
    expect(await sure('a', 'b', 'a')).to.equal(false);
    expect(await sure('a', jwt({ sub: 'bob' }))).to.equal(false);
    expect(await sure(jwt({ sub: 'bob' }), 'a')).to.equal(false);
  });

  it('is not there where the function fails', async () => {
    const token = new Token(() => Promise.reject(new Error('signed out')));
    expect((await failure(token.protocols())).message).to.equal('signed out');
  });
});
