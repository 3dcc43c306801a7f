/** Who else is in a world of programs that come back: members with whole views, and clients that break the rules. */
import { checkLogs } from '../../../daemon/testing/check.js';
import { ConnectionLog } from '../../../daemon/testing/connection-log.js';
import { Connection } from '../../../lib/client/connection.js';
import type { Random } from '../../support/random.js';
import type { SimulatedDaemon } from '../daemon.js';
import type { LibraryWorld } from '../library-world.js';
import { RecordedClient } from './client-log.js';
import type { RecordedDaemon } from './daemon-log.js';
import { GROUPS } from './left-over.js';

/** Messages of plain members for each one that comes. */
const SAID = 4;

type LogOf = (daemon: string) => RecordedDaemon | undefined;

/** Members that get what a client of Spread gets, and do not come back. They stay until the end, or until a group is too large for them. */
export class PlainMembers {
  readonly logs: RecordedClient[] = [];
  private readonly visits: Promise<void>[] = [];
  private readonly seen: ConnectionLog[] = [];
  private count = 0;

  constructor(
    private readonly world: Pick<LibraryWorld, 'mailbox' | 'trace'>,
    private readonly random: Random,
    private readonly logOf: LogOf,
  ) {}

  /** One comes, and others of them say something. */
  come(daemon: number, group: string): void {
    const { random, logs } = this;
    const open = logs.filter(({ connection }) => connection.open);
    for (let i = 0; i < SAID && open.length > 0; i++)
      random.pick(open).send([random.pick(GROUPS)], 1, false, false, random.chance(0.3));
    this.visits.push(this.visit(daemon, group));
  }

  /** what they see, beside those that come back, is what [daemon E1 to E13] promise. To be called when all is at rest. */
  faults(): string[] {
    // None of them asks to leave: the group was too large for it, and what it had sent then may come behind that.
    for (const log of this.seen) if (log.seen.some(({ kind }) => kind === 'self-leave')) log.end = 'closed';
    return checkLogs(this.seen, true).map(({ property, text }) => `R-11: ${property}: ${text}`);
  }

  /** All go, and those that are on their way when they have come. */
  async leave(): Promise<void> {
    await Promise.all(this.visits);
    await Promise.all(this.logs.map(({ connection }) => connection.close()));
  }

  /** Sessions that are in a group which has outgrown whole views. */
  static outgrown(daemons: readonly SimulatedDaemon[]): string[] {
    return daemons.flatMap(({ name, core }) =>
      [...core.groups.values()].flatMap(({ name: group, members, local }) =>
        members.length <= core.limits.maxPlainView
          ? []
          : local
              .filter(({ getsWhole, leaving }) => getsWhole && !leaving)
              .map((each) => `R-15: ${name}: ${each.privateGroup} stays in ${group} of ${members.length}`),
      ),
    );
  }

  private async visit(daemon: number, name: string): Promise<void> {
    const { world, logs, logOf } = this;
    try {
      const connection = new Connection(await world.mailbox(daemon, `x${++this.count}`));
      this.seen.push(new ConnectionLog(connection, `d${daemon + 1}`, world.trace));
      const log = new RecordedClient(connection.id, connection, logOf);
      const home = logOf(`d${daemon + 1}`);
      if (home) log.linked(home, connection.id, 0, 'new');
      logs.push(log);
      log.asked('join', name);
      log.joined(await connection.join(name));
    } catch {
      // Its daemon is not there, or the group is too large.
    }
  }
}

/** The longest time until a daemon says that a request was illegal, whatever freezes and dies meanwhile. */
const REFUSED_MS = 20_000;

/** Clients that come back, and send what no client may: they are to end, and not to send it again and again. */
export class Offenders {
  readonly errors: string[] = [];
  private readonly visits: Promise<void>[] = [];

  constructor(private readonly world: Pick<LibraryWorld, 'connect' | 'sleep'>) {}

  come(daemon: number, addresses: readonly string[]): void {
    this.visits.push(this.visit(daemon, addresses));
  }

  async leave(): Promise<void> {
    await Promise.all(this.visits);
  }

  private async visit(daemon: number, all: readonly string[]): Promise<void> {
    const { world, visits } = this;
    const addresses = [...all.slice(daemon), ...all.slice(0, daemon)];
    const name = `q${visits.length + 1}`;
    const connection = await world.connect(0, name, { addresses, resume: { giveUpMs: Infinity } });
    const closed = new Promise<Error | undefined>((resolve) => void connection.on('close', resolve));
    // No kind of request: nothing that the library sends.
    const sent = connection.resumption?.outbox.submit(0, ['red'], 0, []);
    const error = await Promise.race([closed, world.sleep(REFUSED_MS).then(() => 'open' as const)]);
    if (error === 'open') this.errors.push(`${name} sends an illegal request again and again`);
    else if (!/illegal|not exactly one/.test(error?.message ?? ''))
      this.errors.push(`${name} has ended otherwise: ${error?.message}`);
    await connection.close();
    await sent;
  }
}
