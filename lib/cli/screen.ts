/** A prompt with lines that come in while somebody types; without a terminal lines only. */
import { clearLine, createInterface, cursorTo, type Interface } from 'node:readline';

export class Screen {
  /** Whether a person sits there. */
  readonly isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  private readonly reader: Interface;
  private closed = false;
  private prompted = false;

  constructor(prompt: string) {
    this.reader = createInterface({
      input: process.stdin,
      ...(this.isTerminal && { output: process.stdout, terminal: true }),
      prompt,
      crlfDelay: Infinity,
    });
    this.reader.on('SIGINT', () => this.close());
    this.reader.on('close', () => this.finish());
  }

  /** Shows a line above what is being typed. */
  print(line: string): void {
    if (!this.prompted) {
      process.stdout.write(`${line}\n`);
      return;
    }
    clearLine(process.stdout, 0);
    cursorTo(process.stdout, 0);
    process.stdout.write(`${line}\n`);
    this.reader.prompt(true);
  }

  /** What is typed, line by line. Ends with the input, Ctrl-C, or `close`. */
  async *lines(): AsyncGenerator<string, void, void> {
    this.prompt();
    for await (const line of this.reader) {
      this.prompted = false;
      yield line;
      this.prompt();
    }
  }

  /** No more lines, and nothing that keeps the process from ending. */
  close(): void {
    this.reader.close();
  }

  private prompt(): void {
    if (!this.isTerminal || this.closed) return;
    this.prompted = true;
    this.reader.prompt();
  }

  private finish(): void {
    this.closed = true;
    // The prompt stays behind; what the shell prints belongs on a line of its own.
    if (this.prompted) process.stdout.write('\n');
    this.prompted = false;
    process.stdin.destroy();
  }
}
