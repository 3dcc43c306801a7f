import { connect } from 'ssp-toolkit';
import { map, type ReplicatedMap } from 'ssp-toolkit/recipes';

const address = process.argv[2] ?? '4803@localhost';
const KEPT = 60; // runs whose claims are kept

// Every worker calls this for every run. `add` gives true to exactly one of them, and that one does the work.
async function report(claims: ReplicatedMap<string>, worker: string, run: number): Promise<void> {
  if (!(await claims.add(`report ${run}`, worker))) return;
  console.log(`report of minute ${run}`);
  await claims.delete(`report ${run - KEPT}`);
}

// In practice each worker is its own process, with a timer. Here they are three connections, and two minutes.
const workers = ['ann', 'bob', 'cid'];
const connections = await Promise.all(workers.map((name) => connect({ address, name })));
const claims = await Promise.all(connections.map((connection) => map<string>(connection, 'cron')));

for (const minute of [1, 2])
  await Promise.all(claims.map((own, index) => report(own, workers[index] ?? '', minute)));

for (const connection of connections) await connection.close();
