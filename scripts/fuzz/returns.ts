/**
 * The session machine under clients that come back and lie: positions, numbers, tries and groups of any size, RESUME in parts, twice or
 * never, tokens of before and of others, connections that break at any moment. The daemon lives, serves an honest client, and keeps
 * nothing of those that have gone.
 */
import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { FEATURE_COMPACT_VIEWS, FEATURE_RESUME } from '../../lib/wire/extension/features.js';
import { type Hello, encodeHello } from '../../lib/wire/extension/hello.js';
import { encodeListRequest } from '../../lib/wire/extension/list.js';
import { encodeNumber, encodeResume } from '../../lib/wire/extension/resume.js';
import { readWelcome, type Welcome } from '../../lib/wire/extension/welcome.js';
import { encodeMethodChoice } from '../../lib/wire/handshake/authentication.js';
import { encodeConnectRequest, PROTOCOL_VERSION } from '../../lib/wire/handshake/connect-request.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import { FakeSocket } from './fake-socket.js';
import { World } from './sessions.js';

const LIST_BYTES = 12;
const NAMES = ['ann', 'bob'];

/** A connection, and what it was told. */
interface Connection {
  readonly socket: FakeSocket;
  readonly name: string;
  readonly attempt: number;
}

type Act = (run: Run) => void;

class Run {
  readonly world = new World(true);
  private readonly connections: Connection[] = [];
  private readonly welcomes: Welcome[] = [];

  connect(name: string, hello: Hello): void {
    const socket = new FakeSocket();
    this.world.server.accept(socket.socket);
    const request = { version: PROTOCOL_VERSION, membership: true, priority: 0, name, offers: true };
    const choice = encodeMethodChoice(['NULL', 'SSPX1']);
    socket.client(Buffer.concat([encodeConnectRequest(request), choice, encodeHello(hello)]));
    this.connections.push({ socket, name, attempt: hello.attempt });
  }

  /** What one of the connections before was told, by its number. */
  told(number: number): Welcome | undefined {
    this.hear();
    return this.welcomes[number % Math.max(1, this.welcomes.length)];
  }

  last(number: number): Connection | undefined {
    return this.connections.at(-1 - (number % 2));
  }

  async settle(): Promise<void> {
    await this.world.settle();
    this.hear();
  }

  async end(): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    await this.settle();
    this.world.server.attachments.parking.stop();
    for (const session of Array.from(this.world.core.roster.values()))
      this.world.core.disconnect(session, true);
    this.world.server.tick.schedule();
    await this.world.end();
    if (this.world.server.attachments.replays.size !== 0) throw new Error('a replay is left behind');
  }

  private hear(): void {
    for (const { socket } of this.connections) {
      const bytes = Buffer.concat(socket.received);
      if (bytes.length <= LIST_BYTES) continue;
      const read = readWelcome(bytes.subarray(LIST_BYTES));
      if (read && !this.welcomes.some(({ token }) => token.equals(read.welcome.token)))
        this.welcomes.push(read.welcome);
    }
  }
}

const u32 = fc.oneof(fc.nat(3), fc.constantFrom(2 ** 31, 2 ** 32 - 1));
const u48 = fc.oneof(fc.nat(6), fc.constantFrom(2 ** 32, 2 ** 47, 2 ** 48 - 1));
const name = fc.constantFrom(...NAMES);
const group = fc.constantFrom('a', 'b', 'c', 'nobody', '#ann#d', '#bob#d');
const flags = { onDemand: fc.boolean(), signalled: fc.boolean(), had: fc.boolean(), wanted: fc.boolean() };
const groups = fc.array(fc.record({ group, ...flags }), { maxLength: 5 });

const NEW: Hello = {
  features: FEATURE_RESUME | FEATURE_COMPACT_VIEWS,
  holdMs: 0,
  heartbeatMs: 0,
  attempt: 0,
  resume: null,
};

const asNew = fc.record({ name, holdMs: u32 }).map(({ name: own, holdMs }): Act => (run) => {
  run.connect(own, { ...NEW, holdMs });
});

const back = fc
  .record({
    name,
    of: fc.nat(20),
    holdMs: u32,
    attempt: u32,
    from: u48,
    to: u48,
    events: u32,
    awayMs: u32,
    own: fc.nat(3),
  })
  .map(({ name: own, of, holdMs, attempt, own: kind, ...said }): Act => (run) => {
    const told = run.told(of);
    if (!told) return;
    const { tag, index, hash } = told.position;
    const [from, to] =
      kind === 0 ? [Math.min(said.from, said.to), Math.max(said.from, said.to)] : [index, index];
    const position = { ...said, tag: kind === 1 ? 0n : tag, hash: kind === 2 ? 1n : hash, from, to };
    const resume = { token: told.token, position };
    run.connect(own, { ...NEW, holdMs, attempt, resume });
  });

/** Something that the last connection, or the one before, sends. */
const says = <T>(
  said: fc.Arbitrary<T>,
  bytes: (said: T, connection: Connection) => Buffer,
): fc.Arbitrary<Act> =>
  fc.tuple(fc.nat(1), said).map(([which, each]): Act => (run) => {
    const connection = run.last(which);
    connection?.socket.client(bytes(each, connection));
  });

const resume = says(
  fc.record({ next: u48, more: fc.boolean(), isOwn: fc.nat(9), attempt: u32, groups }),
  (said, connection) =>
    encodeResume({
      ...said,
      next: said.isOwn < 8 ? Math.max(1, said.next) : said.next,
      attempt: said.isOwn > 0 ? connection.attempt : said.attempt,
    }),
);

const request = says(fc.tuple(fc.constantFrom(JOIN_MESS, LEAVE_MESS), group), ([kind, to], { name: own }) =>
  encodeRequest(kind, `#${own}#d`, [to]),
);

const data = says(fc.tuple(group, fc.nat(2000)), ([to, size], { name: own }) =>
  encodeMessage(AGREED_MESS, `#${own}#d`, [to], 0, [Buffer.alloc(size)]),
);

const onSocket = (act: (socket: FakeSocket) => void): fc.Arbitrary<Act> =>
  fc.nat(1).map((which): Act => (run) => {
    const connection = run.last(which);
    if (connection) act(connection.socket);
  });

const act: fc.Arbitrary<Act> = fc.oneof(
  asNew,
  { weight: 4, arbitrary: back },
  { weight: 4, arbitrary: resume },
  request,
  { weight: 3, arbitrary: data },
  says(u48, (next) => encodeNumber(next)),
  says(group, (of) => encodeListRequest(of)),
  onSocket((socket) => void socket.destroy(new Error('reset'))),
  onSocket((socket) => socket.clientEnd()),
  onSocket((socket) => void (socket.blocked = true)),
  onSocket((socket) => socket.unblock()),
);

/** At most 40 acts, most of them with a turn of the daemon behind them. */
export const returnSequences = fc.asyncProperty(
  fc.array(fc.tuple(act, fc.nat(3)), { minLength: 1, maxLength: 40, size: 'max' }),
  async (acts) => {
    const run = new Run();
    for (const each of NAMES) run.connect(each, NEW);
    await run.settle();
    for (const [each, turn] of acts) {
      each(run);
      if (turn > 0) await run.settle();
    }
    await run.end();
  },
);
