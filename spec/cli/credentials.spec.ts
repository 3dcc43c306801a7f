import { expect } from 'chai';
import { credentials } from '../../lib/cli/session.js';

describe('credentials of a command', () => {
  it('come from the environment', () => {
    const environment = { SSP_USER: 'alice', SSP_PASSWORD: 'secret' };
    expect(credentials(environment)).to.deep.equal({ user: 'alice', password: 'secret' });
  });

  it('are none without a user', () => {
    expect(credentials({ SSP_PASSWORD: 'secret' })).to.equal(undefined);
    expect(credentials({ SSP_USER: '' })).to.equal(undefined);
  });
});
