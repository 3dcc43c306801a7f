/** Memory that frames are copied into: when it is used again. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { release, share, SLAB_BYTES, takeSlab } from '../../lib/mailbox/slabs.js';

/** Most slabs that wait to be used again. */
const LIMIT = 64;

/** Takes all slabs that wait to be used again. @returns whether this was one of them */
const isFree = (slab: Buffer): boolean =>
  Array.from({ length: LIMIT }, () => takeSlab()).some(({ buffer }) => buffer === slab.buffer);

describe('slabs', () => {
  it('are used again when whoever fills one has done so, and every part is released', () => {
    const slab = takeSlab();
    const parts = [slab.subarray(0, 10), slab.subarray(10, SLAB_BYTES)];
    for (const part of parts) share(part);
    expect(isFree(slab)).to.equal(false);
    release(slab);
    expect(isFree(slab)).to.equal(false);
    release(parts[1] as Buffer);
    expect(isFree(slab)).to.equal(false);
    release(parts[0] as Buffer);
    expect(isFree(slab)).to.equal(true);
  });

  it('are not used again while one is being filled', () => {
    const slab = takeSlab();
    const part = slab.subarray(0, 10);
    share(part);
    release(part);
    expect(isFree(slab)).to.equal(false);
    release(slab);
  });

  it('are whole when they come again', () => {
    const slab = takeSlab();
    const part = slab.subarray(5, 10);
    share(part);
    release(slab);
    release(part);
    const again = takeSlab();
    expect([again.buffer === slab.buffer, again.byteOffset, again.length]).to.deep.equal([
      true,
      0,
      SLAB_BYTES,
    ]);
    release(again);
  });

  it('are never of other memory', () => {
    const other = Buffer.allocUnsafeSlow(SLAB_BYTES);
    share(other);
    release(other);
    release(other);
    expect(isFree(other)).to.equal(false);
  });

  it('wait to be used again up to a limit', () => {
    const taken = Array.from({ length: 200 }, () => takeSlab());
    for (const each of taken) release(each);
    const before = new Set<unknown>(taken.map(({ buffer }) => buffer));
    const next = Array.from({ length: 200 }, () => takeSlab());
    expect(next.filter(({ buffer }) => before.has(buffer))).to.have.length(LIMIT);
    for (const each of next) release(each);
  });
});
