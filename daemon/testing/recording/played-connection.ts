/** A connection whose incoming side is a recording. */
import { Buffer } from 'node:buffer';
import { connectNow } from '../../../lib/client/connect-now.js';
import type { Connection } from '../../../lib/client/connection.js';
import { systemPlatform, withPlatform } from '../../../lib/mailbox/platform.js';
import { RecordingError } from '../../../lib/recording/error.js';
import { RecordingReader } from '../../../lib/recording/reader.js';
import { parsePrivateGroup } from '../../../lib/wire/name.js';
import { pipe, type PipeEnd } from '../pipe.js';
import { Random } from '../random.js';
import { Process } from '../time/process.js';
import { VirtualTime } from '../time/virtual.js';
import { framesFor } from './perspective.js';
import { RecordedDaemon, type SentMessage } from './recorded-daemon.js';

/** The first place at which what a program sends is not what was recorded. */
export interface SendDifference {
  /** Messages before it, which are the same. */
  readonly index: number;
  /** What the recorded member has sent; null: nothing more. */
  readonly expected: SentMessage | null;
  /** What the program has sent; null: nothing more. */
  readonly got: SentMessage | null;
}

/** What is played, and how. */
export interface PlayPlan {
  readonly path: string;
  readonly id: string;
  readonly groups: readonly string[] | null;
  /** Numbers by chance for the connection; default those of a seed. */
  readonly random?: (length: number) => Uint8Array;
}

/** What the numbers of a program by chance follow from, in each replay. */
const SEED = 1;

/**
 * A connection that gets what a recorded member got, in virtual time. Made by `Recording.connection`; `await using` ends
 * it. The recording waits where the recorded member joins a group, until the program joins it.
 */
export class PlayedConnection implements AsyncDisposable {
  private constructor(
    /** The connection, as `connect` of `ssp-toolkit` makes it. */
    readonly connection: Connection,
    private readonly daemon: RecordedDaemon,
    private readonly near: PipeEnd,
    private readonly time: VirtualTime,
    private readonly reader: RecordingReader,
  ) {}

  /** @internal */
  static async open({ path, id, groups, random }: PlayPlan): Promise<PlayedConnection> {
    const name = parsePrivateGroup(id)?.name;
    if (name === undefined) throw new RecordingError(`connection: expected an id such as #ann#d1, got ${id}`);
    const reader = RecordingReader.open(path);
    const time = new VirtualTime();
    try {
      if (!reader.head.bodies)
        throw new RecordingError(`${path} has no bodies to replay: it was made with --no-bodies`);
      const process = new Process(time, { begin: Date.parse(reader.head.started), speed: 1 });
      const [near, far] = pipe(process, process);
      const frames = framesFor(reader, id, groups && new Set(groups));
      const daemon = new RecordedDaemon(far, id, frames, time);
      const chance = new Random(SEED);
      const platform = {
        ...systemPlatform,
        clock: process,
        random: random ?? ((length) => Buffer.from(Array.from({ length }, () => chance.below(256)))),
        open: (_: unknown, __: unknown, ready: () => void) => {
          process.soon(ready);
          return near;
        },
      };
      const opening = connectNow(withPlatform({ address: '4803@recording', name }, platform));
      const connection = await time.whilePending(opening);
      return new PlayedConnection(connection, daemon, near, time, reader);
    } catch (error) {
      time.stop();
      reader[Symbol.dispose]();
      throw error;
    }
  }

  /** Milliseconds from the beginning of the recording to what was handed over last. */
  get atMs(): number {
    return this.daemon.at;
  }

  /** Everything that the program has sent, in order. */
  get sent(): readonly SentMessage[] {
    return this.daemon.sent;
  }

  /**
   * The first place at which the messages to the groups of this connection are not what the recorded member has sent there; null for
   * none. Of the recorded ones those count that were played; messages that do not come back to their sender cannot be compared.
   */
  get difference(): SendDifference | null {
    const { expected, returning } = this.daemon;
    for (let index = 0; index < Math.max(expected.length, returning.length); index++) {
      const [one, other] = [expected[index] ?? null, returning[index] ?? null];
      if (one === null || other === null || !isSame(one, other)) return { index, expected: one, got: other };
    }
    return null;
  }

  /**
   * Resolves when everything was played and the program is at rest.
   * @throws RecordingError when the recording waits for a join that does not come
   */
  async ended(): Promise<void> {
    await this.time.whilePending(this.rest());
  }

  private async rest(): Promise<void> {
    const { connection, daemon, near, time } = this;
    for (let isAtRest = false; !isAtRest;) {
      await time.nextTurn();
      // Timers of the program may pass for ever.
      if (time.underWay > 0) continue;
      if (daemon.heldFor !== null)
        throw new RecordingError(`the recording waits until the program joins ${daemon.heldFor}`);
      isAtRest = daemon.isOver && near.isIdle && connection['pump'].waiting === 0;
    }
  }

  /** Closes the connection, and the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.time.whilePending(this.connection.close());
    this.time.stop();
    this.reader[Symbol.dispose]();
  }
}

const isSame = (one: SentMessage, other: SentMessage): boolean =>
  one.type === other.type &&
  one.service === other.service &&
  one.groups.join(' ') === other.groups.join(' ') &&
  one.body.equals(other.body);
