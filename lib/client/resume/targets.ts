/** The addresses of a connection that has several: what was given, and what names stand for. */
import { type Address, parseAddress, parseService } from '../../mailbox/address.js';
import { inOrderOfTrial, type Resolver } from '../../mailbox/resolver.js';
import type { WebAddress } from '../../mailbox/transport.js';
import type { Finder, Place } from './place.js';

/** @returns null for a text that is not an address */
export function placeOf(text: string): Place | null {
  const service = parseService(text);
  if (service !== null) return { key: text, text, address: null, service, isFinal: false };
  const address = parseAddress(text);
  if (address === null) return null;
  const isFinal = !isName(address);
  return { key: isFinal ? keyOf(address) : text, text, address, service: null, isFinal };
}

/**
 * The places that a daemon tells, as far as they are reached as that daemon is: a connection over TLS continues over TLS, and one
 * over a local socket needs another local one. What is not an address is left out.
 */
export function toldPlaces(texts: readonly string[], teller: Place): Place[] {
  const form = formOf(teller.address);
  return texts.flatMap((text) => {
    const place = placeOf(text);
    return place?.address && formOf(place.address) === form ? [place] : [];
  });
}

const formOf = (address: Address | WebAddress | null): 'local' | 'tcp' | 'tls' | 'web' => {
  if (address === null) return 'tcp';
  if ('url' in address) return 'web';
  if ('path' in address) return 'local';
  return address.tls ? 'tls' : 'tcp';
};

/**
 * The daemons that a name stands for, in the order in which they are tried.
 * @param random from 0 up to 1
 */
export async function lookUp(
  { address, service, text }: Place,
  resolver: Resolver,
  random: () => number,
): Promise<Place[]> {
  if (service === null)
    return address !== null && 'host' in address ? await hostsOf(address, text, resolver) : [];
  const records = inOrderOfTrial(await resolver.service(service), random);
  const found: Place[] = [];
  for (const { name, port } of records) {
    const host = name.replace(/\.$/, '');
    // One host that is unknown leaves the others.
    found.push(...(await hostsOf({ host, port, tls: false }, `${host}:${port}`, resolver).catch(() => [])));
  }
  if (found.length === 0)
    throw Object.assign(new Error(`no host of ${service} is known`), { code: 'ENOTFOUND' });
  return found;
}

type TcpAddress = Extract<Address, { readonly host: string }>;

async function hostsOf(address: TcpAddress, text: string, resolver: Resolver): Promise<Place[]> {
  if (!isName(address)) return [finalPlace(address, text)];
  return (await resolver.host(address.host)).map((ip) => finalPlace({ ...address, ip }, text));
}

const finalPlace = (address: TcpAddress, text: string): Place => ({
  key: keyOf(address),
  text,
  address,
  service: null,
  isFinal: true,
});

const keyOf = (address: Address): string =>
  'path' in address
    ? `unix:${address.path}`
    : `${address.tls ? 'tls' : 'tcp'}://${address.ip ?? address.host}:${address.port}`;

/** Whether it has a host that has to be looked up. */
const isName = (address: Address): address is TcpAddress =>
  'host' in address && address.ip === undefined && !isIp(address.host);

const isIp = (host: string): boolean => host.includes(':') || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host);

/** Of daemons that are reached through sockets. */
export const socketFinder: Finder = { lookUp, told: toldPlaces };
