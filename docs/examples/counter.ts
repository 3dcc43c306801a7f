import { connect } from 'ssp-toolkit';
import { counter } from 'ssp-toolkit/recipes';

const address = process.argv[2] ?? '4803@localhost';

const first = await connect({ address, name: 'ann' });
const second = await connect({ address, name: 'bob' });
const ann = await counter(first, 'tickets');
const bob = await counter(second, 'tickets');

// Two processes draw numbers, and no number is drawn twice.
const drawn = await Promise.all([ann.add(), bob.add(), ann.add(), bob.add(), bob.add()]);
console.log(`drawn: ${drawn.toSorted((a, b) => a - b).join(' ')}`);

await first.close();
await second.close();
