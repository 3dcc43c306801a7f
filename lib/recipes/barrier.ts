/** A barrier: members wait at it until so many are there. */
import { z } from 'zod';
import { signalOf } from '../client/options.js';
import type { Connection } from '../client/connection.js';
import { type BarrierCommand, BarrierMachine } from './core/machines/barrier.js';
import { type WaitOptions, checkedOptions, instanceNumber } from './options.js';
import { ConditionWaiter, ReplicatedObject } from './replicated-object.js';
import { type Replicated, type ReplicatedOptions, replicated, replicatedSchema } from './replicated.js';

/** The options of `barrier`. */
export interface BarrierOptions extends ReplicatedOptions {
  /** Members that open it. */
  readonly parties: number;
}

const schema = z.strictObject({ parties: z.int().min(1), ...replicatedSchema.shape });

/** @throws as `replicated` */
export async function barrier(
  connection: Connection,
  group: string,
  options: BarrierOptions,
): Promise<Barrier> {
  const { parties, ...rest } = checkedOptions(schema, options);
  const machine = new BarrierMachine();
  return new Barrier(await replicated(connection, group, machine, rest), machine, parties);
}

/** Holds members back until enough have come; then lets all of them through. Made by `barrier`. */
export class Barrier extends ReplicatedObject<BarrierCommand, number> {
  private readonly instance = instanceNumber();
  private readonly watch = new ConditionWaiter();

  /** @internal */
  constructor(
    replica: Replicated<BarrierCommand, number>,
    private readonly machine: BarrierMachine,
    /** How many have to come. */
    readonly parties: number,
  ) {
    super(replica);
    machine.changed = () => this.watch.look();
    replica.looked = () => this.watch.look();
  }

  /** Ids of those who wait at it. */
  get entered(): readonly string[] {
    return this.machine.entered;
  }

  /**
   * Waits at the barrier until it opens; then it is closed again for the next time. Who leaves the group or is lost is
   * at it no more; one who was cut off while it waited is at it again when it is back.
   * @returns how often it had opened before
   * @throws as `Replicated.submit`; an aborted wait is given up
   */
  async enter(options: WaitOptions = {}): Promise<number> {
    const signal = signalOf(options);
    signal?.throwIfAborted();
    const { instance, parties, replica, machine } = this;
    try {
      const hasOpened = (before: number): boolean => machine.generation > before;
      // Where others went on without this member they have struck it off; and so has the state that they give it.
      const isForgotten = (): boolean => replica.isWritable && !machine.knows(replica.self, instance);
      for (;;) {
        const before = await replica.submit({ op: 'enter', instance, parties }, { signal });
        await this.watch.until(
          () => hasOpened(before) || isForgotten(),
          (found) => replica.whileOpen(found, signal),
        );
        if (hasOpened(before)) return before;
      }
    } catch (error) {
      if (!replica.isClosed) replica.submit({ op: 'leave', instance }).catch(() => undefined);
      throw error;
    }
  }
}
