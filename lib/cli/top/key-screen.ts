/** A terminal that is redrawn whole, and the keys that are pressed meanwhile. Leaves it as it was. */
import { type Key, emitKeypressEvents } from 'node:readline';
import { styleText } from 'node:util';

/** What a line means; the colours follow from it. */
export type Tone = 'title' | 'head' | 'strong' | 'warning' | 'failure' | 'faint';

export interface Line {
  readonly text: string;
  readonly tone?: Tone | undefined;
}

/** One format each: with several, the `styleText` of Node 20 does not ask the stream. */
const formats = {
  title: 'bold',
  head: 'cyan',
  strong: 'green',
  warning: 'yellow',
  failure: 'red',
  faint: 'dim',
} satisfies Record<Tone, Parameters<typeof styleText>[0]>;

/** The text in its colours; without them where the stream shows none, or NO_COLOR is in the environment. */
export const painted = ({ text, tone }: Line, stream: NodeJS.WritableStream = process.stdout): string =>
  tone === undefined || text === '' ? text : styleText(formats[tone], text, { stream });

/** What a screen reads keys from. */
export interface KeyInput extends NodeJS.ReadableStream {
  readonly isTTY?: boolean;
  setRawMode(isRaw: boolean): unknown;
}

/** What a screen draws on. A terminal that does not know its size has none, or 0. */
export interface ScreenOutput extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly rows?: number;
  readonly columns?: number;
}

export interface Terminal {
  readonly input: KeyInput;
  readonly output: ScreenOutput;
}

export const ownTerminal: Terminal = { input: process.stdin, output: process.stdout };

const ENTER = '\u001B[?1049h\u001B[?25l';
const LEAVE = '\u001B[?25h\u001B[?1049l';
const HOME = '\u001B[H';
/** Before the text of a line: behind a line as wide as the terminal it would take the last character away. */
const CLEAR_LINE = '\u001B[K';
const CLEAR_BELOW = '\u001B[J';

const USUAL_ROWS = 24;
const USUAL_COLUMNS = 80;

export class KeyScreen implements Disposable {
  private readonly hear: (text: string | undefined, key: Key) => void;

  /**
   * @param pressed takes the name of a key, `ctrl-c` too, since a raw terminal sends no signal
   * @param resized called when the terminal has another size
   */
  constructor(
    pressed: (key: string) => void,
    private readonly resized: () => void,
    private readonly terminal: Terminal = ownTerminal,
  ) {
    const { input, output } = terminal;
    this.hear = (_, { name = '', ctrl }) => pressed(ctrl ? `ctrl-${name}` : name);
    emitKeypressEvents(input);
    input.on('keypress', this.hear);
    input.setRawMode(true);
    input.resume();
    output.on('resize', resized);
    output.write(ENTER);
  }

  static get isPossible(): boolean {
    return process.stdin.isTTY && process.stdout.isTTY;
  }

  get rows(): number {
    return this.terminal.output.rows || USUAL_ROWS;
  }

  get columns(): number {
    return this.terminal.output.columns || USUAL_COLUMNS;
  }

  /** Redraws. What does not fit is cut. */
  draw(lines: readonly Line[]): void {
    const { rows, columns } = this;
    const { output } = this.terminal;
    const texts = lines
      .slice(0, rows)
      .map(({ text, tone }) => CLEAR_LINE + painted({ text: text.slice(0, columns), tone }, output));
    output.write(HOME + texts.join('\r\n') + (texts.length < rows ? `\r\n${CLEAR_BELOW}` : ''));
  }

  [Symbol.dispose](): void {
    const { input, output } = this.terminal;
    input.off('keypress', this.hear);
    output.off('resize', this.resized);
    input.setRawMode(false);
    input.pause();
    output.write(LEAVE);
  }
}
