import { connect } from 'ssp-toolkit';
import { election } from 'ssp-toolkit/recipes';

const address = process.argv[2] ?? '4803@localhost';

// In practice each worker is its own process. Here they are three connections of one process.
const connections = await Promise.all(['ann', 'bob', 'cid'].map((name) => connect({ address, name })));
const workers = [];
for (const connection of connections) workers.push(await election(connection, 'workers', { quorum: 2 }));

for (const worker of workers) {
  const { leader } = await worker.waitForLeader();
  console.log(`${leader.split('#')[1]} leads`);
}

const [ann, bob] = workers;
const before = ann?.term ?? 0;
await connections[0]?.close(); // the leader ends
const mine = await bob?.waitFor();
console.log(`now ${mine?.leader.split('#')[1]} leads, with a higher term: ${(mine?.term ?? 0) > before}`);

await connections[1]?.close();
await connections[2]?.close();
