/** `connect` of browsers: options checked, a WebSocket as the way to the daemon. */
import { errorOf } from '../errors.js';
import { Connection } from '../client/connection.js';
import { PLAIN_HELLO } from '../client/hello.js';
import { RESUME_OPTIONS, type ResumeOptions, resumeSettings } from '../client/resume/options.js';
import type { Place } from '../client/resume/place.js';
import { Mailbox, SEND_HIGH_WATER } from '../mailbox/mailbox.js';
import { type Platform, platformOf } from '../mailbox/platform.js';
import { webFailureFacts } from '../mailbox/web-failure.js';
import { aSignal, aText, aTime, holds, OptionChecks } from '../util/option-checks.js';
import { ILLEGAL_PARAM, REJECT_ILLEGAL_NAME } from '../wire/codes.js';
import { isPrivateName } from '../wire/name.js';
import { SessionChangedError } from './errors.js';
import { Token, type TokenSource } from './token.js';
import { webOpener } from './web-socket.js';

/** The options of `connect`. */
export interface BrowserConnectOptions {
  /**
   * Where a daemon takes WebSockets: `wss://host:4805/ssp`. Several: the connection is made to the first that accepts, and after a
   * loss it comes back to the first that accepts then.
   */
  readonly url: string | readonly string[];
  /**
   * Proves who this is. A function is asked before each attempt, also when the daemon has ended the session because the last
   * token has run out; a promise that rejects is a failed attempt. Default: none.
   */
  readonly token?: TokenSource | undefined;
  /**
   * Whether the connection comes back when it is lost. Default: true with several urls, and with a function for tokens; else false,
   * and the part of the library for it is not loaded.
   */
  readonly resume?: boolean | ResumeOptions | undefined;
  /** Name of the connection, 1 to 10 characters from `$` to `~`, one of its kind at the daemon; default: the daemon makes one up. */
  readonly name?: string | undefined;
  /** Milliseconds for connection and handshake; 0, the default, is no limit. */
  readonly timeoutMs?: number | undefined;
  /** Gives up the attempt. Has no effect on the connection once it is there. */
  readonly signal?: AbortSignal | undefined;
}

const isUrl = (value: unknown): boolean =>
  typeof value === 'string' && /^wss?:/i.test(value) && URL.canParse(value);

const OPTIONS = {
  url: holds(
    (value) => (Array.isArray(value) ? value.length > 0 && value.every(isUrl) : isUrl(value)),
    'must be wss://host:port/path, or a list of such',
  ),
  token: holds(
    (value) => typeof value === 'string' || typeof value === 'function',
    'must be a text or a function',
  ),
  resume: holds(
    (value) => typeof value === 'boolean' || (typeof value === 'object' && value !== null),
    'must be true, false or options',
  ),
  name: aText,
  timeoutMs: aTime,
  signal: aSignal,
};

const fault = (text: string): Error => errorOf(ILLEGAL_PARAM, text);
const check: OptionChecks = new OptionChecks(fault);

/**
 * Connects to a daemon that takes WebSockets.
 * @throws CouldNotConnectError, ConnectionClosedError when the handshake breaks off, the subclasses of RejectedError for what the
 * daemon refuses, IllegalParamError for options that are none, or the signal's reason. A page does not learn why a WebSocket was
 * refused: a wrong token and a host that is not there look alike
 */
export async function connect(options: BrowserConnectOptions): Promise<Connection> {
  check.all(options, OPTIONS);
  const { url, token: source, resume: asked, name = '', timeoutMs = 0, signal } = options;
  if (url === undefined) throw fault('url is missing: expected wss://host:port/path');
  if (typeof asked === 'object') check.all(asked, RESUME_OPTIONS);
  if (name !== '' && !isPrivateName(name)) throw errorOf(REJECT_ILLEGAL_NAME, name);
  signal?.throwIfAborted();
  const token = new Token(source);
  const given = platformOf(options);
  const platform: Platform = { ...given, open: webOpener(token, given.clock), explain: webFailureFacts };
  const extension = { hello: PLAIN_HELLO };
  const plan = { name, platform, extension };
  const urls = typeof url === 'string' ? [url] : url;
  const resume = resumeSettings(asked ?? (urls.length > 1 || token.isRenewable));
  if (urls.length === 1 && resume === null)
    return await connectOnce(urls[0] as string, plan, timeoutMs, signal);
  // A page whose connection does not come back loads nothing of this.
  const { connectToOne } = await import('../client/resume/connect.js');
  signal?.throwIfAborted();
  const finder = { lookUp: () => Promise.resolve([]), told: () => [] };
  const isFinal = (error: Error): boolean => error instanceof SessionChangedError;
  const places = urls.map(placeOf);
  const web = { ...plan, finder, isFinal, renews: token.isRenewable };
  return await connectToOne({ places, resume, plan: web, signal, timeoutMs, sendHighWater: SEND_HIGH_WATER });
}

async function connectOnce(
  url: string,
  plan: {
    readonly name: string;
    readonly platform: Platform;
    readonly extension: { hello: typeof PLAIN_HELLO };
  },
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<Connection> {
  const dialled = { ...plan, spreadName: url, address: { url }, timeout, signal };
  const mailbox = await Mailbox.dial(dialled);
  if (mailbox instanceof Mailbox && signal?.aborted) await mailbox.disconnect();
  signal?.throwIfAborted();
  if (mailbox instanceof Mailbox) return new Connection(mailbox);
  const { code, detail, cause } = plan.platform.explain(mailbox, dialled);
  throw errorOf(code, detail, cause && { cause });
}

const placeOf = (url: string): Place => ({
  key: url,
  text: url,
  address: { url },
  service: null,
  isFinal: true,
});
