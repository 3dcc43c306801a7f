/** Text for manual pages. */

/** Characters that roff would take for something of its own, also at the beginning of a line. */
export const escaped = (text: string): string =>
  text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll("'", String.raw`\(aq`)
    .replaceAll('`', String.raw`\(ga`)
    .replaceAll('"', String.raw`\(dq`)
    .replaceAll('~', String.raw`\(ti`)
    .replaceAll('^', String.raw`\(ha`)
    .replaceAll(/^(?=\.)/gm, String.raw`\&`);

/** A sentence of Markdown: code becomes bold, a link its text. */
export const inline = (text: string): string =>
  text
    .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .split('`')
    .map((part, place) => (place % 2 === 0 ? escaped(part) : `\\fB${escaped(part)}\\fR`))
    .join('');

/** A term, and its meaning below and further in. */
export const entry = (term: string, meaning: string): string => `.TP\n${term}\n${meaning}`;

/** Lines as they are. */
export const literal = (text: string): string => `.PP\n.RS 4\n.EX\n${escaped(text)}\n.EE\n.RE`;
