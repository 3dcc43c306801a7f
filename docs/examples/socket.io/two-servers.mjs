// Two Socket.IO servers that are one: clients of both see the same events in the same order.
import { setTimeout as pause } from 'node:timers/promises';
import { Server } from 'socket.io';
import { io as connectClient } from 'socket.io-client';
import { connect } from 'ssp-toolkit';
import { createAdapter } from 'ssp-toolkit/socket.io';

const address = process.argv[2] ?? '4803@localhost';

async function startServer() {
  const connection = await connect({ address });
  const io = new Server({ connectionStateRecovery: {} });
  io.adapter(await createAdapter(connection));
  io.on('connection', (socket) => {
    // The sender gets its own message, too: at its place in the order.
    socket.on('say', (text) => io.emit('said', text));
  });
  io.listen(0);
  return { io, url: `http://localhost:${io.httpServer.address().port}`, connection };
}

const servers = [await startServer(), await startServer()];
for (const { io } of servers) while ((await io.of('/').adapter.serverCount()) < 2) await pause(10);

const COUNT = 100;
const clients = await Promise.all(
  servers.map(async ({ url }) => {
    const client = connectClient(url);
    const heard = [];
    const all = new Promise((resolve) => {
      client.on('said', (text) => {
        heard.push(text);
        if (heard.length === 2 * COUNT) resolve();
      });
    });
    await new Promise((resolve) => client.on('connect', resolve));
    return { client, heard, all };
  }),
);

for (let i = 0; i < COUNT; i++)
  for (const [n, { client }] of clients.entries()) client.emit('say', `${n}-${i}`);
await Promise.all(clients.map(({ all }) => all));

const [ann, bob] = clients.map(({ heard }) => heard.join(' '));
console.log(`both heard ${2 * COUNT} messages in one order: ${ann === bob}`);
const everybody = await servers[0].io.fetchSockets();
console.log(`clients of all servers: ${everybody.length}`);

for (const { client } of clients) client.disconnect();
for (const { io, connection } of servers) {
  await io.close();
  await connection.close();
}
