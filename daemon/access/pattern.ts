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
