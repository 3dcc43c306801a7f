/** The programs of a world: those that come back, and those that take their names. */
import type { Connection } from '../../../lib/client/connection.js';
import type { Group } from '../../../lib/client/group.js';
import { NotUniqueError } from '../../../lib/errors.js';
import type { ClientEntry, ClientLog } from '../../support/resume-checks/log.js';
import type { LibraryWorld } from '../library-world.js';
import { RecordedClient } from './client-log.js';
import { type RecordedDaemon, textOf } from './daemon-log.js';

/** A program and its groups. */
export class Program {
  readonly log: RecordedClient;
  readonly joined = new Map<string, Group>();
  readonly busy = new Set<string>();
  /** Resolves when the slow loop reads on; null: it reads. */
  reading: Promise<void> | null = null;

  constructor(
    readonly name: string,
    readonly connection: Connection,
    logOf: (daemon: string) => RecordedDaemon | undefined,
  ) {
    this.log = new RecordedClient(name, connection, logOf);
    // Why it ends, the log has.
    this.readSlowly().catch(() => undefined);
  }

  private async readSlowly(): Promise<void> {
    for await (const _ of this.connection) if (this.reading !== null) await this.reading;
  }
}

/** Gets private messages, and does nothing else. */
class Newcomer implements ClientLog {
  readonly entries: ClientEntry[] = [];
  readonly settled = false;

  constructor(
    readonly client: string,
    readonly connection: Connection,
  ) {
    connection.on('message', ({ groups, body }) => {
      if (groups.length === 1) this.entries.push({ kind: 'private', id: textOf(body) });
    });
  }
}

/** The longest time in which a name of before becomes free, whatever freezes meanwhile. */
const FREED_MS = 4_000;

/** Those who come under names that programs have had, and stay for a while. */
export class Newcomers {
  readonly logs: Newcomer[] = [];
  readonly errors: string[] = [];
  private readonly visits: Promise<void>[] = [];

  constructor(private readonly world: Pick<LibraryWorld, 'connect' | 'loop' | 'sleep'>) {}

  /** @param stayMs says for how long, once it is there */
  come(daemon: number, name: string, stayMs: () => number): void {
    this.visits.push(this.visit(daemon, name, stayMs));
  }

  /** All go, and those that are on their way when they have come. */
  async leave(): Promise<void> {
    await Promise.all(this.logs.map(({ connection }) => connection.close()));
    await Promise.all(this.visits);
  }

  private async visit(daemon: number, name: string, stayMs: () => number): Promise<void> {
    const { world, logs, errors } = this;
    const begun = world.loop.now;
    try {
      const connection = await world.connect(daemon, name);
      logs.push(new Newcomer(`newcomer ${connection.id}`, connection));
      await world.sleep(stayMs());
      await connection.close();
    } catch (error) {
      // The program is there, or the daemon is not. One that waits for a name gets it.
      const waitedMs = world.loop.now - begun;
      if (error instanceof NotUniqueError && waitedMs > FREED_MS)
        errors.push(`R-16: ${name} was not free at d${daemon + 1} for ${Math.round(waitedMs)} ms`);
    }
  }
}
