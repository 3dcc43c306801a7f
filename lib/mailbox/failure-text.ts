/** Why a connection to a socket could not be made: words and a cause, for everything above the calls. */
import { errorOf, type SspError } from '../errors.js';
import { CONNECTION_CLOSED, COULD_NOT_CONNECT } from '../wire/codes.js';
import { addressFault, parseAddress } from './address.js';
import {
  codeOf,
  type DialFailure,
  type Dialled,
  type FailureFacts,
  isOwnTlsFault,
  isTlsError,
} from './dial-failure.js';

const untrusted = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'CERT_UNTRUSTED',
  'INVALID_CA',
]);

/** The error that says what happened, on one line. The time being up is a connection that could not be made. */
export function failureError(failure: DialFailure, options: Dialled): SspError {
  const { code, detail, cause } = failureFacts(failure, options);
  return errorOf(code, detail, cause && { cause });
}

/** @see failureError */
export function failureFacts(failure: DialFailure, options: Dialled): FailureFacts {
  const { spreadName: address = '', timeout = 0 } = options;
  const { code, error, isLate = false } = failure;
  const parsed = parseAddress(address, options.unixDir);
  if (parsed === null) return { code, detail: addressFault(address) };
  const where = 'path' in parsed ? parsed.path : address;
  if (isLate) {
    const what = failure.during === 'connecting' ? 'answer' : 'accept';
    const detail = `${where} did not ${what} within ${timeout} ms`;
    const cause = Object.assign(new Error(detail), { code: 'ETIMEDOUT' });
    return { code: COULD_NOT_CONNECT, detail, cause };
  }
  const usesTls = 'tls' in parsed && parsed.tls;
  if (code !== CONNECTION_CLOSED && code !== COULD_NOT_CONNECT && error === undefined)
    return { code, detail: where };
  const hasCertificate = options.tls?.cert !== undefined;
  const detail = usesTls ? tlsText(failure, where, hasCertificate) : plainText(failure, where);
  return { code, detail: oneLine(detail), cause: error };
}

function plainText({ error, during }: DialFailure, where: string): string {
  const code = codeOf(error);
  switch (code) {
    case 'ECONNREFUSED':
      return `nothing listens at ${where}`;
    case 'ENOENT':
      return `no such socket: ${where}`;
    case 'EACCES':
    case 'EPERM':
      return `${where} cannot be opened: permission denied by the operating system`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
    case 'ENETDOWN':
      return `no route to ${where}`;
    case 'ETIMEDOUT':
      return `${where} does not answer`;
    case 'ENOTFOUND':
      return `the host of ${where} is unknown`;
    case 'EAI_AGAIN':
      return `the host of ${where} cannot be looked up now`;
    default:
      break;
  }
  if (during === 'handshake')
    return `${where} closed the connection during the handshake; is it the port of a daemon, without TLS?`;
  return `${where}: ${error?.message || code}`;
}

function tlsText(failure: DialFailure, where: string, hasCertificate: boolean): string {
  const { error, during } = failure;
  const code = codeOf(error);
  const reason = reasonOf(error);
  if (untrusted.has(code))
    return `the certificate of ${where} is from an authority that is not trusted here: ${reason}; pass the authority as ca`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `the certificate of ${where} is for another host: ${reason}`;
  if (code.startsWith('CERT_')) return `the certificate of ${where} is not accepted: ${reason}`;
  if (isOwnTlsFault(error ?? new Error())) return `ca, cert or key of this client cannot be used: ${reason}`;
  if (/CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE/.test(code))
    return `${where} requires a certificate of the client: pass cert and key`;
  if (/ALERT_(?:UNKNOWN_CA|(?:BAD|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_)/.test(code))
    return `${where} does not accept the certificate of this client: ${reason}`;
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code))
    return `no TLS 1.3 at ${where}: ${reason}`;
  if (isTlsError(error ?? new Error())) return `TLS with ${where} failed: ${reason}`;
  if (during === 'handshake') {
    const doubt = hasCertificate
      ? 'accept the certificate of this client'
      : 'require a certificate of the client';
    return `${where} closed the connection during the handshake; does it ${doubt}?`;
  }
  if (code === '' || code === 'ECONNRESET')
    return `${where} closed the connection before the TLS handshake; is it a port with TLS?`;
  return plainText(failure, where);
}

/** The short form that OpenSSL and Node give beside the long one. */
const reasonOf = (error: Error | undefined): string =>
  (error as { reason?: unknown } | undefined)?.reason?.toString() || error?.message || '';

const oneLine = (text: string): string => text.trim().replace(/\s*\n\s*/g, ' ');
