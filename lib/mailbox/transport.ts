/**
 * What carries the bytes of one connection: the members of a socket that the client uses. `net.Socket` and
 * `tls.TLSSocket` are transports as they are; specs have one in memory.
 */
import type { Buffer } from '#buffer';
import type { Address } from './address.js';

export interface Transport {
  /** Whether this side has ended it, or an error has. */
  readonly destroyed: boolean;
  /** `data`: bytes have come; they belong to the listener. */
  on(event: 'data', listener: (chunk: Buffer) => void): this;
  /** `end`: the other side sends no more. `close`: it is over; comes last, and once. */
  on(event: 'end' | 'close', listener: () => void): this;
  /** `error`: it broke; `close` follows. */
  on(event: 'error', listener: (error: Error) => void): this;
  off(event: 'data', listener: (chunk: Buffer) => void): this;
  off(event: 'end' | 'close', listener: () => void): this;
  off(event: 'error', listener: (error: Error) => void): this;
  /** Sends bytes, which stay as they are until `done` is called: with an error when they were not sent. */
  write(bytes: Uint8Array, done?: (error?: Error | null) => void): unknown;
  /** Between the two, writes are gathered. */
  cork(): void;
  uncork(): void;
  /** While it is paused no `data` come, and the other side feels it in the end. */
  pause(): unknown;
  resume(): unknown;
  /** Bytes that have come and were not handed out; null when there are none. */
  read(): Buffer | null;
  /** Sends no more, after what was written. */
  end(): unknown;
  /** Ends it at once. */
  destroy(): unknown;
}

/** Of the options of an attempt to connect, what the way to the daemon depends on. */
export interface TransportOptions {
  /** For `tls://`: whom to believe, and what to show. */
  readonly tls?: TlsOptions | undefined;
  /** Milliseconds without a sign of life from the daemon's machine that end the connection; default 15000. */
  readonly silenceTimeoutMs?: number | undefined;
  /** Resolver of host names, as `node:net` takes it. */
  readonly lookup?: Lookup | undefined;
}

/** What `node:net` has as LookupFunction; it is handed on as it is. */
export type Lookup = (hostname: string, options: never, callback: never) => void;

/** Where a daemon takes WebSockets: `wss://host:4805/ssp`. */
export interface WebAddress {
  readonly url: string;
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

/**
 * Opens the way to a daemon.
 * @param ready called once, later, when bytes can be sent; before that an error may come, and then `close`
 * @throws what makes the attempt impossible, such as a certificate that is none
 */
export type OpenTransport = (
  address: Address | WebAddress,
  options: TransportOptions,
  ready: () => void,
) => Transport;
