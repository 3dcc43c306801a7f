/**
 * Who may join and send where. One rule a line: `principal actions pattern`, for example
 *
 *     *             send        public.*
 *     alice         join,send   team-*
 *     cert:worker1  join,send   *
 *
 * A principal is the user that PWORD proved, `cert:` and the common name of a client certificate, or `*` for everybody.
 * In a pattern `*` stands for any characters; private groups (`#name#daemon`) are groups here too. What no rule allows
 * is refused: the request goes back to its sender as a reject frame [session 4.9].
 */
import type { Authorize } from '../core/group.js';
import { AccessFileError, entriesOf } from './lines.js';

/** What a rule can allow. */
export type Action = Parameters<Authorize>[0];

interface Rule {
  readonly principal: string;
  readonly actions: readonly Action[];
  readonly pattern: Pattern;
}

const ANYBODY = '*';
const ACTIONS: ReadonlySet<string> = new Set(['join', 'send']);
/** Answers remembered for one session; more names than this begin anew. */
const MAX_REMEMBERED = 4_096;

export class Permissions {
  private constructor(private readonly rules: readonly Rule[]) {}

  /** @throws AccessFileError for the first line that is no rule */
  static parse(text: string, file: string): Permissions {
    const rules = entriesOf(text).map(({ text: entry, line }) => {
      const [principal = '', actions = '', pattern = '', ...more] = entry.split(/\s+/);
      if (pattern === '' || more.length > 0) {
        throw new AccessFileError('expected a rule: principal actions pattern', file, line);
      }
      const names = actions.split(',');
      const unknown = names.find((name) => !ACTIONS.has(name));
      if (unknown !== undefined) {
        throw new AccessFileError(`expected join, send or join,send, got "${unknown}"`, file, line);
      }
      return { principal, actions: names as Action[], pattern: new Pattern(pattern) };
    });
    return new Permissions(rules);
  }

  /** @param principals what the session has proved to be */
  permitOf(principals: readonly string[]): Authorize {
    const rules = this.rules.filter(
      ({ principal }) => principal === ANYBODY || principals.includes(principal),
    );
    const remembered = new Map<string, boolean>();
    return (action, group) => {
      const key = `${action} ${group}`;
      let answer = remembered.get(key);
      if (answer === undefined) {
        answer = rules.some(({ actions, pattern }) => actions.includes(action) && pattern.matches(group));
        if (remembered.size >= MAX_REMEMBERED) remembered.clear();
        remembered.set(key, answer);
      }
      return answer;
    };
  }
}

/**
 * A pattern of group names, in which `*` stands for any characters. Each text between stars is searched once, from the
 * left: an earlier place leaves more for what follows, so no place is tried twice. A regular expression would go back
 * and try the others, which takes seconds for a pattern of eight stars.
 */
export class Pattern {
  private readonly first: string;
  /** Between the first star and the last one, in order; none of them empty. */
  private readonly middle: readonly string[];
  /** Null without a star: the first text is the whole name. */
  private readonly last: string | null;

  constructor(pattern: string) {
    const [first = '', ...rest] = pattern.split('*');
    this.first = first;
    this.last = rest.pop() ?? null;
    this.middle = rest.filter((text) => text !== '');
  }

  matches(name: string): boolean {
    const { first, middle, last } = this;
    if (last === null) return name === first;
    if (!name.startsWith(first)) return false;
    const end = name.length - last.length;
    let at = first.length;
    for (const text of middle) {
      const found = name.indexOf(text, at);
      if (found < 0) return false;
      at = found + text.length;
    }
    return at <= end && name.endsWith(last);
  }
}
