/**
 * The method IP: who may connect, by address [daemon 4.6]. One rule a line: `unix` (the local socket),
 * `local` (127.0.0.0/8 and ::1), an address, or `address/prefix` with its host bits zero; IPv4 or IPv6. Blank lines and
 * lines that begin with `#` say nothing. Whoever no rule names is refused.
 */
import { BlockList, isIP, isIPv4 } from 'node:net';
import { AccessFileError, entriesOf } from './lines.js';

/** How a client came in: over the local socket, or from this address. */
export type Origin = { readonly unix: true } | { readonly unix: false; readonly address: string };

const IPV4_BITS = 32;
const IPV6_BITS = 128;

export class IpRules {
  /** Apart, because one list matches IPv4 addresses against IPv6 networks too: `::/0` would let everybody in. */
  private readonly lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  private unix = false;

  /** @throws AccessFileError for the first line that is not a rule; Spread 5.0.1 stops reading there and says nothing */
  static parse(text: string, file: string): IpRules {
    const rules = new IpRules();
    for (const { text: rule, line } of entriesOf(text)) {
      const problem = rules.add(rule);
      if (problem !== null) throw new AccessFileError(problem, file, line);
    }
    return rules;
  }

  allows(origin: Origin): boolean {
    if (origin.unix) return this.unix;
    // An IPv4 client at an IPv6 listener is an IPv4 client.
    const address = origin.address.replace(/^::ffff:(?=\d+\.)/i, '');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    return this.lists[family].check(address, family);
  }

  /** Returns what is wrong with the rule, or null. */
  private add(rule: string): string | null {
    if (rule === 'unix') {
      this.unix = true;
      return null;
    }
    if (rule === 'local') {
      this.lists.ipv4.addSubnet('127.0.0.0', 8, 'ipv4');
      this.lists.ipv6.addAddress('::1', 'ipv6');
      return null;
    }
    const [address = '', prefix, ...more] = rule.split('/');
    // A zone (`%eth0`) says where an address is reached, not whose it is.
    const family = address.includes('%') || more.length > 0 ? 0 : isIP(address);
    if (family === 0) return `expected unix, local, an address or address/prefix, got "${rule}"`;
    const bits = family === 4 ? IPV4_BITS : IPV6_BITS;
    if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits)) {
      return `"${rule}": expected a prefix from 0 to ${bits}`;
    }
    const length = prefix === undefined ? bits : Number(prefix);
    if (!hostBitsAreZero(address, bits, length)) return `"${rule}": the bits after the prefix must be zero`;
    if (family === 4) this.lists.ipv4.addSubnet(address, length, 'ipv4');
    else this.lists.ipv6.addSubnet(address, length, 'ipv6');
    return null;
  }
}

/** Whether the address is the first of its network: an address one below it is outside. */
function hostBitsAreZero(address: string, bits: number, prefix: number): boolean {
  const value = numberOf(address, bits);
  return value % (1n << BigInt(bits - prefix)) === 0n;
}

function numberOf(address: string, bits: number): bigint {
  if (bits === IPV4_BITS) return address.split('.').reduce((sum, byte) => (sum << 8n) + BigInt(byte), 0n);
  // The URL parser writes an IPv6 address in its one canonical form, the IPv4 tail as words.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const words = (part: string | undefined): string[] => (part ? part.split(':') : []);
  const zeros = tail === undefined ? 0 : 8 - words(head).length - words(tail).length;
  const all = [...words(head), ...Array.from({ length: zeros }, () => '0'), ...words(tail)];
  return all.reduce((sum, word) => (sum << 16n) + BigInt(`0x${word}`), 0n);
}
