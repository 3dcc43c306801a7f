/** Issues of a value in words. Apart from what finds them: a page has the error that says them without any schema. */
import type { ValueIssue } from './standard-schema.js';

/** Longest path in the text of an error, in characters. */
const MAX_PATH_TEXT = 200;

/** The issues as one line of text: `at pos.x: expected a number; and 2 more`. */
export function issuesText(issues: readonly ValueIssue[]): string {
  const [first, ...others] = issues;
  if (first === undefined) return 'no issue was given';
  const path = first.path.map(String).join('.');
  const where = path === '' ? '' : `at ${path.slice(0, MAX_PATH_TEXT)}: `;
  return `${where}${first.message}${others.length === 0 ? '' : `; and ${others.length} more`}`;
}
