import { Keyv } from 'keyv';
import { connect } from 'ssp-toolkit';
import { keyvStore } from 'ssp-toolkit/keyv';

const address = process.argv[2] ?? '4803@localhost';

// In practice each of them is a process of its own.
const [ann, bob] = await Promise.all(['ann', 'bob'].map((name) => connect({ address, name })));
const cacheOf = async (connection) => {
  const cache = new Keyv({ store: await keyvStore(connection), namespace: 'carts' });
  cache.on('error', (error) => console.error(error.message));
  return cache;
};
const [first, second] = [await cacheOf(ann), await cacheOf(bob)];

await first.set('anna', ['tea'], 60_000);
await second.set('bert', ['jam']);
console.log('bob has', await second.get('anna'), await second.get('bert'));

await first.disconnect();
await ann.close();
console.log('without ann', await second.get('anna'));

await second.disconnect();
await bob.close();
