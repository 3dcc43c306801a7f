/** Sends recorded messages again, one session for each sender, in the order in which they were delivered. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, connect, NotUniqueError, type Service, SspError } from '../../index.js';
import { parsePrivateGroup } from '../../wire/index.js';
import { joinUnread } from '../join.js';
import { type Access, CONNECT_LIMIT_MS, connectFailure, credentials, tlsOf } from '../session.js';

/** A message as it is sent again. */
export interface Resent {
  readonly sender: string;
  readonly groups: readonly string[];
  readonly body: Uint8Array;
  readonly type: number;
  readonly service: Service;
}

/** Messages under way at most. */
const MOST_UNDER_WAY = 1_000;

export class Resender implements AsyncDisposable {
  private readonly senders = new Map<string, Connection>();
  /** The one who sent last. */
  private last: string | null = null;
  private sent = 0;
  private seen = 0;
  private moved: () => void = () => undefined;

  private constructor(
    private readonly access: Access,
    private readonly observer: Connection,
    private readonly stop: AbortSignal,
  ) {
    observer.on('event', (event) => {
      if (event.kind !== 'data' || event.fromMe || !this.isOurs(event.sender)) return;
      this.seen++;
      this.moved();
    });
    observer.on('close', () => this.moved());
    stop.addEventListener('abort', () => this.moved(), { once: true });
  }

  /** @throws Failure when there is no daemon */
  static async open(access: Access, groups: readonly string[], stop: AbortSignal): Promise<Resender> {
    const resender = new Resender(access, await open(access, '', stop), stop);
    for (const group of groups) await joinUnread(resender.observer, group);
    return resender;
  }

  /** Between two messages. */
  async pause(milliseconds: number): Promise<void> {
    if (milliseconds >= 1) await sleep(milliseconds, undefined, { signal: this.stop });
  }

  /** What another sender sent before it is delivered before it. */
  async send({ sender, groups, body, type, service }: Resent): Promise<void> {
    if (sender !== this.last) await this.reach(this.sent);
    else await this.reach(this.sent - MOST_UNDER_WAY);
    this.last = sender;
    const connection = await this.connectionOf(sender);
    this.sent++;
    await connection.send(groups, body, { type, service });
  }

  /** Resolves when everything is delivered. */
  async finished(): Promise<void> {
    await this.reach(this.sent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.observer, ...this.senders.values()].map((each) => each.close()));
  }

  private isOurs(id: string): boolean {
    for (const { id: own } of this.senders.values()) if (own === id) return true;
    return false;
  }

  private async reach(count: number): Promise<void> {
    while (this.seen < count && this.observer.open && !this.stop.aborted)
      await new Promise<void>((resolve) => {
        this.moved = resolve;
      });
    this.stop.throwIfAborted();
  }

  private async connectionOf(sender: string): Promise<Connection> {
    const before = this.senders.get(sender);
    if (before) return before;
    const connection = await open(this.access, parsePrivateGroup(sender)?.name ?? '', this.stop);
    this.senders.set(sender, connection);
    return connection;
  }
}

/** Under the name, or under another one when somebody has it. */
async function open(access: Access, name: string, signal: AbortSignal): Promise<Connection> {
  const options = { address: access.address, timeoutMs: CONNECT_LIMIT_MS, signal, tls: tlsOf(access) };
  const auth = credentials();
  try {
    return await connect({ ...options, auth, name });
  } catch (error) {
    if (error instanceof NotUniqueError) return await connect({ ...options, auth });
    throw error instanceof SspError ? connectFailure(error, access) : error;
  }
}
