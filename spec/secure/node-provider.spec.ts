/** Suite 1 by node:crypto, beside its vectors: keys as they come. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { nodeProvider } from '../../lib/secure/node-provider.js';

describe('the provider on node:crypto', () => {
  it('does not take the bytes of a key for those that a buffer held before', () => {
    const bytes = Buffer.from('what was signed');
    const [a, b] = [nodeProvider.signer(), nodeProvider.signer()];
    const shared = Buffer.from(nodeProvider.publicKey(a));
    expect(nodeProvider.verify(shared, bytes, nodeProvider.sign(a, bytes))).to.equal(true);
    shared.set(nodeProvider.publicKey(b));
    expect(nodeProvider.verify(shared, bytes, nodeProvider.sign(a, bytes))).to.equal(false);
    expect(nodeProvider.verify(shared, bytes, nodeProvider.sign(b, bytes))).to.equal(true);
  });

  it('refuses a key of another length', () => {
    const bytes = Buffer.from('what was signed');
    const signature = nodeProvider.sign(nodeProvider.signer(), bytes);
    for (const length of [0, 31, 33])
      expect(nodeProvider.verify(new Uint8Array(length), bytes, signature)).to.equal(false);
    for (const length of [0, 31, 33])
      expect(nodeProvider.dh(nodeProvider.ephemeral(), new Uint8Array(length).fill(9))).to.equal(null);
  });
});
