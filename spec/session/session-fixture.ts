/** The session side of a daemon with its parts in reach, behind a real listener and on an order that can be held. */
import { Buffer } from 'node:buffer';
import type { AddressInfo, Server } from 'node:net';
import { openAccess } from '../../daemon/access/access.js';
import { Core } from '../../daemon/core/core.js';
import type { Sequencer } from '../../daemon/core/batcher.js';
import type { SendOptions } from '../../daemon/engine/port.js';
import type { Logger } from '../../daemon/log/logger.js';
import { defaultLimits, type SessionLimits } from '../../daemon/session/limits.js';
import { listenTcp } from '../../daemon/net/listener.js';
import { type Clock, systemClock } from '../../lib/util/clock.js';
import { SessionServer } from '../../daemon/session/server.js';
import { FIXED_KEY } from '../support/fixed-key.js';

export interface LogLine {
  readonly level: keyof Logger;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A logger that keeps its lines. */
export function keepLog(): Logger & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      lines.push({ level, fields: { ...fields }, message });
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** An engine of one daemon that can be behind: what is sent then waits, and `send` answers false. */
export class HeldOrder implements Sequencer {
  held = false;
  /** Bytes that were sent, delivered or not. */
  sent = 0;
  readonly waiting: Buffer[] = [];

  constructor(private readonly core: () => Core) {}

  send(payload: Buffer, { exchange = false }: SendOptions = {}): boolean {
    if (exchange) {
      this.core().exchange(payload, 'dmn1');
      return true;
    }
    this.sent += payload.length;
    if (!this.held) this.core().deliver(payload);
    else this.waiting.push(payload);
    return !this.held;
  }

  exchangeDone(): void {
    // There is one daemon view, and nothing is sent before it.
  }

  exclude(): void {
    // There are no others.
  }

  /** Delivers what waits. */
  release(): void {
    this.held = false;
    for (const payload of this.waiting.splice(0)) this.core().deliver(payload);
  }
}

export class SessionFixture implements AsyncDisposable {
  readonly log = keepLog();
  readonly order: HeldOrder;
  readonly core: Core;
  readonly server: SessionServer;

  private constructor(
    limits: Partial<SessionLimits>,
    isInstalled: boolean,
    clock: Clock,
    private listener: Server | null = null,
  ) {
    this.order = new HeldOrder(() => this.core);
    this.core = new Core(
      { name: 'dmn1', id: 7, hashKey: FIXED_KEY, resumeKey: { id: 1, key: Buffer.alloc(32, 1) } },
      this.order,
    );
    if (isInstalled) this.install();
    const all = { ...defaultLimits, ...limits };
    this.server = new SessionServer(this.core, all, this.log, openAccess, undefined, clock);
    this.core.limits = this.server.limits;
  }

  /** @param isInstalled whether it is in a daemon view, alone; else `install` brings it there */
  static async open(
    limits: Partial<SessionLimits> = {},
    isInstalled = true,
    clock: Clock = systemClock,
  ): Promise<SessionFixture> {
    const fixture = new SessionFixture(limits, isInstalled, clock);
    fixture.listener = await listenTcp('127.0.0.1', 0, (socket) => fixture.server.accept(socket));
    return fixture;
  }

  get port(): number {
    const address = this.listener?.address() as AddressInfo | undefined;
    return address?.port ?? 0;
  }

  install(): void {
    this.core.install({ tag: 1n, daemons: ['dmn1'], set: ['dmn1'], time: 1000 });
  }

  /** What the engine's drain does. */
  drain(): void {
    this.order.release();
    this.server.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { listener } = this;
    const closed = new Promise<void>((resolve) => {
      if (listener) listener.close(() => resolve());
      else resolve();
    });
    await this.server.stop();
    await closed;
  }
}
