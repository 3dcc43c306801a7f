import { connect } from 'ssp-toolkit';
import { map } from 'ssp-toolkit/recipes';

const address = process.argv[2] ?? '4803@localhost';

const first = await connect({ address, name: 'ann' });
const ann = await map<string>(first, 'settings');
await ann.set('colour', 'green');

const second = await connect({ address, name: 'bob' });
const bob = await map<string>(second, 'settings');
await bob.ready();
console.log(`bob sees ${bob.get('colour')}`);

const seen = new Promise<string>((resolve) => ann.once('set', (key, value) => resolve(`${key} is ${value}`)));
await bob.set('colour', 'blue');
console.log(`ann sees that ${await seen}`);
console.log(`bob added the shape: ${await bob.add('shape', 'round')}`);
console.log(`ann added the shape: ${await ann.add('shape', 'square')}`);

await first.close();
await second.close();
