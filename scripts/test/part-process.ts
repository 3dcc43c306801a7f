/** One mocha as a process, in a group of its own, so that all that its specs have started ends with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import type { Ended, Result } from './summary.js';

export interface PartOptions {
  readonly name: string;
  /** Arguments of Node: its own options, mocha, and what that gets. */
  readonly args: readonly string[];
  /** Whether it leaves the processor to others: it has nothing to be in time for. */
  readonly isPatient: boolean;
}

type Output = readonly ['stdout' | 'stderr', Buffer];

export class PartProcess {
  /** Resolves when the process and its output have ended. */
  readonly ended: Promise<Ended>;
  private readonly child: ChildProcess;
  private result: Result | null = null;
  /** What waits to be shown; null when it is shown at once. */
  private held: Output[] | null = [];
  private isRunning = true;

  constructor({ name, args, isPatient }: PartOptions) {
    const hasGroups = process.platform !== 'win32';
    this.child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: hasGroups,
    });
    const { child } = this;
    if (isPatient && child.pid !== undefined)
      setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream]?.on('data', (bytes: Buffer) => this.print([stream, bytes]));
    }
    child.on('message', (result) => {
      this.result = result as Result;
    });
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', () => {
        this.isRunning = false;
        // Nothing of it stays: only a mocha that was interrupted or has failed leaves anything.
        this.signal('SIGKILL');
      });
      child.on('close', (status, signal) =>
        resolve({ name, result: this.result, end: signal ?? status ?? 1 }),
      );
    });
  }

  /** Shows what was held, and from now on everything at once. */
  show(): void {
    const held = this.held ?? [];
    this.held = null;
    for (const output of held) this.print(output);
  }

  /** Asks it and all that it has started to end, and makes it after the limit. */
  end(limit: number): void {
    if (!this.isRunning) return;
    this.signal('SIGINT');
    setTimeout(() => {
      if (this.isRunning) this.signal('SIGKILL');
    }, limit).unref();
  }

  private print(output: Output): void {
    if (this.held) this.held.push(output);
    else process[output[0]].write(output[1]);
  }

  private signal(name: NodeJS.Signals): void {
    const { pid } = this.child;
    if (pid === undefined) return;
    try {
      if (process.platform === 'win32') this.child.kill(name);
      else process.kill(-pid, name);
    } catch {
      // The whole group has ended.
    }
  }
}
