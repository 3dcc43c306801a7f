import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  AuthError,
  connect,
  ConnectionClosedError,
  type ConnectOptions,
  CouldNotConnectError,
  IllegalAddressError,
  IllegalNameError,
  IllegalParamError,
  NoNameError,
  NotUniqueError,
  QuotaError,
  RejectedError,
  SspError,
  VersionError,
} from '../../lib/index.js';
import { FakeDaemon } from '../support/fake-daemon.js';
import { ClientWorld, failure, withSilence } from './support.js';

describe('connect', () => {
  describe('throws', () => {
    const options: readonly (readonly [what: string, options: unknown, says: string])[] = [
      ['an address that is no text', { address: 4803 }, 'address'],
      ['a name that is no text', { name: 7 }, 'name'],
      ['a negative timeout', { timeoutMs: -1 }, 'timeout'],
      ['a time of silence below a second', { silenceTimeoutMs: 999 }, 'silenceTimeoutMs'],
      ['a time of silence that no timer holds', { silenceTimeoutMs: 2 ** 31 }, 'silenceTimeoutMs'],
      ['a timeout that is no number', { timeoutMs: Number.NaN }, 'timeoutMs'],
      ['a signal that is none', { signal: {} }, 'signal'],
      ['an option that is unknown', { adress: '4803@localhost' }, 'adress'],
      ['options that are none', '4803@localhost', 'object'],
      ['null', null, 'object'],
    ];
    for (const [what, value, says] of options) {
      it(`IllegalParamError for ${what}`, async () => {
        const error = await failure(connect(value as ConnectOptions));
        expect(error).to.be.instanceOf(IllegalParamError);
        expect(error.errno).to.equal(-24);
        expect(error.message).to.contain(says);
      });
    }

    for (const name of ['elevenchars', 'a b', 'a#b', 'é']) {
      it(`IllegalNameError for the name "${name}", without asking the daemon`, async () => {
        const error = await failure(connect({ address: '1@127.0.0.1', name }));
        expect(error).to.be.instanceOf(IllegalNameError).and.instanceOf(RejectedError);
        expect(error.errno).to.equal(-5);
      });
    }

    for (const address of ['nonsense', '70000@127.0.0.1', '4803@', '@host']) {
      it(`IllegalAddressError for "${address}"`, async () => {
        const error = await failure(connect({ address }));
        expect(error).to.be.instanceOf(IllegalAddressError);
        expect([error.errno, error.message.includes(address)]).to.deep.equal([-1, true]);
      });
    }

    it('CouldNotConnectError when nobody listens', async () => {
      const daemon = await FakeDaemon.start();
      const address = daemon.spreadName;
      await daemon.stop();
      const error = await failure(connect({ address }));
      expect(error).to.be.instanceOf(CouldNotConnectError);
      expect(error.message).to.contain(address).and.contain('COULD_NOT_CONNECT');
    });

    it('NotUniqueError for a name that is in use', async () => {
      await using world = await ClientWorld.start();
      await world.connect('a');
      const error = await failure(world.connect('a'));
      expect(error).to.be.instanceOf(NotUniqueError).and.instanceOf(RejectedError).and.instanceOf(SspError);
      expect([error.errno, error.name]).to.deep.equal([-6, 'NotUniqueError']);
    });

    it('QuotaError when the daemon is full', async () => {
      const limits = { maxSessions: 1 };
      await using world = await ClientWorld.start({ limits });
      await world.connect('a');
      expect(await failure(world.connect('b'))).to.be.instanceOf(QuotaError);
    });

    it('AuthError when the daemon offers no method that fits', async () => {
      await using world = await ClientWorld.start({ allowedAuthMethods: [] });
      expect(await failure(world.connect('a'))).to.be.instanceOf(AuthError);
    });

    const refusals = [
      [-3, QuotaError],
      [-4, NoNameError],
      [-5, IllegalNameError],
      [-6, NotUniqueError],
      [-7, VersionError],
      [-9, AuthError],
    ] as const;
    for (const [code, Class] of refusals) {
      it(`${Class.name} when the daemon answers ${code}`, async () => {
        const daemon = await FakeDaemon.start({ list: Buffer.from([256 + code]) });
        try {
          const error = await failure(connect({ address: daemon.spreadName, name: 'a' }));
          expect(error).to.be.instanceOf(Class).and.instanceOf(RejectedError);
          expect(error.errno).to.equal(code);
        } finally {
          await daemon.stop();
        }
      });
    }

    it('ConnectionClosedError when the handshake breaks off', async () => {
      await withSilence(async (address, daemon) => {
        const attempt = connect({ address });
        (await daemon.session()).end();
        const error = await failure(attempt);
        expect(error).to.be.instanceOf(ConnectionClosedError);
        expect(error.message).to.contain(address).and.not.contain('within');
      });
    });

    it('CouldNotConnectError that tells the limit when the time is up', async () => {
      await withSilence(async (address) => {
        const error = await failure(connect({ address, timeoutMs: 30 }));
        expect(error).to.be.instanceOf(CouldNotConnectError);
        expect(error.message).to.contain(`${address} did not accept within 30 ms`);
        expect(error.cause).to.include({ code: 'ETIMEDOUT' });
      });
    });

    for (const [wrong, text] of [
      [{ addresses: [] }, 'addresses must be a list of at least one address'],
      [{ addresses: '4803' }, 'addresses must be a list of at least one address'],
      [{ resume: 5 }, 'resume must be true, false or options'],
      [{ resume: { holdMs: -1 } }, 'holdMs must be a whole number of milliseconds from 0'],
      [{ resume: { holdMs: 0.5 } }, 'holdMs must be a whole number of milliseconds from 0'],
      [{ resume: { holdMs: 2 ** 32 } }, 'holdMs must be a whole number of milliseconds from 0'],
    ] as const) {
      it(`IllegalParamError that says "${text}" for ${JSON.stringify(wrong)}`, async () => {
        const error = await failure(connect(wrong as unknown as ConnectOptions));
        expect(error.message).to.equal(`illegal argument: ${text} (ILLEGAL_PARAM)`);
      });
    }

    it('IllegalParamError that says what was meant', async () => {
      for (const [given, text] of [
        [
          { adress: '4803@localhost' },
          /^illegal argument: unknown option "adress"; expected one of address, .*; did you mean "address"\? \(ILLEGAL_PARAM\)$/,
        ],
        [
          { tls: { servernam: 'x' } },
          /: tls: unknown option "servernam"; expected one of ca, cert, key, servername; did you mean "servername"\? /,
        ],
        [{ auth: { usr: 'x', password: 'y' } }, /: auth[.:]/],
        [
          { timeoutMs: -1 },
          /^illegal argument: timeoutMs must be a non-negative number of milliseconds \(ILLEGAL_PARAM\)$/,
        ],
      ] as const) {
        const { message } = await failure(connect(given as ConnectOptions));
        expect(message).to.match(text);
      }
    });
  });
});
