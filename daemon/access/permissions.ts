/**
 * Who may join and send where. One rule a line: `principal actions pattern`, for example
 *
 *     *             send        public.*
 *     alice         join,send   team-*
 *     cert:worker1  join,send   *
 *     web           join,send   user:{sub}
 *     role:desk     impersonate *
 *
 * A principal is the user that PWORD proved, `cert:` and the common name of a client certificate, or `*` for everybody. A
 * WebSocket is `web`, and with a token also `web:` with its subject and `role:` with each of its roles. In a pattern `*`
 * stands for any characters, and `{sub}` for the subject of the session's token; private groups (`#name#daemon`) are groups
 * here too. What no rule allows is refused: the request goes back to its sender as a reject frame [session 4.9].
 *
 * A session with a token that may impersonate is a member of which the daemon states no subject, in any group.
 */
import type { Authorize } from '../core/group.js';
import { AccessFileError, entriesOf } from './lines.js';

/** What a rule can allow. */
export type Action = Parameters<Authorize>[0] | typeof IMPERSONATE;

interface Rule {
  readonly principal: string;
  readonly actions: readonly Action[];
  /** As it stands in the file. */
  readonly text: string;
  readonly pattern: Pattern;
}

const ANYBODY = '*';
const IMPERSONATE = 'impersonate';
const ACTIONS: ReadonlySet<string> = new Set(['join', 'send', IMPERSONATE]);
/** Stands in a pattern for the subject of a token. */
const SUBJECT = '{sub}';
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
        const expected = 'expected join, send, impersonate, or some of them with commas between';
        throw new AccessFileError(`${expected}, got "${unknown}"`, file, line);
      }
      if (names.includes(IMPERSONATE) && pattern !== '*') {
        const problem = `impersonate holds for all groups: expected the pattern *, got "${pattern}"`;
        throw new AccessFileError(problem, file, line);
      }
      return { principal, actions: names as Action[], text: pattern, pattern: new Pattern(pattern) };
    });
    return new Permissions(rules);
  }

  /**
   * @param principals what the session has proved to be
   * @param subject whom its token names; null without one
   */
  permitOf(principals: readonly string[], subject: string | null = null): Authorize {
    const rules = this.rulesOf(principals).flatMap(({ actions, text, pattern }) => {
      if (!text.includes(SUBJECT)) return { actions, pattern };
      return subject === null ? [] : { actions, pattern: new Pattern(text, subject) };
    });
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

  /** Whether the session says itself who it is, whatever its token says. @param principals as for `permitOf` */
  mayImpersonate(principals: readonly string[]): boolean {
    return this.rulesOf(principals).some(({ actions }) => actions.includes(IMPERSONATE));
  }

  private rulesOf(principals: readonly string[]): readonly Rule[] {
    return this.rules.filter(({ principal }) => principal === ANYBODY || principals.includes(principal));
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

  /** @param subject stands for `{sub}`, as it is: a star in it is a star */
  constructor(pattern: string, subject: string | null = null) {
    const [first = '', ...rest] = pattern
      .split('*')
      .map((text) => (subject === null ? text : text.replaceAll(SUBJECT, () => subject)));
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
