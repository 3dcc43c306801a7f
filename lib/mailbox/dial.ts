/** From an address to an accepted session: connection and handshake [session 1, 3]. */
import type { Buffer } from 'node:buffer';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { watchPeer } from '../silence/watch.js';
import { CONNECTION_CLOSED, COULD_NOT_CONNECT, ILLEGAL_SPREAD } from '../wire/codes.js';
import type { Accept } from '../wire/handshake/accept.js';
import type { Authenticator } from '../wire/handshake/authentication.js';
import { ClientHandshake } from '../wire/handshake/client-handshake.js';
import { type Address, parseAddress } from './address.js';
import { connectCode, type DialFailure, isTlsError } from './dial-failure.js';
import { onAbort } from '../util/deferred.js';

export interface DialOptions {
  /** Where the daemon is, see `parseAddress`; default the local socket of port 4803. */
  readonly spreadName?: string | undefined;
  /** 1 to 10 characters, cut after ten; empty asks the daemon to make up a name. */
  readonly name?: string | undefined;
  /** Whether membership messages are wanted; default true. */
  readonly membership?: boolean | undefined;
  /** 0 or 1; no daemon makes a difference. */
  readonly priority?: number | undefined;
  /** Limit for connection and handshake in milliseconds; 0 is none, below 0 has passed already [session 3.9]. */
  readonly timeout?: number | undefined;
  /** Ends the attempt. */
  readonly signal?: AbortSignal | undefined;
  readonly authenticators?: readonly Authenticator[] | undefined;
  /** Directory of the Unix sockets; default `/tmp`. */
  readonly unixDir?: string | undefined;
  /** For `tls://`: whom to believe, and what to show. */
  readonly tls?: TlsOptions | undefined;
  /** Milliseconds without a sign of life from the daemon's machine that end the connection; default 15000. */
  readonly silenceTimeout?: number | undefined;
  /** Resolver of host names, as `node:net` takes it. */
  readonly lookup?: LookupFunction | undefined;
}

/** PEM texts. The daemon's certificate is checked against `ca`, or the authorities that Node knows. */
export interface TlsOptions {
  /** Certificates of the authorities to believe; default those that Node knows. */
  readonly ca?: string | Buffer | undefined;
  /** Own certificate and key, for a daemon that wants one. */
  readonly cert?: string | Buffer | undefined;
  /** The key of `cert`. */
  readonly key?: string | Buffer | undefined;
  /** Name that the daemon's certificate must have; default the host of the address. */
  readonly servername?: string | undefined;
}

/** Longest time limit: what a Node timer can hold, about 24 days. A longer one is cut to it. */
const MAX_TIMEOUT_MS = 0x7fff_ffff;

/** Receives the connection in the turn in which it was accepted, so that no byte gets lost in between. */
type Accepted<T> = (socket: Socket, accept: Accept, rest: Buffer) => T;

/**
 * @returns what `accepted` makes of the connection, or why there is none. The code is what connect answers with:
 * ILLEGAL_SPREAD for a malformed address or an unknown host, COULD_NOT_CONNECT for other failures to connect and for
 * those of TLS, CONNECTION_CLOSED when the handshake broke off, the time was up or the signal came, ILLEGAL_PARAM for
 * keys and certificates that are none, else what the daemon refused with [session 3.10]
 */
export function dial<T>(options: DialOptions, accepted: Accepted<T>): Promise<T | DialFailure> {
  const { timeout = 0, signal } = options;
  const address = parseAddress(options.spreadName ?? '', options.unixDir);
  const early = (code: number): Promise<DialFailure> => Promise.resolve({ code, during: 'connecting' });
  if (address === null) return early(ILLEGAL_SPREAD);
  if (timeout < 0 || signal?.aborted) return early(CONNECTION_CLOSED);

  return new Promise((resolve) => {
    const handshake = new ClientHandshake({
      name: options.name ?? '',
      membership: options.membership ?? true,
      priority: options.priority ?? 0,
      ...(options.authenticators && { authenticators: options.authenticators }),
    });
    let socket: Socket;
    try {
      socket = reach(address, options);
    } catch (error) {
      return resolve({ code: connectCode(error as Error), error: error as Error, during: 'connecting' });
    }
    const ready = 'tls' in address && address.tls ? 'secureConnect' : 'connect';
    let connected = false;

    const onConnect = (): void => {
      connected = true;
      watchPeer(socket, options.silenceTimeout);
      socket.write(handshake.request());
    };
    const onData = (chunk: Buffer): void => {
      const step = handshake.push(chunk);
      if (step.kind === 'refused') return refuse(step.code);
      if (step.write !== null) socket.write(step.write);
      if (step.kind === 'more') return;
      finish();
      socket.off('error', onError);
      resolve(accepted(socket, step.accept, step.rest));
    };
    // With TLS the connection may end before it is one.
    const onClose = (): void => refuse(connected ? handshake.end() : COULD_NOT_CONNECT);
    // Before there is a connection, an error that says more follows.
    const onEnd = (): void => (connected ? onClose() : undefined);
    // With TLS 1.3 the daemon looks at our certificate after we have taken the connection for made.
    const onError = (error: Error): void =>
      refuse(connected && !isTlsError(error) ? handshake.end() : connectCode(error), { error });
    const giveUp = (): void => refuse(CONNECTION_CLOSED);
    const expire = (): void => refuse(CONNECTION_CLOSED, { isLate: true });
    const finish = (): void => {
      clearTimeout(timer);
      off?.();
      socket.off(ready, onConnect).off('data', onData).off('end', onEnd).off('close', onClose);
    };
    // The error listener stays: a destroyed socket may still report one.
    const refuse = (code: number, what: Pick<DialFailure, 'error' | 'isLate'> = {}): void => {
      finish();
      socket.destroy();
      resolve({ code, during: connected ? 'handshake' : 'connecting', ...what });
    };
    const timer = timeout > 0 ? setTimeout(expire, Math.min(timeout, MAX_TIMEOUT_MS)) : undefined;
    const off = signal && onAbort(signal, giveUp);
    socket.on(ready, onConnect).on('data', onData).on('end', onEnd).on('close', onClose);
    socket.on('error', onError);
  });
}

/**
 * TCP tries all addresses of a name, which the C library does not [session 1.1], and sends small frames at once
 * [session 1].
 */
function reach(address: Address, { lookup, tls = {} }: DialOptions): Socket {
  if ('path' in address) return connect({ path: address.path });
  const { host, port } = address;
  const common = { host, port, noDelay: true, keepAlive: true, autoSelectFamily: true };
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
