import { setTimeout as pause } from 'node:timers/promises';
import { Cacheable, createKeyv } from 'cacheable';
import { connect } from 'ssp-toolkit';
import { keyvStore } from 'ssp-toolkit/keyv';
import { GroupInvalidation } from './group-invalidation.mjs';

const address = process.argv[2] ?? '4803@localhost';

async function startCache(name) {
  const connection = await connect({ addresses: [address], name });
  const invalidation = await GroupInvalidation.join(connection);
  const cache = new Cacheable({
    // In the memory of this process. The TTL limits how long a race with the second level can leave an old value.
    primary: createKeyv({ ttl: '1m', lruSize: 10_000 }),
    // What all processes share: this store, Redis, a database.
    secondary: await keyvStore(connection),
    sync: { qified: invalidation },
  });
  cache.on('error', (error) => console.error(error.message));
  invalidation.onMissed(() => void cache.primary.clear());
  return { cache, connection };
}

// In practice each of them is a process of its own.
const [ann, bob] = await Promise.all(['ann', 'bob'].map(startCache));
// Another process sees a change once its message has arrived.
async function bobReads(price) {
  while ((await bob.cache.get('price')) !== price) await pause(1);
  console.log(`bob reads ${price}`);
}

await ann.cache.set('price', 10);
await bobReads(10);
await ann.cache.set('price', 12); // bob drops the old price from its memory
await bobReads(12);

for (const { cache, connection } of [ann, bob]) {
  await cache.disconnect();
  await connection.close();
}
