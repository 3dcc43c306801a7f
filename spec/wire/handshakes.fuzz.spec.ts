/** Whatever bytes come in a handshake: an answer, the same at every cut, and little memory. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import * as fc from 'fast-check';
import {
  CHOICE_BYTES,
  nullAuthenticator,
  passwordAuthenticator,
} from '../../lib/wire/handshake/authentication.js';
import { ClientHandshake, type ClientHandshakeOptions } from '../../lib/wire/handshake/client-handshake.js';
import { type HandshakePolicy, ServerHandshake } from '../../lib/wire/handshake/server-handshake.js';
import { MAX_AUTH_LIST } from '../../lib/wire/limits.js';
import { bytes, damaged, fractions, positions, stream } from './arbitraries.js';
import { clientHears, cutAt, daemonHears, inPieces } from './handshake-pair.js';

const policy: fc.Arbitrary<HandshakePolicy> = fc
  .record({
    allowed: fc.subarray(['NULL', 'IP', 'PWORD']),
    required: fc.subarray(['IP']),
    refusal: fc.constantFrom(null, null, null, -6, -3),
    failing: fc.subarray(['NULL', 'IP']),
  })
  .map(({ allowed, required, refusal, failing }) => ({
    allowed,
    required,
    reserve: ({ name }) => refusal ?? `#${name}#dmn1`,
    passes: (method) => !failing.includes(method),
  }));

const options: fc.Arbitrary<ClientHandshakeOptions> = fc.record({
  name: fc.string({ maxLength: 20 }),
  membership: fc.boolean(),
  priority: fc.integer({ min: -1, max: 2 }),
  authenticators: fc.constantFrom(
    [nullAuthenticator],
    [passwordAuthenticator('spuser', 'secret')],
    [nullAuthenticator, passwordAuthenticator('spuser', 'secret')],
  ),
});

const input = (dir: 'c2d' | 'd2c'): fc.Arbitrary<Buffer> =>
  fc.oneof(
    { weight: 1, arbitrary: bytes(200) },
    { weight: 2, arbitrary: stream(dir) },
    { weight: 4, arbitrary: damaged(stream(dir).map((whole) => whole.subarray(0, 150))) },
  );

/** Bytes that a handshake keeps. */
const held = (handshake: ServerHandshake | ClientHandshake): number => {
  const kept: unknown = Reflect.get(handshake, 'bytes');
  if (!Buffer.isBuffer(kept)) throw new Error('the handshake keeps its bytes elsewhere now');
  return kept.length;
};

describe('wire: handshakes with damaged bytes', () => {
  it('say the same to a client at every cut', () => {
    fc.assert(
      fc.property(policy, input('c2d'), fractions, (each, whole, cuts) => {
        const pieces = cutAt(whole, positions(whole.length, cuts));
        expect(daemonHears(each, pieces)).to.deep.equal(daemonHears(each, [whole]));
      }),
      { numRuns: 5000 },
    );
  });

  it('say the same to a daemon at every cut', () => {
    fc.assert(
      fc.property(options, input('d2c'), fractions, (each, whole, cuts) => {
        const pieces = cutAt(whole, positions(whole.length, cuts));
        const [cut, uncut] = [clientHears(each, pieces), clientHears(each, [whole])];
        // Nothing is written along with a refusal, so it depends on the cut what was written before it.
        expect(typeof uncut.outcome === 'number' ? { ...cut, written: uncut.written } : cut).to.deep.equal(
          uncut,
        );
      }),
      { numRuns: 5000 },
    );
  });

  it('hold less than a choice at the daemon', () => {
    fc.assert(
      fc.property(policy, input('c2d'), fc.integer({ min: 1, max: 40 }), (each, whole, size) => {
        const handshake = new ServerHandshake(each);
        for (const piece of inPieces(whole, size)) {
          if (handshake.push(piece).kind !== 'more') return;
          expect(held(handshake)).to.be.below(CHOICE_BYTES);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('hold no more than a list at the client', () => {
    fc.assert(
      fc.property(options, input('d2c'), fc.integer({ min: 1, max: 40 }), (each, whole, size) => {
        const handshake = new ClientHandshake(each);
        for (const piece of inPieces(whole, size)) {
          if (handshake.push(piece).kind !== 'more') return;
          expect(held(handshake)).to.be.at.most(MAX_AUTH_LIST);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('end with a code of one signed byte or a private group', () => {
    fc.assert(
      fc.property(options, input('d2c'), (each, whole) => {
        const { outcome } = clientHears(each, [whole]);
        if (typeof outcome === 'number') expect(outcome).to.be.within(-128, 127).and.not.equal(1);
        else if (outcome !== null) expect(outcome.length).to.be.at.most(31);
      }),
      { numRuns: 1000 },
    );
  });
});
