/** What `connect` and `join` take. */
import { errorOf } from '../errors.js';
import type { TlsOptions } from '../mailbox/dial.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';
import { OptionChecks } from '../util/option-checks.js';

/** The options of `connect`; each has a default. */
export interface ConnectOptions {
  /**
   * Where the daemon is: `4803@host`, `host:4803`, `[::1]:4803` or `tcp://host:4803` for TCP, `tls://host:4843` for TLS,
   * `4803` for the local socket `/tmp/4803`, `unix:/path` for one elsewhere. Default: the local socket of port 4803.
   */
  readonly address?: string | undefined;
  /** Name of the connection, 1 to 10 characters from `$` to `~`, one of its kind at the daemon; default: the daemon makes one up. */
  readonly name?: string | undefined;
  /** Milliseconds for connection and handshake; 0, the default, is no limit. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds without a sign of life from the daemon's machine that end the connection; default 15000, least 1000. */
  readonly silenceTimeoutMs?: number | undefined;
  /** Proves who we are with the method PWORD; the protocol carries 8 bytes of the password. Default: the method NULL. */
  readonly auth?:
    | {
        /** 1 to 32 bytes, Latin-1. */
        readonly user: string;
        /** Latin-1; the protocol carries the first 8 bytes. */
        readonly password: string;
      }
    | undefined;
  /** For `tls://`: whom to believe, and what to show. */
  readonly tls?: TlsOptions | undefined;
  /** Gives up the attempt. Has no effect on the connection once it is there. */
  readonly signal?: AbortSignal | undefined;
}

/** The options of `Connection.join`. */
export interface JoinOptions {
  /** Gives up waiting for the first view. Has no effect on the membership once it is there. */
  readonly signal?: AbortSignal | undefined;
}

const check: OptionChecks = new OptionChecks((text) => errorOf(ILLEGAL_PARAM, text));
const SIGNAL = new Set(['signal']);

/** For calls that take nothing but a signal. @throws IllegalParamError that says which option is wrong */
export function signalOf(options: { readonly signal?: AbortSignal | undefined }): AbortSignal | undefined {
  if (options instanceof AbortSignal) throw errorOf(ILLEGAL_PARAM, 'pass a signal as `{ signal }`');
  check.keys(options, SIGNAL);
  const { signal } = options;
  check.signal(signal);
  return signal;
}
