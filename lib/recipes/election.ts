/** Leader election: one member leads, and everybody knows it. */
import { signalOf } from '../client/options.js';
import { aSignal, oneOf } from '../util/option-checks.js';
import type { Connection } from '../client/connection.js';
import { deferred } from '../util/deferred.js';
import { ElectionCore, type Leadership } from './core/election.js';
import { aQuorum, aSilence, checkOptions, given, type WaitOptions } from './options.js';
import { Recipe, type RecipeEvents } from './recipe.js';
import { GroupBinding } from './group-binding.js';

/** The options of `election`; each has a default. */
export interface ElectionOptions {
  /**
   * Members that have to be together to elect. More than half of all there can ever be: then there are never two
   * leaders with one term, however the network breaks. Default 1: each component elects its own.
   */
  readonly quorum?: number | undefined;
  /** Milliseconds that a member which says nothing is waited for, once; default 1000. */
  readonly silenceTimeoutMs?: number | undefined;
  /**
   * Who leads: the `first` member of the view that takes part, the default, or the `oldest`, which has taken part for the
   * longest time without a gap. A restart moves an oldest leader once, and a first one twice. Members with different
   * preferences take the first.
   */
  readonly prefer?: 'first' | 'oldest' | undefined;
  /** Gives up joining. */
  readonly signal?: AbortSignal | undefined;
}

/** Events of an election, with their arguments. */
export interface ElectionEvents extends RecipeEvents {
  /** There is a leader. */
  elected: [Leadership];
  /** This member no longer leads; `elected` names the next leader. */
  'leader-lost': [Leadership];
}

const OPTIONS = {
  quorum: aQuorum,
  silenceTimeoutMs: aSilence,
  prefer: oneOf('first', 'oldest'),
  signal: aSignal,
};

/**
 * Joins the group and takes part in its election.
 * @throws IllegalParamError, and what `Connection.join` throws
 */
export async function election(
  connection: Connection,
  group: string,
  options: ElectionOptions = {},
): Promise<Election> {
  checkOptions(OPTIONS, options);
  const { signal, ...rest } = options;
  return await Election.open(connection, group, rest, signal);
}

/**
 * In every view of the group the first member that takes part leads, or the oldest, for as long as the view lasts. When somebody comes
 * or goes there is no leader for the instant that the members need to agree; then there is one again, the same or
 * another, with a higher term. There are never two in one view.
 *
 * A process that was stopped may believe for a moment that it still leads. Hand `term` to whatever the leader acts on,
 * and let that refuse a term below the highest it has seen.
 */
export class Election extends Recipe<ElectionEvents> implements AsyncIterable<Leadership | null> {
  private core!: ElectionCore;

  /** @internal */
  static async open(
    connection: Connection,
    group: string,
    options: Omit<ElectionOptions, 'signal'>,
    signal: AbortSignal | undefined,
  ): Promise<Election> {
    const it = new Election();
    const seat = await GroupBinding.join(connection, group, signal, it.owner);
    it.binding = seat;
    const sink = {
      send: seat.send.bind(seat),
      sendTo: seat.sendTo.bind(seat),
      elected: (leadership: Leadership) => void it.emit('elected', leadership),
      leaderLost: (leadership: Leadership) => void it.emit('leader-lost', leadership),
      doubted: (member: string) => seat.doubted(member),
    };
    it.core = new ElectionCore(seat.self, sink, given(options));
    seat.host(it.core);
    return it;
  }

  /** Id of the leader; null while there is none. */
  get leader(): string | null {
    return this.core.leadership?.leader ?? null;
  }

  /** The fencing token of the leader; null while there is none. */
  get term(): number | null {
    return this.core.leadership?.term ?? null;
  }

  /** Whether this member leads, as far as it knows. */
  get isLeader(): boolean {
    return this.core.leadership?.isMe ?? false;
  }

  /**
   * Waits until this member leads; at once when it does.
   * @throws ConnectionClosedError when the group is left or the connection lost, or the signal's reason
   */
  async waitFor(options: WaitOptions = {}): Promise<Leadership> {
    return await this.first(({ isMe }) => isMe, signalOf(options));
  }

  /** Waits until anybody leads. @throws as `waitFor` */
  async waitForLeader(options: WaitOptions = {}): Promise<Leadership> {
    return await this.first(() => true, signalOf(options));
  }

  /** Every change from here on: the leadership, or null when it lapsed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Leadership | null> {
    return this.loop((take) => {
      const lapsed = (): void => take(null);
      this.on('elected', take).on('leader-lost', lapsed);
      return () => this.off('elected', take).off('leader-lost', lapsed);
    });
  }

  private async first(
    suits: (leadership: Leadership) => boolean,
    signal: AbortSignal | undefined,
  ): Promise<Leadership> {
    signal?.throwIfAborted();
    const { leadership } = this.core;
    if (leadership && suits(leadership)) return leadership;
    const found = deferred<Leadership>();
    const look = (each: Leadership): void => {
      if (suits(each)) found.resolve(each);
    };
    this.on('elected', look);
    try {
      return await this.orEnd(found.promise, signal);
    } finally {
      this.off('elected', look);
    }
  }
}
