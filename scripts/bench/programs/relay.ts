/**
 * The yardstick: what Node and the kernel can do at best with the same bytes. Each chunk that comes from a sender goes to
 * its receivers as it is; nothing is parsed, copied or kept. A sender is not read while one of its receivers has more
 * than a socket's buffer waiting.
 *
 * `relay.js <fan-out> [path]`: a sender's chunks go to that many receivers each, the next chunk to the next ones. Prints its
 * port, and listens on a Unix socket too when it gets a path.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { ROLE_BYTES } from '../load/line.js';

const fanOut = Number(process.argv[2]);
const receivers: Socket[] = [];
let next = 0;

function receiversOfChunk(): Socket[] {
  const count = Math.min(fanOut, receivers.length);
  const first = next;
  next = (next + count) % receivers.length;
  if (first === 0 && count === receivers.length) return receivers;
  return Array.from({ length: count }, (_, i) => receivers[(first + i) % receivers.length] as Socket);
}

function copy(sender: Socket, choose: () => Socket[]): void {
  sender.on('data', (chunk) => {
    for (const receiver of choose()) {
      if (receiver.write(chunk)) continue;
      sender.pause();
      waitingFor.set(sender, (waitingFor.get(sender) ?? 0) + 1);
      receiver.once('drain', () => {
        const left = (waitingFor.get(sender) ?? 1) - 1;
        waitingFor.set(sender, left);
        if (left === 0) sender.resume();
      });
    }
  });
}

/** Receivers that each sender waits for. */
const waitingFor = new Map<Socket, number>();

const path = process.argv[3];

function accept(socket: Socket): void {
  // A run that is broken off does not end the relay.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    waitingFor.delete(socket);
    const place = receivers.indexOf(socket);
    if (place >= 0) receivers.splice(place, 1);
    next = 0;
  });
  socket.once('data', (role) => {
    if (role.toString() === ROLE_BYTES.sender) copy(socket, receiversOfChunk);
    else if (role.toString() === ROLE_BYTES.both) copy(socket, () => [socket]);
    else receivers.push(socket);
    socket.setMaxListeners(0);
    socket.write('.');
  });
}

const server = createServer({ noDelay: true }, accept);
if (path !== undefined) await once(createServer(accept).listen({ path, backlog: 1024 }), 'listening');
await once(server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }), 'listening');
process.stdout.write(`relay at 127.0.0.1:${(server.address() as AddressInfo).port}\n`);
process.once('SIGTERM', () => process.exit());
