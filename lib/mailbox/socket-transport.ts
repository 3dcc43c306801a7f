/** The way to a daemon through the operating system: a local socket, TCP or TLS. */
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { watchPeer } from '../silence/watch.js';
import type { Address } from './address.js';
import { IllegalParamError } from '../errors.js';
import type { OpenTransport, TransportOptions } from './transport.js';

export const openSocket: OpenTransport = (address, options, ready) => {
  if ('url' in address) throw new IllegalParamError('expected the address of a socket, got a URL');
  const socket = reach(address, options);
  const event = 'tls' in address && address.tls ? 'secureConnect' : 'connect';
  return socket.once(event, () => {
    watchPeer(socket, options.silenceTimeoutMs);
    ready();
  });
};

/**
 * TCP tries all addresses of a name, which the C library does not [session 1.1], and sends small frames at once
 * [session 1].
 */
function reach(address: Address, options: TransportOptions): Socket {
  const { tls = {} } = options;
  const lookup = options.lookup as LookupFunction | undefined;
  if ('path' in address) return connect({ path: address.path });
  const { host, port, ip = host } = address;
  const common = { host: ip, port, noDelay: true, keepAlive: true, autoSelectFamily: true };
  if (!address.tls) return connect({ ...common, ...(lookup && { lookup }) });
  const { ca, cert, key, servername = isIP(host) === 0 ? host : '' } = tls;
  const socket = connectTls({
    ...common,
    ...(lookup && { lookup }),
    minVersion: 'TLSv1.3',
    servername,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  });
  return socket.setNoDelay().setKeepAlive(true);
}
