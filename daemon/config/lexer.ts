/** Text into tokens, by the lexical rules of [daemon 4.2]. */
import { ConfigurationError, type Position } from './error.js';

/** `=` and `;` are marks only where they stand free: inside a bare word they are letters like any other. */
export type TokenKind = 'word' | 'string' | '{' | '}' | '[' | ']' | '=' | ';' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** Without the quotes of a string. */
  readonly text: string;
  readonly position: Position;
}

const blanks = /[ \t\r\n\f\v]+|#[^\n]*/y;
const quoted = /"[^"\n]*"|'[^'\n]*'/y;
const bracket = /[{}[\]]/y;
/** Everything except white space, `#`, braces and brackets; quotes too, unless the word begins with one. */
const bareWord = /[^ \t\r\n\f\v#{}[\]]+/y;

/**
 * All tokens of a file; the last is of the kind `end`, and stands where the text ends.
 * @throws ConfigurationError for a quote that is not closed on its line
 */
export function tokenize(text: string, file: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  let lineStart = 0;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const skipBlanks = (): void => {
    for (let blank = take(blanks); blank !== undefined; blank = take(blanks)) {
      const lastEnd = blank.lastIndexOf('\n');
      if (lastEnd < 0) continue;
      line += blank.split('\n').length - 1;
      lineStart = at - blank.length + lastEnd + 1;
    }
  };

  for (skipBlanks(); at < text.length; skipBlanks()) {
    const position = { line, column: at - lineStart + 1 };
    const string = take(quoted);
    const word = string ?? take(bracket) ?? take(bareWord) ?? '';
    if (string !== undefined) tokens.push({ kind: 'string', text: string.slice(1, -1), position });
    else if (/^["']/.test(word)) {
      throw new ConfigurationError('the quote is not closed on this line', file, position);
    } else tokens.push({ kind: isMark(word) ? word : 'word', text: word, position });
  }
  tokens.push({ kind: 'end', text: '', position: { line, column: at - lineStart + 1 } });
  return tokens;
}

const marks: ReadonlySet<string> = new Set(['{', '}', '[', ']', '=', ';']);
const isMark = (word: string): word is '{' | '}' | '[' | ']' | '=' | ';' => marks.has(word);
