/**
 * A daemon that follows a script: it shakes hands as [session 3] tells, sends the bytes a spec gives it, and
 * keeps what the client sends. Its bytes are written by hand, not by lib/wire. Ports are ephemeral.
 */
import { Buffer } from 'node:buffer';
import { EventEmitter, once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

export interface FakeDaemonScript {
  /** Length byte and text; default `NULL `. */
  list?: Buffer;
  /** Instead of the accept. */
  accept?: Buffer;
  /** Bytes behind the accept, in the same write. */
  first?: Buffer;
  /** Says nothing at all. */
  silent?: boolean;
  /** Listens on this Unix socket. */
  path?: string;
}

/** Daemon name used in private groups. */
export const FAKE_DAEMON_NAME = 'd1';

const NULL_LIST = Buffer.from('\x05NULL ', 'latin1');
const CHOICE_BYTES = 90;
/** Limit of every wait in milliseconds, so that a spec fails instead of hanging. */
const LIMIT_MS = 5_000;

export class FakeDaemon {
  private readonly sessions: FakeSession[] = [];
  private readonly waiting: ((session: FakeSession) => void)[] = [];
  private readonly all: FakeSession[] = [];

  private constructor(private readonly server: Server) {}

  static async start(script: FakeDaemonScript = {}): Promise<FakeDaemon> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const daemon = new FakeDaemon(server);
    server.on('connection', (socket) => daemon.accept(new FakeSession(socket, script)));
    server.listen(script.path === undefined ? { port: 0, host: '127.0.0.1' } : { path: script.path });
    await once(server, 'listening');
    return daemon;
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** What to connect to. */
  get spreadName(): string {
    return `${this.port}@127.0.0.1`;
  }

  /** The next session, in the order of connecting; it may still be in its handshake. */
  session(): Promise<FakeSession> {
    const session = this.sessions.shift();
    if (session) return Promise.resolve(session);
    return within(new Promise((resolve) => this.waiting.push(resolve)), 'a session');
  }

  async stop(): Promise<void> {
    for (const session of this.all) session.socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(session: FakeSession): void {
    this.all.push(session);
    const waiter = this.waiting.shift();
    if (waiter) waiter(session);
    else this.sessions.push(session);
  }
}

export class FakeSession {
  /** The client's connect request and method choice, each as it came. */
  readonly handshake: Buffer[] = [];
  /** Whether the client ended its side of the connection. */
  ended = false;
  private readonly chunks: Buffer[] = [];
  /** Bytes in the chunks. */
  private count = 0;
  /** Of the handshake. */
  private bytes: Buffer = Buffer.alloc(0);
  private stage: 'request' | 'choice' | 'frames' = 'request';
  /** `change` after every piece of news. */
  private readonly changes = new EventEmitter();

  constructor(
    readonly socket: Socket,
    private readonly script: FakeDaemonScript,
  ) {
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('end', () => {
      this.ended = true;
      // As a daemon does when the disconnect was ordered [session 5.2].
      socket.end();
      this.changes.emit('change');
    });
    socket.on('close', () => this.changes.emit('change'));
  }

  /** What the client sent behind the handshake. */
  get received(): Buffer {
    return Buffer.concat(this.chunks);
  }

  /** Resolves when the kernel has the bytes. */
  async send(...frames: Buffer[]): Promise<void> {
    await this.until(() => this.stage === 'frames', 'the handshake');
    await new Promise<void>((resolve) => this.socket.write(Buffer.concat(frames), () => resolve()));
  }

  /** Ends the stream in good order. */
  end(): void {
    this.socket.end();
  }

  /** Breaks the connection with a reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Resolves when the client has sent this many bytes behind the handshake. */
  async bytesFrom(count: number): Promise<Buffer> {
    await this.until(() => this.count >= count, `${count} bytes`);
    return this.received;
  }

  /** Resolves when the client's side of the connection is over. */
  async over(): Promise<void> {
    await this.until(() => this.ended || this.socket.destroyed, 'the end');
  }

  private async until(condition: () => boolean, what: string): Promise<void> {
    while (!condition()) await within(once(this.changes, 'change'), what);
  }

  private take(chunk: Buffer): void {
    if (this.stage === 'frames') this.keep(chunk);
    else {
      this.bytes = Buffer.concat([this.bytes, chunk]);
      if (this.script.silent !== true) this.step();
    }
    this.changes.emit('change');
  }

  private keep(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.count += chunk.length;
  }

  private step(): void {
    if (this.stage === 'request') {
      const length = 5 + (this.bytes[4] ?? 0);
      if (this.bytes.length < length) return;
      this.handshake.push(this.bytes.subarray(0, length));
      this.bytes = this.bytes.subarray(length);
      this.stage = 'choice';
      this.socket.write(this.script.list ?? NULL_LIST);
    }
    if (this.stage === 'choice') {
      if (this.bytes.length < CHOICE_BYTES) return;
      this.handshake.push(this.bytes.subarray(0, CHOICE_BYTES));
      this.keep(this.bytes.subarray(CHOICE_BYTES));
      this.stage = 'frames';
      this.socket.write(Buffer.concat([this.accept(), this.script.first ?? Buffer.alloc(0)]));
    }
  }

  private accept(): Buffer {
    if (this.script.accept) return this.script.accept;
    const name = this.handshake[0]?.toString('latin1', 5) || 'r1';
    const group = `#${name}#${FAKE_DAEMON_NAME}`;
    return Buffer.concat([Buffer.from([1, 5, 0, 1, group.length]), Buffer.from(group, 'latin1')]);
  }
}

/** The promise, or an error when it takes too long. */
export async function within<T>(promise: Promise<T>, what: string, limit = LIMIT_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${limit} ms for ${what}`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
