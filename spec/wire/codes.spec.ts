import { expect } from 'chai';
import { codeName, codeText } from '../../lib/wire/call-texts.js';
import * as codes from '../../lib/wire/codes.js';

/** [session 7.1] and [receive 1]. */
const table = {
  ACCEPT_SESSION: 1,
  ILLEGAL_SPREAD: -1,
  COULD_NOT_CONNECT: -2,
  REJECT_QUOTA: -3,
  REJECT_NO_NAME: -4,
  REJECT_ILLEGAL_NAME: -5,
  REJECT_NOT_UNIQUE: -6,
  REJECT_VERSION: -7,
  CONNECTION_CLOSED: -8,
  REJECT_AUTH: -9,
  ILLEGAL_SESSION: -11,
  ILLEGAL_SERVICE: -12,
  ILLEGAL_MESSAGE: -13,
  ILLEGAL_GROUP: -14,
  BUFFER_TOO_SHORT: -15,
  GROUPS_TOO_SHORT: -16,
  MESSAGE_TOO_LONG: -17,
  NET_ERROR_ON_SESSION: -18,
  SP_BUG: -19,
  ILLEGAL_TIME: -20,
  ILLEGAL_PARAM: -24,
  WOULD_BLOCK: -25,
  ILLEGAL_MESSAGE_TYPE: -26,
  ILLEGAL_STATE: -27,
  ILLEGAL_RECEIVERS: -28,
  DECRYPT_FAILED: -50,
  ENCRYPT_FAILED: -51,
  GROUP_NOT_SECURE: -52,
  ENCRYPTION_NOT_SUPPORTED: -53,
  KEY_AGR_NOT_SUPPORTED: -54,
  FLUSH_OK_ALREADY_SENT: -55,
  NOT_ALLOWED_TO_SEND: -56,
  INVALID_PARAM: -57,
  PERMISSION_DENIED: -60,
  TOO_MANY_GROUPS: -61,
  TOO_MANY_MEMBERS: -62,
} as const;

describe('wire: codes', () => {
  it('have the documented numbers and no others', () => {
    const numbers = Object.entries(codes).filter(([, value]) => typeof value === 'number');
    expect(Object.fromEntries(numbers)).to.deep.equal(table);
  });

  for (const [name, code] of Object.entries(table)) {
    it(`call ${code} by its name ${name}`, () => {
      expect(codeName(code)).to.equal(name);
      if (code > -50 && code !== codes.SP_BUG) expect(codes.codeName(code)).to.equal(name);
    });
  }

  it('have each a text of their own', () => {
    const texts = Object.values(table).map((code) => codeText(code));
    expect(new Set(texts).size).to.equal(texts.length);
    expect(texts).to.not.include(codeText(0));
  });

  it('give an unknown number a name that shows it', () => {
    for (const nameOf of [codeName, codes.codeName]) expect(nameOf(-10)).to.equal('UNKNOWN(-10)');
  });

  it('say of an unknown number that it is unknown', () => {
    for (const textOf of [codeText, codes.codeText]) expect(textOf(-10)).to.equal('unknown result');
  });
});
