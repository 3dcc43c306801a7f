import { connect, InvalidValueError } from 'ssp-toolkit';
import { z } from 'zod';

const address = process.argv[2] ?? '4803@localhost';
const short = (id: string): string => id.split('#')[1] ?? id;

const Order = z.object({ drink: z.enum(['tea', 'coffee']), cups: z.number().int().positive() });

const ann = await connect({ address, name: 'ann' });
const bob = await connect({ address, name: 'bob' });
const bar = await ann.join('bar', { schema: Order });
const guest = await bob.join('bar', { schema: Order });

await guest.send({ drink: 'tea', cups: 2 });
await bob.send('bar', '{"drink":"beer","cups":1}'); // as a program without the schema would
await bob.send('bar', 'closing soon', { type: 1 }); // not an order: another type
try {
  await guest.send({ drink: 'coffee', cups: 0 });
} catch (error) {
  if (error instanceof InvalidValueError)
    console.log(`bob cannot send that: ${error.issues[0]?.path.join('.')}`);
}

for await (const event of bar) {
  if (event.kind === 'invalid') {
    console.log(`${short(event.sender)} sent no order: ${event.issues[0]?.path.join('.')}`);
  } else if (event.kind === 'data' && event.value !== undefined) {
    console.log(`${short(event.sender)} orders ${event.value.cups} cups of ${event.value.drink}`);
  } else if (event.kind === 'data') {
    console.log(`${short(event.sender)} says: ${event.text}`);
    break;
  }
}
await Promise.all([ann.close(), bob.close()]);
