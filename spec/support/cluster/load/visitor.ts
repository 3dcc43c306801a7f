/** A client that comes again and again, and does at its daemon what it has no business to do. */
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type Connection } from '../../../../lib/index.js';
import type { Random } from '../../random.js';
import type { ClusterNode } from '../node.js';

const CONNECT_MS = 3_000;

/** Begins the names of all of them. */
const VISITOR = 'evil';

/** Whether a private name is that of a visitor: no load client believes a word of it. */
export const isIntruder = (id: string): boolean => id.startsWith(`#${VISITOR}`);

/** Longest times in milliseconds. */
export interface VisitTimes {
  /** Between two deeds. */
  readonly idle: number;
  /** Of one visit. */
  readonly stay: number;
  /** From one visit to the next. */
  readonly away: number;
}

export abstract class Visitor {
  sent = 0;
  private readonly over = new AbortController();
  private connection: Connection | null = null;
  private readonly loop: Promise<void>;

  /** @param name what follows in it behind the beginning that all have */
  constructor(
    private readonly node: ClusterNode,
    private readonly name: string,
    protected readonly random: Random,
    private readonly times: VisitTimes,
  ) {
    // Not before the fields of the class that this one is a part of.
    this.loop = Promise.resolve().then(() => this.run());
  }

  get id(): string {
    return `#${VISITOR}${this.name}#${this.node.daemon}`;
  }

  async end(): Promise<void> {
    this.over.abort();
    await this.connection?.close();
    await this.loop;
  }

  /** The first thing that it does in a visit. */
  protected abstract arrive(connection: Connection): void;

  protected abstract deed(connection: Connection): Promise<void>;

  private get isOver(): boolean {
    return this.over.signal.aborted;
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      await this.visit().catch(() => undefined);
      await this.pause(this.times.away);
    }
  }

  /** One connection to its end. */
  private async visit(): Promise<void> {
    const { node, name, random, times } = this;
    const { address } = node;
    const connection = await connect({ address, name: `${VISITOR}${name}`, timeoutMs: CONNECT_MS });
    this.connection = connection;
    const end = performance.now() + random.next() * times.stay;
    this.arrive(connection);
    while (connection.open && !this.isOver && performance.now() < end) {
      await this.deed(connection).catch(() => undefined);
      await this.pause(times.idle);
    }
    await connection.close();
  }

  private async pause(most: number): Promise<void> {
    if (this.isOver) return;
    await pause(this.random.below(most), undefined, { signal: this.over.signal }).catch(() => undefined);
  }
}
