import { expect } from 'chai';
import { tokenize } from '../../daemon/config/lexer.js';
import { failureOf, FILE } from './support.js';

/** `kind:text` of every token but the last. */
const tokens = (text: string): string[] =>
  tokenize(text, FILE)
    .slice(0, -1)
    .map((token) => (token.kind === token.text ? token.kind : `${token.kind}:${token.text}`));

const places = (text: string): string[] =>
  tokenize(text, FILE).map(({ position }) => `${position.line}:${position.column}`);

describe('configuration lexer', () => {
  it('separates words by any white space and line end', () => {
    expect(tokens('a\tb\r\nc\fd\ve\n\n f')).to.deep.equal([
      'word:a',
      'word:b',
      'word:c',
      'word:d',
      'word:e',
      'word:f',
    ]);
  });

  it('takes "=" and ";" as marks only where they stand free', () => {
    expect(tokens('a = b=c =d e; ; ;f')).to.deep.equal([
      'word:a',
      '=',
      'word:b=c',
      'word:=d',
      'word:e;',
      ';',
      'word:;f',
    ]);
  });

  it('ends a bare word at braces, brackets and comments', () => {
    expect(tokens('a{b}c[d]e#f {')).to.deep.equal([
      'word:a',
      '{',
      'word:b',
      '}',
      'word:c',
      '[',
      'word:d',
      ']',
      'word:e',
    ]);
  });

  it('takes a comment to the end of its line only', () => {
    expect(tokens('# one "two\na # three\n#\nb#')).to.deep.equal(['word:a', 'word:b']);
  });

  it('reads strings in both quotes, with everything in them', () => {
    expect(tokens(`"a # { = ' b" 'c"d' ""`)).to.deep.equal([`string:a # { = ' b`, 'string:c"d', 'string:']);
  });

  it('makes a string of a keyword or mark in quotes', () => {
    expect(tokens(`"=" ';' "{"`)).to.deep.equal(['string:=', 'string:;', 'string:{']);
  });

  it('leaves a quote inside a bare word alone', () => {
    expect(tokens(`it's "a"b`)).to.deep.equal([`word:it's`, 'string:a', 'word:b']);
  });

  it('counts lines and columns from 1, a tab as one column', () => {
    expect(places('a b\n\tc\r\n\n  "d" {')).to.deep.equal(['1:1', '1:3', '2:2', '4:3', '4:7', '4:8']);
    expect(places('')).to.deep.equal(['1:1']);
    expect(places('# comment\n\n')).to.deep.equal(['3:1']);
  });

  it('refuses a quote that is not closed on its line', () => {
    for (const [text, place] of [
      ['a "b\nc"', '1:3'],
      ["\n 'b", '2:2'],
    ] as const) {
      const error = failureOf(() => tokenize(text, FILE));
      expect(error.message).to.equal(`${FILE}:${place}: the quote is not closed on this line`);
    }
  });
});
