/** `connect` of browsers with several urls, or to come back. */
import { errorOf } from '../errors.js';
import type { Connection } from '../client/connection.js';
import { connectToOne } from '../client/resume/connect.js';
import { RESUME_OPTIONS, type ResumeOptions, resumeSettings } from '../client/resume/options.js';
import type { Place } from '../client/resume/place.js';
import { SEND_HIGH_WATER } from '../mailbox/mailbox.js';
import type { Platform } from '../mailbox/platform.js';
import { OptionChecks } from '../util/option-checks.js';
import { CONNECTION_CLOSED, ILLEGAL_PARAM } from '../wire/codes.js';
import { SessionChangedError } from './errors.js';
import type { Token } from './token.js';

/** The options of `connect`, checked but for those of `resume`. */
interface Given {
  readonly urls: readonly string[];
  readonly resume: boolean | ResumeOptions;
  readonly name: string;
  readonly token: Token;
  readonly platform: Platform;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

const check: OptionChecks = new OptionChecks((text) => errorOf(ILLEGAL_PARAM, text));

/** @see connect */
export async function connectToFirst(given: Given): Promise<Connection> {
  const { urls, name, token, platform, timeoutMs, signal } = given;
  if (typeof given.resume === 'object') check.all(given.resume, RESUME_OPTIONS);
  signal?.throwIfAborted();
  return await connectToOne({
    places: urls.map(placeOf),
    resume: resumeSettings(given.resume),
    plan: {
      name,
      platform,
      // A page looks up no names, and daemons tell addresses that are no urls.
      finder: { lookUp: () => Promise.resolve([]), told: () => [] },
      isFinal: (error) => error instanceof SessionChangedError,
      renews: token.isRenewable,
      ownerFault: (isSame) => {
        if (isSame === false) return changed();
        if (isSame === true || token.isSure) return null;
        return errorOf(CONNECTION_CLOSED, 'the daemon does not say whose token it is');
      },
    },
    signal,
    timeoutMs,
    sendHighWater: SEND_HIGH_WATER,
  });
}

/** For tokens that only the daemon can read. The text is made here, so that pages without `resume` do not load it. */
function changed(): SessionChangedError {
  const error = new SessionChangedError(null, null);
  error.message = 'expected a token for the same subject, got one for another';
  return error;
}

const placeOf = (url: string): Place => ({
  key: url,
  text: url,
  address: { url },
  service: null,
  isFinal: true,
});
