/** What goes wrong in browsers, beside what goes wrong on all connections. */
import { keepNames, SspError } from '../errors.js';

/** The new token is for another subject than the session is: the connection does not continue as somebody else. */
export class SessionChangedError extends SspError {
  constructor(
    /** Subject of the token with which the connection was made; null where only the daemon can read the tokens. */
    readonly before: string | null,
    /** Subject of the new one; null as for `before`. */
    readonly now: string | null,
  ) {
    super(
      'ERR_SSP_SESSION_CHANGED',
      `expected a token for ${JSON.stringify(before)}, got one for ${JSON.stringify(now)}`,
    );
  }
}

keepNames({ SessionChangedError });
