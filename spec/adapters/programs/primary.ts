/** A primary of `node:cluster` with four workers, each of which says how many members it sees. */
import cluster from 'node:cluster';
import { connectHere, primaryDaemon } from '../../../lib/adapters/cluster-process/index.js';

if (cluster.isPrimary) {
  const daemon = await primaryDaemon();
  console.log('daemon', daemon.address, daemon.scope);
  for (let i = 0; i < 4; i++) cluster.fork();
} else {
  const connection = await connectHere();
  connection.on('close', (error) => {
    console.log('worker', process.pid, 'closed', error ? 'lost' : 'here');
    process.exit();
  });
  const group = await connection.join('workers');
  group.on('view', ({ members }) => console.log('worker', process.pid, 'sees', members.length));
}
