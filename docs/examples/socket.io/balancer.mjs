// In place of nginx or HAProxy, on one machine: node balancer.mjs 3000 3001 3002 3003
import { connect, createServer } from 'node:net';

const [port, ...servers] = process.argv.slice(2).map(Number);
let turn = 0;

/** To the next server that accepts. */
function forward(client, tries) {
  if (tries === 0) return client.destroy();
  const server = connect(servers[turn++ % servers.length], 'localhost');
  const next = () => forward(client, tries - 1);
  server.once('error', next);
  server.once('connect', () => {
    server.off('error', next);
    client.pipe(server).pipe(client);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ])
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  });
}

const balancer = createServer((client) => {
  client.on('error', () => client.destroy());
  forward(client, servers.length);
}).listen(port, () => console.log(`balancer ${balancer.address().port} listens`));
