/** One process of a rig. Its output goes to a file, and it dies with the process that owns the rig. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export class RigProcess {
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  isRunning = true;
  isFrozen = false;
  /** When it was frozen or thawed last, by the clock of this process. */
  changedAt = performance.now();
  private readonly child: ChildProcess;

  /** @param log the file to which its output is added */
  constructor(program: string, args: readonly string[], log: string) {
    const output = openSync(log, 'a');
    const guarded = ['--pdeathsig', 'KILL', '--', program, ...args];
    this.child = spawn('setpriv', guarded, { stdio: ['ignore', output, output] });
    closeSync(output);
    this.pid = this.child.pid ?? 0;
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('exit', () => {
        this.isRunning = false;
        resolve();
      });
    });
  }

  get state(): 'runs' | 'frozen' | 'ended' {
    if (!this.isRunning) return 'ended';
    return this.isFrozen ? 'frozen' : 'runs';
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  freeze(): void {
    if (!this.isFrozen) this.changedAt = performance.now();
    this.isFrozen = true;
    this.signal('SIGSTOP');
  }

  thaw(): void {
    if (this.isFrozen) this.changedAt = performance.now();
    this.isFrozen = false;
    this.signal('SIGCONT');
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  /** Asks it to end, and waits. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    this.thaw();
    await this.ended;
  }
}
