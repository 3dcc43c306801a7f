/**
 * Machines at a switch, each a network namespace; this process is at the switch too. A machine whose cable is pulled
 * hears nothing any more, and nobody is told: both ends keep their link.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FOLDER_PREFIX } from './leftovers.js';
import { RigNames } from './names.js';
import { freeSubnet } from './network.js';
import { RigProcess } from './process.js';
import { ip, tryIp } from './system.js';

const SWITCH = 0;
/** None of a cable's: what comes out of a cable that is pulled is not for us. */
const SWITCH_MAC = '02:00:00:00:00:fe';

export class Lan implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`));
  private readonly names = new RigNames();
  private readonly subnet = freeSubnet();
  private readonly processes: RigProcess[] = [];

  /** @param machines their number; they are called 1, 2 ... */
  constructor(private readonly machines: number) {
    try {
      this.raise();
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** The address of this process. */
  get address(): string {
    return `${this.subnet}.254`;
  }

  /** Runs a program on a machine. @param program an absolute path */
  start(machine: number, program: string, ...args: readonly string[]): RigProcess {
    const all = ['netns', 'exec', this.names.namespace(machine), program, ...args];
    const process = new RigProcess('ip', all, this.outputOf(machine));
    this.processes.push(process);
    return process;
  }

  /** The file with the output of all programs of the machine. */
  outputOf(machine: number): string {
    return join(this.folder, `${machine}.out`);
  }

  /** Pulls the cable. */
  cut(machine: number): void {
    ip([`link set ${this.names.management(machine)} nomaster`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.processes.filter(({ isRunning }) => isRunning).map((each) => each.kill()));
    this.remove();
  }

  private raise(): void {
    const bridge = this.names.bridge(SWITCH);
    ip([
      `link add ${bridge} address ${SWITCH_MAC} type bridge`,
      `addr add ${this.address}/24 dev ${bridge}`,
      `link set ${bridge} up`,
    ]);
    for (let machine = 1; machine <= this.machines; machine++) {
      const namespace = this.names.namespace(machine);
      const link = this.names.management(machine);
      ip([
        `netns add ${namespace}`,
        `link add ${link} type veth peer name m0 netns ${namespace}`,
        `link set ${link} master ${bridge} up`,
      ]);
      ip([`addr add ${this.subnet}.${machine}/24 dev m0`, 'link set m0 up', 'link set lo up'], namespace);
    }
  }

  private remove(): void {
    for (let machine = 1; machine <= this.machines; machine++) {
      tryIp('link', 'del', this.names.management(machine));
      tryIp('netns', 'del', this.names.namespace(machine));
    }
    tryIp('link', 'del', this.names.bridge(SWITCH));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
