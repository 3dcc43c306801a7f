/** Who is at the other end of a connection, as far as the connection itself tells. */
import { BlockList, isIPv4, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Origin } from '../access/ip-rules.js';

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
