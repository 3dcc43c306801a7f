/** A process of the bench of orders: the daemon, or one Socket.IO server with an adapter. Told what to do by its parent. */
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createDaemon } from '../daemon/index.js';
import { createAdapter } from '../lib/adapters/socket.io/index.js';
import { connect } from '../lib/index.js';

/** Packages that only `npm run test:hosts` installs. */
const load = createRequire(fileURLToPath(new URL('../../spec/hosts/package.json', import.meta.url)));

/** What is used of a server of Socket.IO. */
interface Server {
  readonly httpServer: { address(): AddressInfo | string | null };
  adapter(factory: unknown): void;
  listen(port: number): void;
  emit(event: string, text: string): void;
  of(namespace: string): { readonly adapter: { serverCount(): Promise<number> } };
  in(room: string): Room;
  socketsJoin(room: string): void;
  disconnectSockets(): void;
}
interface Room {
  socketsLeave(room: string): void;
  disconnectSockets(): void;
}

/** Messages that the daemon keeps for a server that is slow: the machine has fewer processors than the bench has processes. */
const SESSION_MESSAGES = 100_000;

async function daemon(): Promise<void> {
  const { port } = await createDaemon({
    name: 'd1',
    listen: [{ port: 0, host: '127.0.0.1' }],
    limits: { maxSessionMessages: SESSION_MESSAGES },
  });
  process.send?.({ port });
}

async function adapterFor(kind: string, port: number): Promise<unknown> {
  if (kind === 'ours') return await createAdapter(await connect({ address: `${port}@127.0.0.1` }));
  const { Redis } = load('ioredis') as { Redis: new (port: number) => { duplicate(): unknown } };
  const redis = load('@socket.io/redis-adapter') as { createAdapter(pub: unknown, sub: unknown): unknown };
  const client = new Redis(port);
  return redis.createAdapter(client, client.duplicate());
}

/** Emits when it is asked to; with `mixed`, it also moves clients between rooms and disconnects those of a room. */
async function server(kind: string, port: number, index: number, isMixed: boolean): Promise<void> {
  const { Server } = load('socket.io') as { Server: new (options: object) => Server };
  const io = new Server({ transports: ['websocket'] });
  io.adapter(await adapterFor(kind, port));
  io.listen(0);
  let count = 0;
  const emitAll = async (emit: number): Promise<void> => {
    for (let i = 0; i < emit; i++) {
      // One in each turn, as for requests of clients.
      await new Promise(setImmediate);
      io.emit('n', `${index}-${count++}`);
      if (!isMixed || count % 50 !== index) continue;
      io.socketsJoin(`room ${index}`);
      io.in(`room ${index}`).socketsLeave(`room ${index}`);
      io.in('visitors').disconnectSockets();
    }
  };
  process.on('message', ({ emit }: { readonly emit: number }) => void emitAll(emit));
  while ((await io.of('/').adapter.serverCount()) < 1) await new Promise(setImmediate);
  process.send?.({ port: (io.httpServer.address() as AddressInfo).port });
}

const [role, port = '0', index = '0', mixed] = process.argv.slice(2);
process.once('disconnect', () => process.exit());
await (role === 'daemon' ? daemon() : server(role as string, Number(port), Number(index), mixed === 'mixed'));
