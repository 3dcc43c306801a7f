/** The other end of `transport-program.ts`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/wait.js';

const PROGRAM = fileURLToPath(new URL('transport-program.js', import.meta.url));
const LIMIT = 15_000;

export interface Shown {
  readonly kind: 'deliver' | 'confchg' | 'ring';
  readonly node: number;
  readonly pid: number;
  /** Its first bytes. */
  readonly data: string;
  readonly size: number;
  readonly members: readonly { readonly node: number; readonly pid: number }[];
  readonly nodes: readonly number[];
  readonly rep: number;
  readonly seq: string;
}

type Line = Readonly<Record<string, unknown>> & { readonly batch?: readonly Shown[] };

export class TransportProcess implements AsyncDisposable {
  readonly lines: Line[] = [];
  errors = '';
  isRunning = true;
  private readonly child: ChildProcess;

  /** @param inside the command line that runs a program where its Corosync is */
  constructor(inside: (program: string, ...args: readonly string[]) => readonly [string, ...string[]]) {
    const [program, ...args] = inside(process.execPath, '--enable-source-maps', PROGRAM);
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    if (this.child.stdout) {
      createInterface(this.child.stdout).on('line', (line) => this.lines.push(JSON.parse(line) as Line));
    }
    this.child.stderr?.on('data', (text) => (this.errors += text));
    this.child.on('close', () => {
      this.isRunning = false;
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** What was handed over at a time. */
  get batches(): readonly (readonly Shown[])[] {
    return this.lines.flatMap(({ batch }) => (batch ? [batch] : []));
  }

  get events(): readonly Shown[] {
    return this.batches.flat();
  }

  /** Beginnings of the messages. */
  get data(): string[] {
    return this.events.filter(({ kind }) => kind === 'deliver').map(({ data }) => data);
  }

  /** Process ids in the group, as told last. */
  get members(): number[] | undefined {
    return this.events.findLast(({ kind }) => kind === 'confchg')?.members.map(({ pid }) => pid);
  }

  /** Tells it to do something. */
  tell(deed: string, ...args: readonly unknown[]): void {
    this.child.stdin?.write(`${JSON.stringify([deed, ...args])}\n`);
  }

  /** Tells it, and waits for the line with one of the keys. */
  async ask(keys: readonly string[], deed: string, ...args: readonly unknown[]): Promise<Line> {
    const before = this.lines.length;
    this.tell(deed, ...args);
    return await this.line(keys, before);
  }

  async line(keys: readonly string[], from = 0): Promise<Line> {
    const find = (): Line | undefined =>
      this.lines.slice(from).find((line) => keys.some((key) => key in line));
    await this.wait(() => find() !== undefined, keys.join(' or '));
    return find() as Line;
  }

  async open(group: string): Promise<Line> {
    return await this.ask(['opened', 'refused'], 'open', group);
  }

  async wait(condition: () => boolean, what: string): Promise<void> {
    await eventually(() => condition() || !this.isRunning, what, LIMIT);
    if (!condition()) throw new Error(`the process ended before ${what}: ${this.errors}`);
  }

  /** No more to do: it ends when nothing keeps it. */
  async ends(limit = LIMIT): Promise<void> {
    this.child.stdin?.end();
    await eventually(() => !this.isRunning, 'the end of the process', limit);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await eventually(() => !this.isRunning, 'the end of the process', LIMIT);
  }
}
