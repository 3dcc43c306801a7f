import { expect } from 'chai';
import * as limits from '../../lib/wire/limits.js';

describe('wire: limits', () => {
  it('are those of [session 1, 2, 4.6, 4.8] and [receive 1]', () => {
    expect(Object.fromEntries(Object.entries(limits))).to.include({
      DEFAULT_PORT: 4803,
      NAME_BYTES: 32,
      MAX_NAME_LENGTH: 31,
      MAX_PRIVATE_NAME: 10,
      MAX_DAEMON_NAME: 19,
      HEADER_BYTES: 48,
      MAX_GROUPS: 100,
      MAX_MESSAGE_BYTES: 144_000,
      MAX_REQUEST_BYTES: 143_952,
      MAX_PORTABLE_BYTES: 143_151,
      MAX_SSP_SCATTER_ELEMENTS: 99,
      MAX_CLIENT_SCATTER_ELEMENTS: 100,
      MAX_AUTH_NAME: 30,
      MAX_AUTH_METHODS: 3,
      MAX_AUTH_LIST: 90,
    });
  });

  it('let a view hold far more than the 150 members that were observed', () => {
    expect(limits.MAX_VIEW_MEMBERS).to.be.at.least(997 * 20);
  });

  it('let the largest view come with every member in a set of its own', () => {
    expect(limits.MAX_DELIVERY_DATA).to.equal(20 + limits.MAX_VIEW_MEMBERS * (4 + 32));
  });
});
