/** What `createDaemon` takes for browsers, checked. */
import { z } from 'zod';
import { isOriginRule } from '../lib/util/origin.js';
import { MAX_ORIGINS, ORIGIN_RULE } from './config/places.js';
import { MAX_WEB_MESSAGE, MIN_WEB_BUFFERED, MIN_WEB_MESSAGE } from './config/limits.js';
import type { Verify } from './net/websocket/principal.js';

const count = z.number().int().min(0);
/** Milliseconds; more than a timer can hold would fire at once. */
const time = count.max(0x7fff_ffff);
const path = z.string().min(1);

/** Milliseconds. */
const MIN_IDLE = 100;

export const webSchema = z
  .strictObject({
    port: count.max(65_535),
    host: path.nullable().default(null),
    tls: z.strictObject({ certificateFile: path, keyFile: path }).nullable().default(null),
    behindProxy: z.boolean().default(false),
    origins: z
      .array(z.string().refine(isOriginRule, ORIGIN_RULE))
      .min(1)
      .max(MAX_ORIGINS)
      .default(() => ['same']),
    secretFile: path.nullable().default(null),
    keyFile: path.nullable().default(null),
    audience: path.nullable().default(null),
    verify: z
      .custom<Verify>((value) => typeof value === 'function', 'a function')
      .nullable()
      .default(null),
    anonymous: z.boolean().nullable().default(null),
    maxSockets: count.min(1).default(10_000),
    maxMessageBytes: count.min(MIN_WEB_MESSAGE).max(MAX_WEB_MESSAGE).default(65_536),
    maxBufferedBytes: count.min(MIN_WEB_BUFFERED).default(1_048_576),
    pingMs: time.default(10_000),
    idleTimeoutMs: time.min(MIN_IDLE).default(60_000),
    compression: z.boolean().default(false),
  })
  .superRefine(({ verify, secretFile, keyFile, tls, behindProxy }, context) => {
    const fault = (key: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (verify !== null && (secretFile !== null || keyFile !== null)) {
      fault('verify', 'either verify, or secretFile and keyFile');
    }
    if (tls !== null && behindProxy) fault('behindProxy', 'either tls or behindProxy');
  });

/** The listener for browsers; each option but the port has a default. */
export interface WebOptions {
  /** 0 to 65535; 0 takes a free one. */
  readonly port: number;
  /** Address or name of the host; null, the default: those of `listen`. */
  readonly host?: string | null;
  /** Files of TLS 1.2 and 1.3, PEM; null, the default: no TLS, which is refused off loopback without a proxy. */
  readonly tls?: {
    /** Certificate of the daemon. */
    readonly certificateFile: string;
    /** Its key. */
    readonly keyFile: string;
  } | null;
  /** A proxy has the TLS: the client is the last address in `X-Forwarded-For`; default false. */
  readonly behindProxy?: boolean;
  /**
   * Pages that may connect: `same` (of the host and port that they connect to), `*`, or origins, whose first label may be `*`;
   * default `same`. Clients that are no browsers send no origin, and pass.
   */
  readonly origins?: readonly string[];
  /** File of secrets that tokens are signed with (HS256), `kid base64url` or `base64url` a line. */
  readonly secretFile?: string | null;
  /** File of public keys that tokens are signed with (RS256, ES256, EdDSA): PEM or a JSON Web Key Set. */
  readonly keyFile?: string | null;
  /** The `aud` that a token must have; null, the default: any. */
  readonly audience?: string | null;
  /** Finds out who a client is, instead of the files. */
  readonly verify?: Verify | null;
  /** Whether a client without a token may connect; default only on loopback, without a proxy, files and `verify`. */
  readonly anonymous?: boolean | null;
  /** WebSockets that may be open at one time; from 1, default 10 000. */
  readonly maxSockets?: number;
  /** Bytes of one WebSocket message; 16 384 to 131 072, default 65 536. A larger one ends the session. */
  readonly maxMessageBytes?: number;
  /** Bytes that may wait for a browser while its socket refuses them; from 65 536, default 1 MiB. */
  readonly maxBufferedBytes?: number;
  /** Milliseconds between two pings; default 10 000. Silent for two of them, a session ends. 0: none. */
  readonly pingMs?: number;
  /** Milliseconds without anything, even the answer to a ping, after which a session ends; from 100, default 60 000. */
  readonly idleTimeoutMs?: number;
  /** Offers permessage-deflate; default false. */
  readonly compression?: boolean;
}
