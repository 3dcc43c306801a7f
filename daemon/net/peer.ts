/** Who is at the other end of a connection, as far as the connection itself tells. */
import { BlockList, type Socket, isIPv4 } from 'node:net';
import { TLSSocket } from 'node:tls';
import { tellsSilence } from '../../lib/silence/watch.js';
import type { Origin } from '../access/ip-rules.js';
import type { Logger } from '../log/logger.js';
import type { EndReason } from '../session/end-reason.js';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

export interface Peer {
  readonly origin: Origin;
  /** For logs and pages: `address:port`, or `unix`. */
  readonly from: string;
  readonly tls: boolean;
  /** Whether a password can be read on its way: neither TLS nor on this machine. */
  readonly isExposed: boolean;
  /** `cert:` and the common name of its certificate; empty without one. */
  readonly certificate: string;
}

/**
 * Whom a connection counts for where what one address may cost is limited: the address, of IPv6 the network of 64 bits,
 * which is what one machine has; all clients of the local socket together are one.
 */
export function addressKey({ remoteAddress }: Socket): string {
  if (remoteAddress === undefined) return 'unix';
  const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '');
  // Link-local addresses have one network for all machines of a cable.
  if (isIPv4(address) || /^fe80:/i.test(address)) return address;
  const [head = '', tail] = address.split('::');
  const words = head === '' ? [] : head.split(':');
  const isWhole = tail === undefined || words.length >= NETWORK_WORDS;
  const zeros = isWhole ? [] : wordsBetween(words, tail);
  return `${[...words, ...zeros].slice(0, NETWORK_WORDS).join(':')}::/64`;
}

const ADDRESS_WORDS = 8;
const NETWORK_WORDS = 4;

/** What `::` stands for, and what follows it. */
function wordsBetween(words: readonly string[], tail: string): string[] {
  const last = tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: ADDRESS_WORDS - words.length - last.length }, () => '0');
  return [...zeros, ...last];
}

export const isLoopback = (address: string): boolean =>
  loopback.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');

export function peerOf(socket: Socket): Peer {
  const { remoteAddress: address, remotePort } = socket;
  const tls = socket instanceof TLSSocket;
  const name = tls ? socket.getPeerCertificate().subject?.CN : undefined;
  const certificate = typeof name === 'string' ? `cert:${name}` : '';
  if (address === undefined) {
    return { origin: { unix: true }, from: 'unix', tls, isExposed: false, certificate };
  }
  const from = address.includes(':') ? `[${address}]:${remotePort}` : `${address}:${remotePort}`;
  return {
    origin: { unix: false, address },
    from,
    tls,
    isExposed: !tls && !isLoopback(address),
    certificate,
  };
}

// Clients whose machine does not answer any more: `lib/silence` ends their connections, here is what that is called.

/** What the kernel, or our own watch, says of a machine that does not answer, or that no network knows any more. */
const SILENT = new Set<string | undefined>(['ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH']);

/** Why a connection ended with this error. */
export const reasonOfError = ({ code }: NodeJS.ErrnoException): EndReason =>
  SILENT.has(code) ? 'silent' : 'broken';

/** Says at start where ClientSilenceTimeout does not hold for all clients. @param hasTable of TCP connections */
export async function tellLateEnds(log: Logger, hasTable = tellsSilence()): Promise<void> {
  if (await hasTable) return;
  log.warn(
    { platform: process.platform },
    'TCP connection table unavailable; slower detection of silent clients',
  );
}
