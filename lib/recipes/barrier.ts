/** A barrier: members wait at it until so many are there. */
import { signalOf } from '../client/options.js';
import { errorOf } from '../errors.js';
import { integerFrom } from '../util/option-checks.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';
import type { Connection } from '../client/connection.js';
import { type BarrierCommand, BarrierMachine } from './core/machines/barrier.js';
import { type WaitOptions, checkOptions } from './options.js';
import { ConditionWaiter, ReplicatedObject, Withdrawals } from './replicated-object.js';
import { type Replicated, REPLICATED_OPTIONS, type ReplicatedOptions, replicated } from './replicated.js';

/** The options of `barrier`. */
export interface BarrierOptions extends ReplicatedOptions {
  /** Members that open it. */
  readonly parties: number;
}

const OPTIONS = { parties: integerFrom(1), ...REPLICATED_OPTIONS };

/** @throws as `replicated` */
export async function barrier(
  connection: Connection,
  group: string,
  options: BarrierOptions,
): Promise<Barrier> {
  checkOptions(OPTIONS, options);
  const { parties, ...rest } = options;
  if (parties === undefined) throw errorOf(ILLEGAL_PARAM, 'parties is missing: how many members open it');
  const machine = new BarrierMachine();
  return new Barrier(await replicated(connection, group, machine, rest), machine, parties);
}

/** Holds members back until enough have come; then lets all of them through. Made by `barrier`. */
export class Barrier extends ReplicatedObject<BarrierCommand, number> {
  private readonly instance: number;
  private readonly watch = new ConditionWaiter();
  private readonly withdrawals: Withdrawals<'leave', BarrierCommand>;
  /** Calls of `enter` that wait. */
  private entering = 0;

  /** @internal */
  constructor(
    replica: Replicated<BarrierCommand, number>,
    private readonly machine: BarrierMachine,
    /** How many have to come. */
    readonly parties: number,
  ) {
    super(replica);
    this.instance = replica.newInstance();
    this.withdrawals = new Withdrawals(replica, () => this.clear());
    machine.changed = () => this.look();
    replica.looked = () => this.look();
  }

  /** Ids of those who wait at it. */
  get entered(): readonly string[] {
    return this.machine.entered;
  }

  /**
   * Waits at the barrier until it opens; then it is closed again for the next time. Members that leave, crash or are
   * partitioned no longer count; one that was partitioned while it waited counts again when it is back.
   * @returns how often it had opened before
   * @throws as `Replicated.submit`; an aborted wait is given up
   */
  async enter(options: WaitOptions = {}): Promise<number> {
    const signal = signalOf(options);
    signal?.throwIfAborted();
    const { instance, parties, replica, machine } = this;
    this.entering++;
    try {
      for (;;) {
        let before = await replica.submit({ op: 'enter', instance, parties }, { signal });
        const isThere = (): boolean => machine.knows(replica.self, instance);
        const hasOpened = (): boolean => {
          // A state that is older than this entry may have the member at the barrier for an opening that was lost.
          if (isThere()) before = Math.min(before, machine.generation);
          return machine.generation > before;
        };
        // Where others continued without this member they have struck it off; and so has the state that they give it.
        const isForgotten = (): boolean => replica.isWritable && !isThere();
        await this.watch.until(
          () => hasOpened() || isForgotten(),
          (found) => replica.whileOpen(found, signal),
        );
        if (hasOpened()) return before;
      }
    } catch (error) {
      if (!replica.isClosed) this.withdrawals.submit('leave', this.leaving).catch(() => undefined);
      throw error;
    } finally {
      this.entering--;
      this.clear();
    }
  }

  private look(): void {
    this.clear();
    this.watch.look();
  }

  /**
   * Strikes off what stands for this member and nobody here waits for: an earlier process of its name, or one that gave
   * up, counts again where that is lost with the state in which it was applied.
   */
  private clear(): void {
    const { entering, machine, replica } = this;
    if (entering > 0 || !replica.isWritable || replica.isClosed) return;
    if (machine.entered.includes(replica.self)) this.withdrawals.once('leave', this.leaving);
  }

  private get leaving(): BarrierCommand {
    return { op: 'leave', instance: this.instance };
  }
}
