/** What `connect` and `join` take, checked once at the door. */
import { z } from 'zod';
import { errorOf } from '../errors.js';
import { tlsSchema } from '../mailbox/connect.js';
import type { TlsOptions } from '../mailbox/dial.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';
import { USER_BYTES } from '../wire/handshake/credentials.js';
import { isByteText } from '../wire/name.js';

export interface ConnectOptions {
  /**
   * Where the daemon is: `port@host` for TCP, `tls://host:port` for TLS, `port` for the local socket `/tmp/<port>`.
   * Default: the local socket of port 4803.
   */
  readonly address?: string | undefined;
  /** Private name, 1 to 10 characters from `$` to `~`, one of its kind at the daemon; default: the daemon makes one up. */
  readonly name?: string | undefined;
  /** Milliseconds for connection and handshake; 0, the default, is no limit. */
  readonly timeout?: number | undefined;
  /** Proves who we are with the method PWORD; the protocol carries 8 bytes of the password. Default: the method NULL. */
  readonly auth?: { readonly user: string; readonly password: string } | undefined;
  /** For `tls://`: whom to believe, and what to show. */
  readonly tls?: TlsOptions | undefined;
  /** Gives up the attempt. Has no effect on the connection once it is there. */
  readonly signal?: AbortSignal | undefined;
}

export interface JoinOptions {
  /** Gives up waiting for the first view. Has no effect on the membership once it is there. */
  readonly signal?: AbortSignal | undefined;
}

const signal = z.instanceof(AbortSignal).optional();

const connectOptions = z.strictObject({
  address: z.string().default(''),
  name: z.string().default(''),
  timeout: z.number().min(0).default(0),
  auth: z
    .strictObject({
      user: z.string().min(1).max(USER_BYTES).refine(isByteText),
      password: z.string().refine(isByteText),
    })
    .optional(),
  tls: tlsSchema.optional(),
  signal,
});

const joinOptions = z.strictObject({ signal });

/** @throws IllegalParamError that says which option is wrong */
export const checkedConnectOptions = (options: ConnectOptions): z.infer<typeof connectOptions> =>
  checked(connectOptions, options);

/** @throws IllegalParamError that says which option is wrong */
export const checkedJoinOptions = (options: JoinOptions): z.infer<typeof joinOptions> =>
  checked(joinOptions, options);

function checked<T>(schema: z.ZodType<T>, options: unknown): T {
  const result = schema.safeParse(options);
  if (!result.success) throw errorOf(ILLEGAL_PARAM, z.prettifyError(result.error));
  return result.data;
}
