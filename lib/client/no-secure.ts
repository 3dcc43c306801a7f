/** `#secure` without Node. */
import { NotSupportedError } from './resume/errors.js';
import type { FilterHost, FlushFilter } from './flush-filter.js';

/** @throws NotSupportedError */
export function secureFilter(_group: string, _options: never): (host: FilterHost) => FlushFilter {
  throw new NotSupportedError('secure groups need Node');
}
