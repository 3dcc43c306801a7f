/** Faults by chance. Each is over after a while, but the next one need not wait for that. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../random.js';
import type { Cluster } from './cluster.js';
import { applyFault, parseFault } from './faults.js';
import { ROLES } from './node.js';

/** Longest times in milliseconds. */
export interface FaultLimits {
  /** From one fault to the next. */
  readonly pause: number;
  readonly freeze: number;
  /** A killed process is gone for so long. */
  readonly gone: number;
  readonly loss: number;
}

/** Token timeouts within which nothing comes of it that Corosync hangs. */
const LEAST_HANG = 1.5;

export const LONG: FaultLimits = { pause: 4_000, freeze: 10_000, gone: 4_000, loss: 6_000 };
export const SHORT: FaultLimits = { pause: 1_500, freeze: 2_500, gone: 1_000, loss: 2_000 };

const LOSS_PERCENT = 10;
const LEAST_FREEZE_MS = 100;

export class RandomFaults {
  /** What was done, as lines. */
  readonly done: string[] = [];
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly cluster: Cluster,
    private readonly random: Random,
    private readonly limits: FaultLimits,
  ) {}

  /** One fault, and the pause behind it. */
  async next(): Promise<void> {
    const { random, limits } = this;
    const [line, after] = this.choose();
    const episode = this.inflict(line, after).finally(() => this.running.delete(episode));
    this.running.add(episode);
    await pause(random.below(limits.pause));
  }

  /** Resolves when every fault is over that has an end of its own. */
  async over(): Promise<void> {
    await Promise.all(this.running);
  }

  /** A line of `faults.ts`, and what ends it: another line after some milliseconds. */
  private choose(): [string, [number, string]?] {
    const { random, limits } = this;
    const node = 1 + random.below(this.cluster.nodes.length);
    const role = random.pick(ROLES);
    switch (random.below(9)) {
      case 0:
        return [`cut ${node}`];
      case 1:
        return [`split ${this.sides(node)}`];
      case 2:
      case 3:
        return ['heal'];
      case 4:
        return [`loss ${LOSS_PERCENT}`, [random.below(limits.loss), 'loss 0']];
      case 5:
      case 6:
        return [`kill ${role} ${node}`, [random.below(limits.gone), `start ${role} ${node}`]];
      case 7:
        return [`freeze corosync ${node} ${this.hang()}ms`];
      default:
        return [`freeze ${role} ${node} ${LEAST_FREEZE_MS + random.below(limits.freeze)}ms`];
    }
  }

  /** Long enough that the others form a ring without it, or nearly so. */
  private hang(): number {
    return LEAST_HANG * this.cluster.settings.token + this.random.below(this.limits.freeze);
  }

  private sides(alone: number): string {
    const others = this.cluster.nodes.map(({ number }) => number).filter((number) => number !== alone);
    return `${alone} ${others.join(',')}`;
  }

  /** A process that is gone already cannot be killed again, one that is back cannot be started. */
  private async inflict(line: string, after?: [number, string]): Promise<void> {
    this.done.push(line);
    const fault = parseFault(line);
    if ('role' in fault && !this.cluster.node(fault.node).process(fault.role)?.isRunning) return;
    await applyFault(this.cluster, fault);
    if (!after) return;
    const [time, end] = after;
    await pause(time);
    const second = parseFault(end);
    if ('role' in second && this.cluster.node(second.node).process(second.role)?.isRunning) return;
    await applyFault(this.cluster, second);
  }
}
