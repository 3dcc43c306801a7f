/** `#secure` without Node. */
import type { FilterHost, FlushFilter } from '../client/flush-filter.js';
import { NotSupportedError } from '../client/resume/errors.js';

type SecureFilter = (group: string, options: never) => (host: FilterHost) => FlushFilter;

/** @throws NotSupportedError */
export const loadSecure = (): Promise<SecureFilter> =>
  Promise.reject(new NotSupportedError('secure groups need Node'));
