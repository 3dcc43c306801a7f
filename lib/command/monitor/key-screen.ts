/** A terminal that is redrawn whole, and the keys that are pressed meanwhile. Leaves it as it was. */
import { emitKeypressEvents, type Key } from 'node:readline';

const ENTER = '\u001B[?1049h\u001B[?25l';
const LEAVE = '\u001B[?25h\u001B[?1049l';
const HOME = '\u001B[H';
const CLEAR_TO_LINE_END = '\u001B[K';
const CLEAR_BELOW = '\u001B[J';

export class KeyScreen implements Disposable {
  private readonly hear: (text: string | undefined, key: Key) => void;
  private readonly resized: () => void;

  /** @param pressed takes the name of a key, `ctrl-c` too, since a raw terminal sends no signal */
  constructor(pressed: (key: string) => void, resized: () => void) {
    this.hear = (_, { name = '', ctrl }) => pressed(ctrl ? `ctrl-${name}` : name);
    this.resized = resized;
    emitKeypressEvents(process.stdin);
    process.stdin.on('keypress', this.hear);
    process.stdin.setRawMode(true);
    process.stdin.resume();
    process.stdout.on('resize', resized);
    process.stdout.write(ENTER);
  }

  static get isPossible(): boolean {
    return process.stdin.isTTY && process.stdout.isTTY;
  }

  get rows(): number {
    return process.stdout.rows;
  }

  get columns(): number {
    return process.stdout.columns;
  }

  /** Redraws. The lines must fit. */
  draw(lines: readonly string[]): void {
    const text = lines.map((line) => line + CLEAR_TO_LINE_END).join('\r\n');
    process.stdout.write(HOME + text + CLEAR_BELOW);
  }

  [Symbol.dispose](): void {
    process.stdin.off('keypress', this.hear);
    process.stdout.off('resize', this.resized);
    process.stdin.setRawMode(false);
    process.stdin.pause();
    process.stdout.write(LEAVE);
  }
}
