import { connect } from 'ssp-toolkit';
import { presence } from 'ssp-toolkit/recipes';

const address = process.argv[2] ?? '4803@localhost';

interface About {
  readonly port: number;
  readonly state: string;
}

const first = await connect({ address, name: 'ann' });
const second = await connect({ address, name: 'bob' });

const all = await presence<About>(first, 'servers', { metadata: { port: 8001, state: 'ready' } });
all.on('joined', ({ name, metadata }) => console.log(`${name} joined, port ${metadata?.port}`));
all.on('updated', ({ name, metadata }) => console.log(`${name} is ${metadata?.state}`));
all.on('left', ({ name }, how) => console.log(`${name} left: ${how}`));

const bob = await presence<About>(second, 'servers', { metadata: { port: 8002, state: 'ready' } });
bob.announce({ port: 8002, state: 'busy' });

const left = new Promise((resolve) => all.once('left', resolve));
const updated = new Promise((resolve) => all.once('updated', resolve));
await updated;
console.log(`in order: ${all.here.map(({ name }) => name).join(', ')}`);
await second.close();
await left;
await first.close();
