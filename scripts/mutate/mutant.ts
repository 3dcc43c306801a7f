/** A mutant in words that a reader understands, and that do not age with line numbers. */

interface Position {
  /** From 0. */
  readonly line: number;
  readonly column: number;
}

export interface Mutant {
  /** From the root of the repository. */
  readonly file: string;
  readonly start: Position;
  readonly end: Position;
  readonly replacement: string;
}

export interface MutantInWords {
  readonly file: string;
  /** `function`, `Class.method` or `const`. */
  readonly place: string;
  readonly before: string;
  readonly after: string;
}

const WIDTH = 120;

const DECLARATION =
  /^(?:export )?(?:default )?(?:abstract )?(?:async )?(?:function\*?|class|const|let|enum) ([\w$]+)/;
const MEMBER =
  /^ {2}(?:(?:private|protected|public|static|override|readonly|async|get|set) )*\*?(#?[\w$]+)(?:<.*>)?(?:\(| ?[:=]|;)/;
/** Lines at the depth of a member that only continue one. */
const CONTINUED = /^ {2}(?:if|for|while|switch|return|throw|const|let)\b/;

/** The function or method that holds a line, by the indentation that the formatter gives. */
export function placeOf(lines: readonly string[], line: number): string {
  let member: string | undefined;
  for (let at = line; at >= 0; at--) {
    const text = lines[at] as string;
    const declared = DECLARATION.exec(text);
    if (declared) {
      const [, name = ''] = declared;
      return /\bclass /.test(text) && member !== undefined ? `${name}.${member}` : name;
    }
    if (member === undefined && !CONTINUED.test(text)) member = MEMBER.exec(text)?.[1];
  }
  return 'module';
}

const onOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

/** Both ends stay when the middle has to go. */
function shortened(text: string): string {
  if (text.length <= WIDTH) return text;
  return `${text.slice(0, WIDTH / 2)} … ${text.slice(-WIDTH / 2)}`;
}

/** The lines of a mutant before and after it. */
export function inWords({ file, start, end, replacement }: Mutant, source: string): MutantInWords {
  const lines = source.split('\n');
  const first = lines[start.line] as string;
  const last = lines[end.line] as string;
  const head = first.slice(0, start.column);
  const tail = last.slice(end.column);
  const original =
    start.line === end.line
      ? first.slice(start.column, end.column)
      : [first.slice(start.column), ...lines.slice(start.line + 1, end.line), last.slice(0, end.column)].join(
          '\n',
        );
  const line = (text: string): string => shortened(onOneLine(`${head}${text}${tail}`));
  return { file, place: placeOf(lines, start.line), before: line(original), after: line(replacement) };
}
