/** A message of one's own that comes back through the order: everything that had its place before it is here then. */
import { Buffer } from 'node:buffer';
import {
  type Connection,
  ConnectionClosedError,
  type DataEvent,
  PermissionDeniedError,
  type RejectEvent,
  type SendOptions,
} from '../index.js';
import { type Deferred, deferred } from '../util/deferred.js';

export class Echo {
  private waiting: Deferred<void> | null = null;
  private body: Uint8Array = Buffer.alloc(0);

  private constructor(
    private readonly connection: Connection,
    private readonly destination: string,
  ) {
    connection.on('close', (error) => {
      this.waiting?.reject(error ?? new ConnectionClosedError('closed on this side'));
    });
    connection.on('reject', (event) => this.refused(event));
  }

  /** @param group joined for it; without one the messages go to this connection alone */
  static async open(connection: Connection, group?: string): Promise<Echo> {
    const echo = new Echo(connection, group ?? connection.id);
    const heard = (event: DataEvent): void => echo.hear(event);
    if (group === undefined) connection.on('message', heard);
    else (await connection.join(group)).on('data', heard);
    return echo;
  }

  /** Sends, and resolves when the message is back. One at a time. @throws PermissionDeniedError when it is refused */
  async trip(body: Uint8Array, options: SendOptions): Promise<void> {
    const back = deferred<void>();
    this.waiting = back;
    this.body = body;
    await this.connection.send(this.destination, body, options);
    await back.promise;
  }

  private refused({ body, error }: RejectEvent): void {
    if (!body.equals(this.body)) return;
    this.waiting?.reject(error);
    this.waiting = null;
  }

  private hear(event: DataEvent): void {
    if (!event.fromMe || !event.body.equals(this.body)) return;
    this.waiting?.resolve();
    this.waiting = null;
  }
}

/**
 * Waits until the daemon has answered everything that was sent up to here, refusals included: a message to oneself stands
 * behind it. Where a policy refuses that one, the refusal is the answer.
 * @param mark its body, which no other message has
 */
export async function answered(connection: Connection, mark: Uint8Array): Promise<void> {
  const echo = await Echo.open(connection);
  try {
    await echo.trip(mark, {});
  } catch (error) {
    if (!(error instanceof PermissionDeniedError)) throw error;
  }
}
