/**
 * One machine of the rig: a namespace with a Corosync and an `sspd`. A holder process keeps its mounts, so that both can
 * be killed and started again without losing them.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { execFile } from 'node:child_process';
import { eventually } from '../wait.js';
import { RigProcess } from './process.js';
import { daemonName, SSPD_PORT } from './settings.js';

const SSPD = fileURLToPath(new URL('../../../daemon/cli/main.js', import.meta.url));
const START_LIMIT = 20_000;
const run = promisify(execFile);

/** What runs on a node. */
export type Role = 'sspd' | 'corosync';
export const ROLES: readonly Role[] = ['corosync', 'sspd'];

export interface NodeFiles {
  readonly corosync: string;
  readonly spread: string;
}

export class ClusterNode {
  private holder: RigProcess | null = null;
  private readonly processes: Record<Role, RigProcess | null> = { corosync: null, sspd: null };

  constructor(
    readonly number: number,
    private readonly namespace: string,
    /** Where its daemon listens for clients. */
    readonly host: string,
    readonly folder: string,
  ) {}

  get daemon(): string {
    return daemonName(this.number);
  }

  readonly port = SSPD_PORT;

  /** What clients of our library connect to. */
  get address(): string {
    return `${this.port}@${this.host}`;
  }

  /** Prepares folder, files and mounts. */
  async prepare(files: NodeFiles): Promise<void> {
    for (const folder of ['var', 'uidgid.d']) mkdirSync(join(this.folder, folder), { recursive: true });
    writeFileSync(join(this.folder, 'corosync.conf'), files.corosync);
    writeFileSync(join(this.folder, 'spread.conf'), files.spread);
    const mounts = [
      'mount -t tmpfs x /run',
      `mount --bind ${this.folder}/var /var/lib/corosync`,
      'mount -t tmpfs x /dev/shm',
      'mkdir -p /run/corosync',
      // The last word of the script: everything before it has worked.
      `exec sleep inf`,
    ].join(' && ');
    const args = ['netns', 'exec', this.namespace, 'unshare', '-m', 'sh', '-c', mounts];
    const holder = new RigProcess('ip', args, join(this.folder, 'holder.log'));
    this.holder = holder;
    await eventually(
      () => !holder.isRunning || nameOf(holder.pid) === 'sleep',
      `mounts of node ${this.number}`,
    );
    if (!holder.isRunning)
      throw new Error(`node ${this.number} has no mounts: see ${this.folder}/holder.log`);
  }

  /** The command line that runs a program inside the node. @param program an absolute path */
  inside(program: string, ...args: readonly string[]): [string, ...string[]] {
    return ['nsenter', '-t', String(this.holder?.pid), '-m', '-n', program, ...args];
  }

  /** Runs a program inside the node to its end. @returns what it printed */
  async run(program: string, ...args: readonly string[]): Promise<string> {
    const [first, ...rest] = this.inside(program, ...args);
    return (await run(first, rest)).stdout;
  }

  start(role: Role): void {
    if (this.process(role)?.isRunning) throw new Error(`${role} runs already on node ${this.number}`);
    const line = role === 'corosync' ? this.corosyncLine() : this.sspdLine();
    const [program, ...args] = this.inside(...line);
    this.processes[role] = new RigProcess(program, args, join(this.folder, `${role}.out`));
  }

  /** Resolves when the daemon takes clients. @throws Error with what it said when it ended instead */
  async listening(): Promise<void> {
    const sspd = this.running('sspd');
    const isDone = async (): Promise<boolean> => !sspd.isRunning || (await accepts(this.port, this.host));
    await eventually(isDone, `${this.daemon} to listen`, START_LIMIT);
    if (sspd.isRunning) return;
    throw new Error(`${this.daemon} has ended: ${readFileSync(join(this.folder, 'sspd.out'), 'utf8')}`);
  }

  /** The running process of the role. @throws Error when there is none */
  running(role: Role): RigProcess {
    const process = this.process(role);
    if (!process?.isRunning) throw new Error(`no ${role} runs on node ${this.number}`);
    return process;
  }

  process(role: Role): RigProcess | null {
    return this.processes[role];
  }

  /** Numbers of the nodes that its Corosync has in the ring; empty when it gives no answer. */
  async ring(): Promise<number[]> {
    const text = await this.run('/usr/sbin/corosync-cmapctl', 'runtime.members').catch(() => '');
    return [...text.matchAll(/members\.(\d+)\.status \(str\) = joined/g)].map(([, node]) => Number(node));
  }

  /** Daemon views that its daemon has had so far, by its log. */
  daemonViews(): number {
    const text = readFileSync(join(this.folder, 'sspd.out'), 'utf8');
    return text.split('"daemon view installed"').length - 1;
  }

  /** Ends everything at once; nothing is awaited. */
  killNow(): void {
    for (const process of [this.processes.sspd, this.processes.corosync, this.holder]) {
      if (process?.isRunning) process.signal('SIGKILL');
    }
  }

  /** Ends everything. */
  async kill(): Promise<void> {
    this.killNow();
    const all = [this.processes.sspd, this.processes.corosync, this.holder];
    await Promise.all(all.flatMap((process) => process?.ended ?? []));
  }

  private corosyncLine(): [string, ...string[]] {
    // Each black box is 8 MB of memory, and one that was killed leaves its own.
    const clean = 'rm -f /run/corosync.pid /dev/shm/qb-corosync-*';
    const start = `${clean}; exec corosync -f -c ${this.folder}/corosync.conf`;
    return ['/bin/sh', '-c', start];
  }

  private sspdLine(): [string, ...string[]] {
    const config = join(this.folder, 'spread.conf');
    return [process.execPath, '--enable-source-maps', SSPD, '-c', config, '-n', this.daemon];
  }
}

const accepts = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}
