/** IP addresses as data: which text is one, its one spelling, and what kind it is. */
import { isIP, SocketAddress } from 'node:net';

export type Family = 4 | 6;

/** The one spelling of an address, so that addresses compare as text; a zone (`%eth0`) is not part of it. */
export function canonicalAddress(text: string): string {
  const [address = ''] = text.split('%');
  return isIP(address) === 6 ? new SocketAddress({ address, family: 'ipv6' }).address : address;
}

export const familyOf = (address: string): Family | undefined => {
  const family = isIP(address);
  return family === 4 || family === 6 ? family : undefined;
};

/** Expects the canonical spelling: 224.0.0.0/4 and ff00::/8. */
export const isMulticast = (address: string): boolean =>
  address.includes(':') ? /^ff[0-9a-f]{2}:/.test(address) : /^2(2[4-9]|3\d)\./.test(address);

/** Expects the canonical spelling. */
export const isUnspecified = (address: string): boolean =>
  address === unspecified[4] || address === unspecified[6];

/** What a listener binds to that takes connections on every interface. */
export const unspecified: Readonly<Record<Family, string>> = { 4: '0.0.0.0', 6: '::' };

/** A word that was meant as an IPv4 address, with or without a port, right or wrong. */
export const looksLikeIPv4 = (word: string): boolean => /^\d+(\.\d+){3}([:;].*)?$/s.test(word);
