import { expect } from 'chai';
import * as errors from '../../lib/errors.js';
import * as codes from '../../lib/wire/codes.js';

const all: readonly (readonly [number, new (detail?: string) => errors.SspError])[] = [
  [codes.REJECT_QUOTA, errors.QuotaError],
  [codes.REJECT_NO_NAME, errors.NoNameError],
  [codes.REJECT_ILLEGAL_NAME, errors.IllegalNameError],
  [codes.REJECT_NOT_UNIQUE, errors.NotUniqueError],
  [codes.REJECT_VERSION, errors.VersionError],
  [codes.REJECT_AUTH, errors.AuthError],
  [codes.ILLEGAL_SPREAD, errors.IllegalAddressError],
  [codes.COULD_NOT_CONNECT, errors.CouldNotConnectError],
  [codes.CONNECTION_CLOSED, errors.ConnectionClosedError],
  [codes.ILLEGAL_SESSION, errors.IllegalSessionError],
  [codes.ILLEGAL_SERVICE, errors.IllegalServiceError],
  [codes.ILLEGAL_MESSAGE, errors.IllegalMessageError],
  [codes.ILLEGAL_GROUP, errors.IllegalGroupError],
  [codes.BUFFER_TOO_SHORT, errors.BufferTooShortError],
  [codes.GROUPS_TOO_SHORT, errors.GroupsTooShortError],
  [codes.MESSAGE_TOO_LONG, errors.MessageTooLongError],
  [codes.NET_ERROR_ON_SESSION, errors.NetworkError],
  [codes.ILLEGAL_TIME, errors.IllegalTimeError],
  [codes.ILLEGAL_PARAM, errors.IllegalParamError],
  [codes.WOULD_BLOCK, errors.WouldBlockError],
  [codes.ILLEGAL_MESSAGE_TYPE, errors.IllegalMessageTypeError],
];

describe('errors', () => {
  for (const [code, Class] of all) {
    it(`${codes.codeName(code)} is ${Class.name}`, () => {
      const error = errors.errorOf(code);
      expect(error).to.be.instanceOf(Class);
      expect(error).to.be.instanceOf(errors.SspError);
      expect([error.errno, error.name]).to.deep.equal([code, Class.name]);
      expect(error.message).to.contain(`(${codes.codeName(code)})`);
      expect(error instanceof errors.RejectedError).to.equal(codes.codeName(code).startsWith('REJECT'));
    });
  }

  it('tell what happened in words', () => {
    const cause = new Error('reset');
    const error = errors.errorOf(codes.CONNECTION_CLOSED, 'while joining "g"', { cause });
    expect(error.message).to.equal(
      'the connection to the daemon broke: while joining "g" (CONNECTION_CLOSED)',
    );
    expect(error.cause).to.equal(cause);
    expect(new errors.NotUniqueError().message).to.equal(
      'the name is in use at this daemon (REJECT_NOT_UNIQUE)',
    );
  });

  it('a code without a class of its own is an SspError', () => {
    const error = errors.errorOf(-99);
    expect([error.name, error.code, error.errno]).to.deep.equal(['SspError', 'ERR_SSP_RESULT', -99]);
    expect(error.message).to.equal('unknown result (UNKNOWN(-99))');
  });
});
