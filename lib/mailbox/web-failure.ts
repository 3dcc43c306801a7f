/** Why a WebSocket to a daemon could not be made, in words. A page learns little of it. */
import { COULD_NOT_CONNECT } from '../wire/codes.js';
import type { DialFailure, Dialled, FailureFacts } from './dial-failure.js';

/** @param options with the URL as `spreadName` */
export function webFailureFacts(failure: DialFailure, options: Dialled): FailureFacts {
  const { code, error, isLate = false, during } = failure;
  const { spreadName: url = '', timeout = 0 } = options;
  if (!isLate) return { code, detail: error ? `${url}: ${error.message}` : url, cause: error };
  const detail = `${url} did not ${during === 'connecting' ? 'answer' : 'accept'} within ${timeout} ms`;
  const cause = Object.assign(new Error(detail), { code: 'ETIMEDOUT' });
  return { code: COULD_NOT_CONNECT, detail, cause };
}
