/** A number that all members add to. */
import { errorOf } from '../errors.js';
import type { Connection } from '../client/connection.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';
import { CounterMachine } from './core/machines/counter.js';
import { checkOptions, type WaitOptions } from './options.js';
import { type Replicated, replicated, REPLICATED_OPTIONS, type ReplicatedOptions } from './replicated.js';
import { ReplicatedObject } from './replicated-object.js';

/** @throws as `replicated` */
export async function counter(
  connection: Connection,
  group: string,
  options: ReplicatedOptions = {},
): Promise<Counter> {
  checkOptions(REPLICATED_OPTIONS, options);
  const machine = new CounterMachine();
  return new Counter(await replicated(connection, group, machine, options), machine);
}

/** A number that all members of a group share. Made by `counter`. */
export class Counter extends ReplicatedObject<number, number> {
  /** @internal */
  constructor(
    replica: Replicated<number, number>,
    private readonly machine: CounterMachine,
  ) {
    super(replica);
  }

  /** As this member knows it. */
  get value(): number {
    return this.machine.value;
  }

  /**
   * Adds a whole number, also a negative one.
   * @returns the sum at this place in the order: no two additions of 1 ever get the same
   * @throws as `Replicated.submit`; IllegalParamError also where no number could hold the sum exactly: it is not made
   */
  async add(amount = 1, options?: WaitOptions): Promise<number> {
    if (!Number.isSafeInteger(amount))
      throw errorOf(ILLEGAL_PARAM, `expected a whole number to add, got ${String(amount)}`);
    return await this.replica.submit(amount, options);
  }
}
