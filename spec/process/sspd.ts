/** The built `sspd` as a process of its own: that of the folder this spec was compiled into. */
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/wait.js';

const MAIN = fileURLToPath(new URL('../../daemon/cli/main.js', import.meta.url));
const LIMIT = 15_000;

/** A port that was free a moment ago: a configuration cannot ask for any free one. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

export interface Ending {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Sspd implements AsyncDisposable {
  stdout = '';
  stderr = '';
  /** How the process ended; null while it runs. */
  ending: Ending | null = null;
  readonly child: ChildProcess;

  constructor(args: readonly string[], stdio: StdioOptions = ['ignore', 'pipe', 'pipe']) {
    this.child = spawn(process.execPath, [MAIN, ...args], { stdio });
    this.child.stdout?.on('data', (text) => (this.stdout += text));
    this.child.stderr?.on('data', (text) => (this.stderr += text));
    this.child.on('close', (status, signal) => {
      this.ending = { status, signal };
    });
  }

  /** A process that runs to its end. */
  static async run(...args: readonly string[]): Promise<Sspd & { readonly ending: Ending }> {
    await using sspd = new Sspd(args);
    await sspd.ended();
    return sspd as Sspd & { readonly ending: Ending };
  }

  /** Resolves with the first line of standard output. */
  async greeting(): Promise<string> {
    await eventually(() => this.stdout.includes('\n') || this.ending !== null, 'the first line', LIMIT);
    if (this.ending) throw new Error(`sspd ended: ${this.stderr}`);
    return this.stdout.slice(0, this.stdout.indexOf('\n'));
  }

  /** The port in the first line, as a script finds it. */
  async port(): Promise<number> {
    const line = await this.greeting();
    return Number(/:(\d+)/.exec(line)?.[1]);
  }

  async ended(): Promise<Ending> {
    await eventually(() => this.ending !== null, 'the end of sspd', LIMIT);
    return this.ending as Ending;
  }

  /** The lines of the log. */
  get log(): Record<string, unknown>[] {
    return this.stderr
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.ending !== null) return;
    const closed = once(this.child, 'close');
    this.child.kill('SIGKILL');
    await closed;
  }
}
