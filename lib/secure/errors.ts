/** What goes wrong in secure groups alone. */
import { keepNames, SspError } from '../errors.js';

/** A secure group gives this member no key. */
export class SecurityError extends SspError {
  constructor(
    /** `excluded`: the others made keys without it three times; `stalled`: no key came in time. */
    readonly reason: 'excluded' | 'stalled',
    message: string,
    options?: ErrorOptions,
  ) {
    super('ERR_SSP_SECURITY', message, options);
  }
}

keepNames({ SecurityError });
