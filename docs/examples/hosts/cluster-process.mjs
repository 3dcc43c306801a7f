import cluster from 'node:cluster';
import { connectHere, primaryDaemon } from 'ssp-toolkit/cluster-process';

const WORKERS = 4;

if (cluster.isPrimary) {
  const daemon = await primaryDaemon();
  for (let i = 0; i < WORKERS; i++) cluster.fork();
  let running = WORKERS;
  cluster.on('exit', () => --running === 0 && void daemon.stop());
} else {
  const connection = await connectHere();
  const group = await connection.join('workers');
  for await (const event of group) {
    if (event.kind !== 'view' || event.members.length < WORKERS) continue;
    console.log(`worker ${event.myIndex + 1} of ${WORKERS}${event.myIndex === 0 ? ', the leader' : ''}`);
    break;
  }
  await connection.close();
  process.disconnect();
}
