// One of several instances of an Express server, which all have the same state: the seats that are taken.
import express from 'express';
import { connect } from 'ssp-toolkit';
import { map } from 'ssp-toolkit/recipes';

const [address = '4803@localhost', port = '3000'] = process.argv.slice(2);
const SEATS = new Set(Array.from({ length: 100 }, (_, index) => String(index + 1)));
const WAIT_MS = 1000;

const connection = await connect({ addresses: [address] });
const taken = await map(connection, 'seats');
await taken.ready();

const app = express();
app.get('/seats', (_request, response) => response.json(Object.fromEntries(taken)));
app.put('/seats/:seat/:name', async ({ params: { seat, name } }, response) => {
  response.type('text');
  if (!SEATS.has(seat)) return response.status(404).send('expected a seat from 1 to 100\n');
  // Of all clients that ask for a seat, at any instance, exactly one gets it.
  const isMine = await taken.add(seat, name, { signal: AbortSignal.timeout(WAIT_MS) });
  return response.status(isMine ? 201 : 409).send(`${taken.get(seat)}\n`);
});
app.get('/health', (_request, response) => response.sendStatus(connection.open ? 200 : 503));
// Without a daemon nobody can decide who gets the seat.
app.use((error, _request, response, next) => {
  if (error.name === 'TimeoutError') response.status(503).send('ask again later\n');
  else next(error);
});

const server = app.listen(Number(port), '127.0.0.1', (error) => {
  if (error) throw error;
  console.log(`http://127.0.0.1:${server.address().port}`);
});
process.once('SIGTERM', () => server.close(() => void connection.close()));
// No daemon for a minute: end, so that the service manager starts this instance again.
if (await taken.closed) process.exit(1);
