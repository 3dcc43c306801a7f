/** Built programs as processes, the way a user starts them: of the same build folder as the spec that runs. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const DEFAULT_LIMIT = 15_000;

/** The build folder: the first step below the folder of package.json on the way to this file. */
function buildFolder(): string {
  const here = fileURLToPath(import.meta.url);
  let root = dirname(here);
  while (!existsSync(join(root, 'package.json'))) root = dirname(root);
  const [first] = relative(root, here).split(sep);
  return join(root, first as string);
}

export interface Ended {
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

export class Program {
  out = '';
  err = '';
  private static readonly running = new Set<Program>();
  private readonly ended: Promise<Ended>;
  private changed: () => void = () => undefined;

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    Program.running.add(this);
    child.stdout.on('data', (chunk) => this.hear(() => (this.out += chunk)));
    child.stderr.on('data', (chunk) => this.hear(() => (this.err += chunk)));
    // A program that ends before it has read everything is no fault of the writer.
    child.stdin.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      child.on('close', (status) => {
        Program.running.delete(this);
        this.hear(() => resolve({ status, out: this.out, err: this.err }));
      });
    });
  }

  /** @param path below the build folder, such as `lib/cli/main.js`; or an absolute one */
  static start(path: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Program {
    const { SSP_ADDRESS: _, ...inherited } = process.env;
    const script = isAbsolute(path) ? path : join(buildFolder(), path);
    const child = spawn(process.execPath, [script, ...args], { env: { ...inherited, ...environment } });
    child.stdout.setEncoding('utf8');
    child.stderr.setEncoding('utf8');
    return new Program(child);
  }

  /** Ends what a failed spec has left. */
  static async endAll(): Promise<void> {
    const left = [...Program.running];
    for (const { child } of left) child.kill('SIGKILL');
    await Promise.all(left.map(({ ended }) => ended));
  }

  /** Writes to standard input. */
  write(text: string | Uint8Array): this {
    this.child.stdin.write(text);
    return this;
  }

  /** Closes standard input. */
  eof(): this {
    this.child.stdin.end();
    return this;
  }

  signal(name: NodeJS.Signals): this {
    this.child.kill(name);
    return this;
  }

  /** Closes the reading end of its standard output, as `head` does. */
  ignoreOutput(): this {
    this.child.stdout.destroy();
    return this;
  }

  /** Waits until standard output matches. */
  async prints(pattern: RegExp, limit = DEFAULT_LIMIT): Promise<RegExpExecArray> {
    let isOver = false;
    void this.ended.then(() => (isOver = true));
    const end = performance.now() + limit;
    for (;;) {
      const match = pattern.exec(this.out);
      if (match) return match;
      if (isOver || performance.now() > end) {
        throw new Error(
          `${pattern} was not printed but ${JSON.stringify(this.out)}, and ${JSON.stringify(this.err)}`,
        );
      }
      await this.change(end - performance.now());
    }
  }

  /** Waits for the end of the process and of its output. */
  async end(limit = DEFAULT_LIMIT): Promise<Ended> {
    const timer = setTimeout(() => this.child.kill('SIGKILL'), limit);
    const ended = await this.ended;
    clearTimeout(timer);
    return ended;
  }

  private change(limit: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limit);
      this.changed = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private hear(note: () => void): void {
    note();
    this.changed();
  }
}
