// One of several instances of a Fastify server, whose clients all see the same events in the same order.
import Fastify from 'fastify';
import { connect } from 'ssp-toolkit';

const [address = '4803@localhost', port = '3000'] = process.argv.slice(2);
const MAX_UNSENT = 1_000_000; // bytes that may wait for one client

const connection = await connect({ addresses: [address] });
const room = await connection.join('news');
const clients = new Set();
const tell = (event, text) => {
  for (const client of clients) {
    if (client.writableLength > MAX_UNSENT) client.destroy();
    else client.write(`event: ${event}\ndata: ${JSON.stringify(text)}\n\n`);
  }
};
room.on('data', ({ text }) => tell('message', text));
// Events are missing here: clients have to read the state again.
room.on('gap', ({ reason }) => tell('gap', reason));
// The network was partitioned, or has healed: messages of the other part are not sent again, and there is no gap.
room.on('view', ({ cause }) => cause === 'network' && tell('gap', cause));

const app = Fastify({ bodyLimit: 100_000, forceCloseConnections: true });
app.post('/messages', async ({ body }, reply) => {
  if (typeof body !== 'string') return reply.code(415).send('expected text/plain\n');
  if (!connection.open) return reply.code(503).send('no daemon\n');
  await room.send(body, { confirm: true });
  return reply.code(201).send();
});
app.get('/events', (_request, reply) => {
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  reply.raw.write('retry: 1000\n\n');
  clients.add(reply.raw);
  reply.raw.once('close', () => clients.delete(reply.raw));
});
app.addHook('onClose', () => connection.close());

console.log(await app.listen({ port: Number(port), host: '127.0.0.1' }));
process.once('SIGTERM', () => void app.close());
// No daemon for a minute: end, so that the service manager starts this instance again.
connection.once('close', (error) => error && process.exit(1));
