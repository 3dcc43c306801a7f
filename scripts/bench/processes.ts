/** The processes of a bench: daemon, relay and load are each their own, as in real life. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Question, Reply } from './load/serve.js';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const program = (name: string): string => at(`programs/${name}.js`);
export const SSPD = at('../../daemon/cli/main.js');
export const SSP = at('../../lib/cli/main.js');

/** What starts a server of another kind. */
export interface ServerStart {
  readonly command: string;
  readonly args: readonly string[];
  /** Where the line that says it is ready appears. */
  readonly stream: 'stdout' | 'stderr';
  /** The line; its first group is the port, where the caller does not know it. */
  readonly ready: RegExp;
  readonly port?: number;
}

/** A server of a bench: what listens on a port until it is ended. */
export class Server implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    /** Of the listener for browsers; 0 without one. */
    readonly webPort: number,
  ) {}

  /** A server that is not ours, or not a program of Node. @throws Error when it ends before it is ready */
  static async other({ command, args, stream, ready, port }: ServerStart): Promise<Server> {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    guard(child);
    const text = await textUntil(child, child[stream], ready);
    // What it says from here on is not kept, and does not fill the pipe.
    for (const each of [child.stdout, child.stderr]) each.resume();
    return new Server(child, port ?? Number(ready.exec(text)?.[1]), 0);
  }

  /** @param options for node, before the program */
  static async daemon(options: readonly string[] = [], ...args: readonly string[]): Promise<Server> {
    const line = [...options, SSPD, '--port', '0', '--unix-dir', '', '--log', 'error', ...args];
    return await Server.start(line);
  }

  /** The yardstick; see `programs/relay`. @param path of its Unix socket, if it is to have one */
  static async relay(fanOut: number, path?: string): Promise<Server> {
    return await Server.start([program('relay'), String(fanOut), ...(path === undefined ? [] : [path])]);
  }

  private static async start(args: readonly string[]): Promise<Server> {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    guard(child);
    const line = await firstLine(child);
    const port = Number(/:(\d+)/.exec(line)?.[1]);
    const webPort = Number(/browsers on port (\d+)/.exec(line)?.[1] ?? 0);
    return new Server(child, port, webPort);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.child);
  }
}

/** A load program; see `load/serve`. */
export class Load<Request, Answer> implements AsyncDisposable {
  private constructor(private readonly child: ChildProcess) {}

  /** @param name of a file in `programs`, @param options of node, @param line the command that is or starts node */
  static async start<Request, Answer>(
    name: string,
    plan: object,
    options: readonly string[] = [],
    [execPath, ...before]: readonly [string, ...string[]] = [process.execPath],
  ): Promise<Load<Request, Answer>> {
    // Profiles are wanted of the daemon, not of this.
    const execArgv = [...before, '--enable-source-maps', ...options];
    const child = fork(program(name), { execPath, execArgv });
    const load = new Load<Request, Answer>(child);
    try {
      await load.say({ plan });
      return load;
    } catch (error) {
      await end(child);
      throw error;
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.child.connected;
  }

  async ask(request: Request): Promise<Answer> {
    return (await this.say({ request })).answer as Answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.child);
  }

  private async say(question: Question): Promise<Reply> {
    const { child } = this;
    if (!child.connected) throw new Error('a load program has ended');
    const reply = await beforeItsEnd(child, async (signal) => {
      const replied = once(child, 'message', { signal });
      child.send(question);
      return (await replied)[0] as Reply;
    });
    if (reply.error !== undefined) throw new Error(reply.error);
    return reply;
  }
}

/** Runs a program of the rig to its end. @returns what it printed */
export async function output(name: string): Promise<string> {
  const child = spawn(process.execPath, [program(name)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await firstLine(child);
  await exited(child);
  return line;
}

/** The first thing that a process prints. @throws Error when it ends before */
async function firstLine(child: ChildProcess & { readonly stdout: Readable }): Promise<string> {
  return await beforeItsEnd(child, async (signal) =>
    String((await once(child.stdout, 'data', { signal }))[0]),
  );
}

/** All that a process prints until it matches. @throws Error when it ends before */
async function textUntil(child: ChildProcess, stream: Readable, pattern: RegExp): Promise<string> {
  let text = '';
  try {
    return await beforeItsEnd(child, async (signal) => {
      while (!pattern.test(text)) text += String((await once(stream, 'data', { signal }))[0]);
      return text;
    });
  } catch (error) {
    throw new Error(`expected ${pattern} from ${child.spawnfile}, got ${JSON.stringify(text)}`, {
      cause: error,
    });
  }
}

/** What `act` resolves with. @throws Error when the process ends before */
async function beforeItsEnd<T>(child: ChildProcess, act: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const { signal } = stop;
  const over = once(child, 'close', { signal }).then(() => {
    throw new Error('a process of the bench has ended');
  });
  const acting = act(signal);
  // One of the two is broken off.
  for (const each of [over, acting]) each.catch(() => undefined);
  try {
    return await Promise.race([acting, over]);
  } finally {
    stop.abort();
  }
}

/** Servers that run. Load programs end by themselves when the runner is gone. */
const running = new Set<ChildProcess>();

/** A bench that is broken off leaves no server behind. */
function guard(child: ChildProcess): void {
  if (running.size === 0) process.once('exit', killAll);
  running.add(child);
  child.once('exit', () => {
    running.delete(child);
    if (running.size === 0) process.off('exit', killAll);
  });
}

function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  await exited(child);
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/**
 * Node from its start to its end. Nobody reads what it prints.
 * @param args options of node, a program, and its arguments
 * @throws Error when it fails
 */
export async function finished(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  await exited(child);
  if (child.exitCode !== 0) throw new Error(`expected status 0 of ${args.join(' ')}, got ${child.exitCode}`);
}

/** The same with a program that does nothing. */
export const nothing = (): Promise<void> => finished(['--eval', '0']);
