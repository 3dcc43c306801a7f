/** Why an attempt to connect came to nothing. */
import { COULD_NOT_CONNECT, ILLEGAL_PARAM, ILLEGAL_SPREAD } from '../wire/codes.js';

export interface DialFailure {
  /** What the connect calls answer. */
  readonly code: number;
  /** What the socket, the resolver or TLS said. */
  readonly error?: Error | undefined;
  /** `connecting`: there was no connection yet; `handshake`: there was one, and the daemon had not accepted. */
  readonly during: 'connecting' | 'handshake';
  readonly isLate?: boolean | undefined;
}

/** Of the options of the attempt, what its error is about. */
export interface Dialled {
  readonly spreadName?: string | undefined;
  readonly unixDir?: string | undefined;
  readonly timeout?: number | undefined;
  readonly tls?: { readonly cert?: unknown } | undefined;
}

/** Errors of OpenSSL, and of Node's checks of certificates. */
const ofTls =
  /^ERR_(?:SSL|TLS|OSSL)_|^EPROTO$|CERT|^UNABLE_TO_|^INVALID_(?:CA|PURPOSE)$|^PATH_LENGTH_EXCEEDED$/;

/** As Node names it, `ECONNREFUSED`; empty without one. */
export const codeOf = (error: Error | undefined): string =>
  (error as { readonly code?: string } | undefined)?.code ?? '';

/** Whether TLS itself refused, on either side. */
export const isTlsError = (error: Error): boolean => ofTls.test(codeOf(error));

/** Keys and certificates of this side that make no sense. */
export const isOwnTlsFault = (error: Error): boolean => codeOf(error).startsWith('ERR_OSSL_');

/** The code for an error before there was a connection. */
export function connectCode(error: Error): number {
  if (isOwnTlsFault(error)) return ILLEGAL_PARAM;
  return codeOf(error) === 'ENOTFOUND' ? ILLEGAL_SPREAD : COULD_NOT_CONNECT;
}

/** What the error is made of. */
export interface FailureFacts {
  readonly code: number;
  readonly detail: string;
  readonly cause?: Error | undefined;
}
