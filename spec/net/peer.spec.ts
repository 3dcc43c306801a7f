import { expect } from 'chai';
import { addressKey } from '../../daemon/net/peer.js';

const keyOf = (remoteAddress: string | undefined): string => addressKey({ remoteAddress });

describe('session: whom a connection counts for', () => {
  for (const [address, key] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['2001:db8::3:4:5:6', '2001:db8:0:0::/64'],
    ['2001::2:3:4:5:6', '2001:0:0:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    [undefined, 'unix'],
  ] as const) {
    it(`${address ?? 'the local socket'}: ${key}`, () => {
      expect(keyOf(address)).to.equal(key);
    });
  }
});
