/** Where programs in processes of their own reach a daemon in memory: each of their connections is a pipe to it. */
import type { Server, Socket } from 'node:net';
import type { AcceptedSocket } from './daemon.js';
import { type PeerAddress, PIPE_BYTES, type PipeEnd } from './pipe.js';

const HOST = '127.0.0.1';

/** Opens a pipe to the daemon. @param from where the program is; null while the daemon is down */
type Open = (from: PeerAddress) => { readonly near: PipeEnd; readonly far: AcceptedSocket } | null;

export class TcpFront {
  /** The same in each life of the daemon. */
  port = 0;
  private server: Server | null = null;
  private readonly sockets = new Set<Socket>();

  constructor(private readonly open: Open) {}

  async listen(): Promise<void> {
    const { createServer } = await import('node:net');
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, HOST, resolve);
    });
    const address = server.address();
    this.port = typeof address === 'object' && address ? address.port : 0;
    this.server = server;
  }

  /** The daemon is gone: its connections are reset. */
  async close(): Promise<void> {
    const { server } = this;
    this.server = null;
    for (const socket of this.sockets) reset(socket);
    if (server) await new Promise<void>((resolve) => void server.close(() => resolve()));
  }

  private accept(socket: Socket): void {
    const { remoteAddress: address = HOST, remotePort: port = 0 } = socket;
    const pipe = this.open({ address, port });
    socket.on('error', () => undefined);
    if (pipe === null) {
      reset(socket);
      return;
    }
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    join(socket, pipe.near);
  }
}

/** One that has sent its end is not reset: Node would keep its handle for good. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** What comes at one goes out at the other, and each feels when the other is not read. */
function join(socket: Socket, near: PipeEnd): void {
  socket.on('data', (bytes) => {
    near.write(bytes, () => socket.resume());
    if (near.writableLength > PIPE_BYTES) socket.pause();
  });
  near.on('data', (bytes: Buffer) => {
    if (socket.write(bytes)) return;
    near.pause();
    socket.once('drain', () => near.resume());
  });
  socket.on('end', () => near.end());
  socket.on('close', () => near.destroy());
  near.on('end', () => socket.end());
  near.on('error', () => reset(socket));
  near.on('close', () => socket.destroySoon());
}
