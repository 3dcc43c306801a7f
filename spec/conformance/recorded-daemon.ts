/** Plays the daemon's side of one recorded connection, and keeps what the client sends. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { chunkBytes, type Trace } from '../support/recordings.js';

export class RecordedDaemon {
  /** All bytes of the client. */
  received: Buffer = Buffer.alloc(0);
  /** The client has closed, or the recording ended with the daemon closing. */
  over = false;
  private socket: Socket | null = null;
  private next = 0;
  /** Bytes of the client that the recording has before the next chunk of the daemon. */
  private due = 0;

  private constructor(
    private readonly trace: Trace,
    private readonly server: Server,
  ) {}

  /** @param path of a local socket, for a recording that used one */
  static async start(trace: Trace, path: string): Promise<RecordedDaemon> {
    const server = createServer({ noDelay: true });
    const daemon = new RecordedDaemon(trace, server);
    server.on('connection', (socket) => daemon.accept(socket));
    server.listen(trace.transport === 'unix' ? { path } : { port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    return daemon;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Whether it has sent everything that stands before the next bytes of the client. */
  get isWaiting(): boolean {
    return (
      this.socket === null ||
      this.next === this.trace.chunks.length ||
      this.trace.chunks[this.next]?.dir === 'c2d'
    );
  }

  async stop(): Promise<void> {
    this.socket?.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(socket: Socket): void {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.over = true;
    });
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.play();
    });
    this.play();
  }

  /** Sends the daemon's chunks whose turn it is. */
  private play(): void {
    for (; this.next < this.trace.chunks.length; this.next++) {
      const chunk = this.trace.chunks[this.next];
      if (!chunk) return;
      const bytes = chunkBytes(chunk);
      if (chunk.dir === 'c2d') {
        if (this.received.length < this.due + bytes.length) return;
        this.due += bytes.length;
      } else {
        this.socket?.write(bytes);
      }
    }
    if (this.trace.first_close_seen_from === 'daemon') this.socket?.end();
  }
}
