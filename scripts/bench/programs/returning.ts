/** Clients that come back when their daemon is killed, and how long each of them was without an event. */
import { connect, type Connection } from '../../../lib/index.js';
import { parsePrivateGroup } from '../../../lib/wire/name.js';
import { inTurns } from '../load/in-turns.js';
import { Latencies } from '../load/latencies.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';
import { summary } from '../summary.js';

export interface ReturningPlan {
  /** Of all daemons. */
  readonly addresses: readonly string[];
  readonly clients: number;
  readonly groupSize: number;
}

export type ReturningRequest =
  /** All clients are there again, each at the daemon it began with, or at another one that was quicker. */
  | { readonly what: 'enter' }
  /** The daemon of this name was killed: the answer comes when all its clients have had an event. */
  | { readonly what: 'returned'; readonly daemon: string; readonly killedAt: number };

/** Milliseconds since the daemon was killed. */
export interface ReturningAnswer {
  /** Until the first data or view from the next daemon, which may be one that was missed. */
  readonly medianMs: number;
  readonly lastMs: number;
  readonly latencies: string | null;
  /** Until half of them had noticed, and until half of them were connected again. */
  readonly noticedMs: number;
  readonly connectedMs: number;
}

class ReturningClient {
  noticed = 0;
  connected = 0;
  /** Settles when it has everything that it missed. */
  readonly back: Promise<void>;
  /** Settles with the time of the first event from the next daemon. */
  readonly returned: Promise<number>;

  private constructor(
    readonly connection: Connection,
    /** Name of its first daemon. */
    readonly home: string,
  ) {
    connection.on('reconnecting', () => (this.noticed ||= now()));
    this.back = new Promise((resolve) => {
      connection.on('resumed', () => {
        this.connected ||= now();
        resolve();
      });
    });
    this.returned = new Promise((resolve) => {
      connection.on('event', ({ kind }) => {
        // Nothing of the last daemon is left then: the groups are silent when it is killed.
        if (this.noticed > 0 && (kind === 'view' || kind === 'data')) resolve(now());
      });
    });
  }

  static async open(number: number, { addresses, groupSize }: ReturningPlan): Promise<ReturningClient> {
    const first = number % addresses.length;
    const inOrder = [...addresses.slice(first), ...addresses.slice(0, first)];
    const connection = await connect({ addresses: inOrder, name: `c${number}` });
    const client = new ReturningClient(connection, parsePrivateGroup(connection.id)?.daemon ?? '');
    const group = await connection.join(`group${Math.floor(number / groupSize)}`);
    // The group wants a reader too.
    group.on('event', () => undefined);
    return client;
  }
}

async function timesOf(lost: readonly ReturningClient[], killedAt: number): Promise<ReturningAnswer> {
  const latencies = new Latencies();
  const times = (await Promise.all(lost.map(({ returned }) => returned))).map((time) => time - killedAt);
  for (const time of times) latencies.add(time);
  await Promise.all(lost.map(({ back }) => back));
  const median = (all: readonly number[]): number => summary(all.map((time) => time - killedAt)).median;
  return {
    medianMs: summary(times).median,
    lastMs: Math.max(...times),
    latencies: latencies.take(),
    noticedMs: median(lost.map(({ noticed }) => noticed)),
    connectedMs: median(lost.map(({ connected }) => connected)),
  };
}

serve((plan: ReturningPlan) => {
  let clients: ReturningClient[] = [];
  const enter = async (): Promise<null> => {
    await inTurns(clients.length, async (i) => await clients[i]?.connection.close());
    clients = await inTurns(plan.clients, (i) => ReturningClient.open(i, plan));
    return null;
  };
  return Promise.resolve(async (request: ReturningRequest): Promise<ReturningAnswer | null> => {
    if (request.what === 'enter') return await enter();
    const { daemon, killedAt } = request;
    return await timesOf(
      clients.filter(({ home }) => home === daemon),
      killedAt,
    );
  });
});
