/** What goes wrong on connections that come back, beside what goes wrong on all. */
import { keepNames, SspError } from '../../errors.js';
import type { EndCode } from '../../wire/extension/end.js';

/** The connection was lost, and nobody can say whether the message was delivered: it was, will be, or never will. */
export class SendUnknownError extends SspError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SSP_SEND_UNKNOWN', message, options);
  }
}

/** The daemon cannot do what was asked for: it is one of Spread, or an older one. */
export class NotSupportedError extends SspError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SSP_NOT_SUPPORTED', message, options);
  }
}

/** The daemon has ended the session for good: the connection does not come back. */
export class ResumeError extends SspError {
  constructor(
    /** Why: `illegal`, a request that it does not take; `taken-over`, another connection continues it; `not-permitted`. */
    readonly reason: EndCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super('ERR_SSP_RESUME', message, options);
  }
}

keepNames({ SendUnknownError, NotSupportedError, ResumeError });
