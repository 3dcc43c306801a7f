import { connect } from 'ssp-toolkit';
import { type Machine, replicated } from 'ssp-toolkit/recipes';

const address = process.argv[2] ?? '4803@localhost';

interface Pay {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

// The replicated state. The same commands in the same order produce the same state everywhere.
class Accounts implements Machine<Pay, number> {
  balances: Record<string, number> = {};

  reset(): void {
    this.balances = { bank: 100 };
  }

  // Returns the new balance of the payer.
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

// A later member receives the state, and every command from then on.
const second = await connect({ address, name: 'bob' });
const accounts = new Accounts();
const bob = await replicated(second, 'accounts', accounts);
await bob.ready();
console.log(`bob sees that ann has ${accounts.balances['ann']}`);

// Both spend at the same time, but the money is enough for one payment only.
const results = await Promise.allSettled([
  ann.submit({ from: 'ann', to: 'shop', amount: 40 }),
  bob.submit({ from: 'ann', to: 'pub', amount: 40 }),
]);
console.log(`payments that succeeded: ${results.filter(({ status }) => status === 'fulfilled').length}`);

await first.close();
await second.close();
