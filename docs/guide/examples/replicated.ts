import { connect } from '../../../lib/index.js';
import { type Machine, replicated } from '../../../lib/recipes/index.js';

const address = process.argv[2] ?? '4803@localhost';

interface Pay {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

// What is replicated: the same commands in the same order make the same of it everywhere.
class Accounts implements Machine<Pay, number> {
  balances: Record<string, number> = {};

  reset(): void {
    this.balances = { bank: 100 };
  }

  // Returns what the payer has left.
  apply({ from, to, amount }: Pay): number {
    const left = (this.balances[from] ?? 0) - amount;
    if (left < 0) throw new Error(`${from} cannot pay ${amount}`);
    this.balances[from] = left;
    this.balances[to] = (this.balances[to] ?? 0) + amount;
    return left;
  }

  snapshot(): Uint8Array {
    return Buffer.from(JSON.stringify(this.balances));
  }

  async restore(pieces: AsyncIterable<Buffer>): Promise<void> {
    const all: Buffer[] = [];
    for await (const piece of pieces) all.push(piece);
    this.balances = JSON.parse(Buffer.concat(all).toString()) as Record<string, number>;
  }
}

const first = await connect({ address, name: 'ann' });
const ann = await replicated(first, 'accounts', new Accounts());
console.log(`the bank has ${await ann.submit({ from: 'bank', to: 'ann', amount: 60 })} left`);

// One who comes later is given the state, and what happens meanwhile.
const second = await connect({ address, name: 'bob' });
const accounts = new Accounts();
const bob = await replicated(second, 'accounts', accounts);
await bob.ready();
console.log(`bob knows that ann has ${accounts.balances['ann']}`);

// Both spend at the same time. Only one of them can.
const results = await Promise.allSettled([
  ann.submit({ from: 'ann', to: 'shop', amount: 40 }),
  bob.submit({ from: 'ann', to: 'pub', amount: 40 }),
]);
console.log(`payments that went through: ${results.filter(({ status }) => status === 'fulfilled').length}`);

await first.close();
await second.close();
