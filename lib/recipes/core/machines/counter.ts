import { errorOf } from '../../../errors.js';
import { ILLEGAL_PARAM } from '../../../wire/codes.js';
import { SmallMachine } from './machine.js';

/** Adds, and gives what the sum is then. Throws what cannot be added exactly, and stays as it was. */
export class CounterMachine extends SmallMachine<number, number, number> {
  readonly kind = 'counter';

  get value(): number {
    return this.state;
  }

  protected first(): number {
    return 0;
  }

  protected isState(state: unknown): state is number {
    return Number.isSafeInteger(state);
  }

  protected isCommand(amount: unknown): amount is number {
    return Number.isSafeInteger(amount);
  }

  protected act(amount: number): number {
    const sum = this.state + amount;
    if (!Number.isSafeInteger(sum))
      throw errorOf(ILLEGAL_PARAM, `${this.state} + ${amount} is more than a number can hold exactly`);
    this.state = sum;
    return sum;
  }
}
