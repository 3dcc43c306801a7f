/** Who is at the other end of a connection, as far as the connection itself tells. */
import { BlockList, type Socket, isIPv4 } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { tellsSilence } from '../../lib/silence/watch.js';
import type { Origin } from '../access/ip-rules.js';
import type { Logger } from '../log/logger.js';
import type { EndReason } from '../session/end-reason.js';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** The byte stream of a client: a socket, or what a WebSocket carries. */
export type ByteStream = Duplex & {
  /** Ends when everything is written. */
  destroySoon(): void;
};

export interface Peer {
  readonly origin: Origin;
  /** Whom it counts for; see `addressKey`. */
  readonly address: string;
  /** For logs and pages: `address:port`, `unix`, or `web address:port`. */
  readonly from: string;
  readonly tls: boolean;
  /** The address of this daemon that it came to, as clients write it; empty for a local socket and for WebSockets. */
  readonly cameTo: string;
  /** Whether a password can be read on its way: neither TLS nor on this machine. */
  readonly isExposed: boolean;
  /** What the connection itself proves: a certificate (`cert:` and its common name), or a token; empty for nothing. */
  readonly identity: string;
  /** The same as rules of permissions may call it. */
  readonly principals: readonly string[];
  /** Of a WebSocket; null for all other connections. */
  readonly web: WebPeer | null;
}

/** What is special about a WebSocket. */
export interface WebPeer {
  /** Whom its token names: 1 to 128 bytes of UTF-8. Null without a token. */
  readonly subject: string | null;
  /** Bytes that may wait for it while its socket refuses them. */
  readonly maxBufferedBytes: number;
  /** Its session has ended. */
  ended(reason: EndReason): void;
}

/**
 * Whom a connection counts for where what one address may cost is limited: the address, of IPv6 the network of 64 bits,
 * which is what one machine has; all clients of the local socket together are one.
 */
export function addressKey({ remoteAddress }: Pick<Socket, 'remoteAddress'>): string {
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
  const identity = typeof name === 'string' ? `cert:${name}` : '';
  const principals = identity === '' ? [] : [identity];
  const proof = { tls, identity, principals, web: null, address: addressKey(socket) };
  if (address === undefined) {
    return { ...proof, origin: { unix: true }, from: 'unix', cameTo: '', isExposed: false };
  }
  return {
    ...proof,
    origin: { unix: false, address },
    from: placeOf(address, remotePort),
    cameTo: cameTo(socket),
    isExposed: !tls && !isLoopback(address),
  };
}

/** As addresses are written, with brackets around IPv6. */
export const placeOf = (host: string, port: number | undefined): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** With TLS the name that the client asked for, by which it checks the certificate. */
function cameTo(socket: Socket): string {
  const host = socket.localAddress?.replace(/^::ffff:(?=\d+\.)/i, '');
  if (host === undefined) return '';
  if (!(socket instanceof TLSSocket)) return placeOf(host, socket.localPort);
  const { servername } = socket as { readonly servername?: string | false | null };
  return `tls://${placeOf(servername || host, socket.localPort)}`;
}

// Clients whose machine does not answer any more: `lib/silence` ends their connections, here is what that is called.

/** What the kernel, or our own watch, says of a machine that does not answer, or that no network knows any more. */
const SILENT = new Set<string | undefined>(['ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH']);

/** Codes of errors of the WebSocket protocol begin with this. */
export const WEBSOCKET_ERROR = 'WS_ERR_';

/** Why a connection ended with this error. */
export function reasonOfError({ code }: NodeJS.ErrnoException): EndReason {
  if (code?.startsWith(WEBSOCKET_ERROR) === true) return 'illegal-websocket';
  return SILENT.has(code) ? 'silent' : 'broken';
}

/** Says at start where ClientSilenceTimeout does not hold for all clients. @param hasTable of TCP connections */
export async function tellLateEnds(log: Logger, hasTable = tellsSilence()): Promise<void> {
  if (await hasTable) return;
  log.warn(
    { platform: process.platform },
    'TCP connection table unavailable; slower detection of silent clients',
  );
}
