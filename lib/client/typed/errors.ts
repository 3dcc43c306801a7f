/** What goes wrong with values that a schema checks. */
import { keepNames, SspError } from '../../errors.js';
import { issuesText } from '../../util/issues-text.js';
import type { ValueIssue } from '../../util/standard-schema.js';

/** A value does not fit its schema, or its codec cannot write it. Nothing was sent. */
export class InvalidValueError extends SspError {
  constructor(
    /** What is wrong, as the schema says it: at least one issue, at most 100. */
    readonly issues: readonly ValueIssue[],
    /** What was to be sent, such as `the request`. */
    what = 'the value',
    options?: ErrorOptions,
  ) {
    super('ERR_SSP_INVALID_VALUE', `${what} does not fit its schema: ${issuesText(issues)}`, options);
  }
}

keepNames({ InvalidValueError });
