import { SmallMachine } from './small.js';

/** Adds, and gives what the sum is then. */
export class CounterMachine extends SmallMachine<number, number, number> {
  get value(): number {
    return this.state;
  }

  protected first(): number {
    return 0;
  }

  protected act(amount: number): number {
    if (typeof amount === 'number' && Number.isSafeInteger(this.state + amount)) this.state += amount;
    return this.state;
  }
}
