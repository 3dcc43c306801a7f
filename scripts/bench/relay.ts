/**
 * What the machine can do at best: bytes through a bare TCP relay. The same three parts as a flood, in the same two
 * processes: sender and receiver in one, what stands between them in the other.
 *
 * `relay.js serve` prints its port; `relay.js drive <port> <bytes>` prints the milliseconds that the bytes took.
 */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

const CHUNK_BYTES = 64 * 1024;

/** Connections come in pairs: what the second one sends goes to the first. */
async function serve(): Promise<void> {
  let receiver: Socket | null = null;
  const server = createServer({ noDelay: true }, (socket) => {
    // A run that was broken off must not end the relay.
    socket.on('error', () => undefined);
    if (receiver === null) {
      receiver = socket;
      // The sender connects when the receiver has its place.
      socket.write('.');
    } else {
      socket.pipe(receiver);
      receiver = null;
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
}

async function drive(port: number, bytes: number): Promise<void> {
  const receiver = connect({ port, host: '127.0.0.1' });
  await once(receiver, 'data');
  const sender = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(sender, 'connect');
  let received = 0;
  const whole = new Promise<void>((resolve, reject) => {
    receiver.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received === bytes) resolve();
    });
    receiver.on('close', () => reject(new Error('the relay went away')));
  });
  const start = performance.now();
  await Promise.all([send(sender, bytes), whole]);
  process.stdout.write(`${performance.now() - start}\n`);
  sender.destroy();
  receiver.destroy();
}

async function send(socket: Socket, bytes: number): Promise<void> {
  const chunk = Buffer.alloc(CHUNK_BYTES, 'x');
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
    const hasRoom = socket.write(left < CHUNK_BYTES ? chunk.subarray(0, left) : chunk);
    if (!hasRoom) await once(socket, 'drain');
  }
}

const [role, port, bytes] = process.argv.slice(2);
if (role === 'serve') await serve();
else await drive(Number(port), Number(bytes));
