/**
 * A client as one with blocking calls is: it does not read while its send waits for room, and before each send it takes
 * what waits.
 */
import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { checkDelivery } from '../../lib/wire/delivery.js';
import { FrameReader } from '../../lib/wire/frame-reader.js';
import { RawSession, type Where } from '../support/raw-client.js';

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class BlockingClient {
  /** Frames that came. */
  received = 0;
  isClosed = false;
  private readonly socket: Socket;
  private readonly reader = new FrameReader({
    header: checkDelivery,
    frame: () => {
      this.received++;
    },
  });

  private constructor(readonly session: RawSession) {
    this.socket = session.client.socket;
    this.socket.removeAllListeners('data');
    this.socket.pause();
    this.socket.on('close', () => {
      this.isClosed = true;
    });
  }

  /** @param group it is in */
  static async connect(where: Where, name: string, group: string): Promise<BlockingClient> {
    const session = await RawSession.connect(where, name);
    session.join(group);
    await session.next();
    return new BlockingClient(session);
  }

  /** Takes what waits. */
  async receive(): Promise<void> {
    for (let empty = 0; empty < 2; await soon()) {
      const chunk = this.socket.read() as Buffer | null;
      if (chunk === null) empty++;
      else this.reader.push(chunk);
    }
  }

  /** Resolves when the system has taken all of it. */
  async send(bytes: Buffer): Promise<void> {
    if (this.isClosed || this.socket.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.socket.off('drain', done).off('close', done);
        resolve();
      };
      this.socket.on('drain', done).on('close', done);
    });
  }

  close(): void {
    this.session.close();
  }
}
