/** A process on a node that says what nobody understands in groups of Corosync; it is started again when it has ended. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ClusterNode } from '../node.js';
import { RigProcess } from '../process.js';

const PROGRAM = fileURLToPath(new URL('../../../cluster/stranger.js', import.meta.url));
const LOOK_MS = 500;

export class CpgStranger {
  private isOver = false;
  private process: RigProcess | null = null;
  private readonly loop: Promise<void>;

  /** @param group of Corosync: that of the daemons, or another one */
  constructor(
    private readonly node: ClusterNode,
    private readonly group: string,
  ) {
    this.loop = this.run();
  }

  async end(): Promise<void> {
    this.isOver = true;
    await this.process?.kill();
    await this.loop;
  }

  private async run(): Promise<void> {
    const { node, group } = this;
    const [program, ...args] = node.inside(process.execPath, PROGRAM, group, 'on');
    while (!this.isOver) {
      if (this.process?.isRunning !== true && node.process('corosync')?.state === 'runs')
        this.process = new RigProcess(program, args, join(node.folder, `stranger-${group}.out`));
      await pause(LOOK_MS);
    }
    await this.process?.kill();
  }
}
