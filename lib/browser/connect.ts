/** `connect` of browsers: options checked, a WebSocket as the way to the daemon. */
import { errorOf } from '../errors.js';
import { Connection } from '../client/connection.js';
import type { ResumeOptions } from '../client/resume/options.js';
import { Mailbox, type MailboxOptions } from '../mailbox/mailbox.js';
import { type Platform, platformOf } from '../mailbox/platform.js';
import { webFailureFacts } from '../mailbox/web-failure.js';
import { aBoolean, aSignal, aText, aTime, holds, OptionChecks } from '../util/option-checks.js';
import { ILLEGAL_PARAM, REJECT_ILLEGAL_NAME } from '../wire/codes.js';
import { isPrivateName } from '../wire/name.js';
import { areCompactViewsNeeded, noteWithoutCompactViews } from './compact.js';
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
  /**
   * Whether views come as changes of a list that both sides have, not whole, which large groups need; with what the daemon states of
   * members: their subjects, and who has come back. Default: true with a token, with `resume`, and in a page that has imported
   * `presence`; else false, and the part of the library for it is not loaded. True with `resume`, whatever is said here.
   */
  readonly compactViews?: boolean | undefined;
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
  compactViews: aBoolean,
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
  if (name !== '' && !isPrivateName(name)) throw errorOf(REJECT_ILLEGAL_NAME, name);
  signal?.throwIfAborted();
  const token = new Token(source);
  const given = platformOf(options);
  const platform: Platform = { ...given, open: webOpener(token, given.clock), explain: webFailureFacts };
  const plan = { name, platform };
  const urls = typeof url === 'string' ? [url] : url;
  const resume = asked ?? (urls.length > 1 || token.isRenewable);
  if (urls.length === 1 && resume === false) {
    const isCompact = options.compactViews ?? (source !== undefined || areCompactViewsNeeded());
    return await connectOnce(urls[0] as string, isCompact, { ...plan, timeout: timeoutMs, signal });
  }
  if (options.compactViews === false)
    throw fault('compactViews: false is for one url without resume: what comes back needs compact views');
  // A page whose connection does not come back loads nothing of this.
  const { connectToFirst } = await import('./parts/returning.js');
  return await connectToFirst({ ...plan, urls, resume, token, timeoutMs, signal });
}

async function connectOnce(
  url: string,
  isCompact: boolean,
  plan: Pick<MailboxOptions, 'name' | 'timeout' | 'signal'> & { readonly platform: Platform },
): Promise<Connection> {
  const { platform, signal } = plan;
  // A page without compact views loads nothing of them.
  const part = isCompact ? await import('./parts/compact.js') : null;
  signal?.throwIfAborted();
  const dialled = { ...plan, extension: part?.COMPACT_OFFER, spreadName: url, address: { url } };
  const mailbox = await Mailbox.dial(dialled);
  if (mailbox instanceof Mailbox && signal?.aborted) await mailbox.disconnect();
  signal?.throwIfAborted();
  if (mailbox instanceof Mailbox)
    return part
      ? new Connection(mailbox, part.CompactGroups)
      : noteWithoutCompactViews(new Connection(mailbox));
  const { code, detail, cause } = platform.explain(mailbox, dialled);
  throw errorOf(code, detail, cause && { cause });
}
