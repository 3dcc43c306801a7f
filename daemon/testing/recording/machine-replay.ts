/** A machine at each place of a recording. */
import type { Buffer } from 'node:buffer';
import { IllegalParamError } from '../../../lib/errors.js';
import type { Machine } from '../../../lib/recipes/index.js';
import type { MachineStep } from './machine-steps.js';

/** A command as it was applied. */
export interface ReplayedCommand<Command> {
  /** Commands of the recording up to and with this one: where the machine is after it. */
  readonly place: number;
  /** Id of the member that submitted it. */
  readonly sender: string;
  /** Commands applied before it, the same at all replicas. */
  readonly index: number;
  /** The command. */
  readonly command: Command;
  /** Milliseconds since the beginning of the recording. */
  readonly atMs: number;
}

type Apply = MachineStep & { readonly kind: 'apply' };

/**
 * The state of a replicated group, as one member had it, at each place of a recording: place 0 is before the first command that was
 * recorded, place n after the nth one. Made by `Recording.machine`.
 */
export class MachineReplay<Command, Result, M extends Machine<Command, Result>> {
  /** Commands that were applied, in order. */
  readonly commands: readonly ReplayedCommand<Command>[];
  /** Steps that the machine has taken. */
  private taken = 0;
  /** What is under way: the machine is at one place at a time. */
  private before: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(
    private readonly machine: M,
    private readonly steps: readonly MachineStep[],
  ) {
    const applied = steps.filter((step): step is Apply => step.kind === 'apply');
    this.commands = applied.map(({ command, info: { sender, index }, atMs }, i) => ({
      place: i + 1,
      sender,
      index,
      command: command as Command,
      atMs,
    }));
  }

  /** The last place: the number of commands. */
  get length(): number {
    return this.commands.length;
  }

  /**
   * Takes the machine to a place, with everything that came up to the next command: members, merges, states that were taken over.
   * @param place 0 to `length`
   * @returns the machine, which stays there until the next call
   * @throws IllegalParamError for another place, and what the machine throws when it takes over a state
   */
  async at(place: number): Promise<M> {
    if (!Number.isInteger(place) || place < 0 || place > this.length)
      throw new IllegalParamError(`at: expected a place from 0 to ${this.length}, got ${place}`);
    const moved = this.before.catch(() => undefined).then(() => this.move(place));
    this.before = moved;
    await moved;
    return this.machine;
  }

  /**
   * The command after which something is so for the first time, found by bisection: what is so after one command has to be so after
   * all that follow.
   * @param predicate whether it is so in the state of the machine
   * @returns the command; null when it is so before the first one, or not at the end
   */
  async find(predicate: (machine: M) => boolean): Promise<ReplayedCommand<Command> | null> {
    const isSo = async (place: number): Promise<boolean> => predicate(await this.at(place));
    let [not, so] = [0, this.length];
    if (!(await isSo(so)) || (await isSo(not))) return null;
    while (so - not > 1) {
      const middle = Math.floor((not + so) / 2);
      if (await isSo(middle)) so = middle;
      else not = middle;
    }
    return this.commands[so - 1] ?? null;
  }

  private async move(place: number): Promise<void> {
    const end = this.endOf(place);
    if (end < this.taken) this.taken = 0;
    if (this.taken === 0) this.machine.reset();
    for (; this.taken < end; this.taken++) await this.take(this.steps[this.taken] as MachineStep);
  }

  /** Steps up to the command after the place. */
  private endOf(place: number): number {
    let count = 0;
    const next = this.steps.findIndex((step) => step.kind === 'apply' && ++count > place);
    return next < 0 ? this.steps.length : next;
  }

  private async take(step: MachineStep): Promise<void> {
    const { machine } = this;
    switch (step.kind) {
      case 'apply':
        try {
          // What the machine does to a command is not seen by the next run.
          machine.apply(structuredClone(step.command) as Command, step.info);
        } catch {
          // Its result, which nobody waits for.
        }
        break;
      case 'reset':
        machine.reset();
        break;
      case 'present':
        machine.present?.(step.members);
        break;
      case 'merge':
        machine.merge?.(step.bytes);
        break;
      case 'restore':
        await machine.restore(once(step.bytes));
    }
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
