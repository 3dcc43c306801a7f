/** What the specs of the client API share: a world of a daemon and its clients, and short words for events. */
import { createDaemon, type Daemon, type DaemonOptions } from '../../daemon/index.js';
import { connect } from '../../lib/client/connect.js';
import type { Connection } from '../../lib/client/connection.js';
import type { ConnectionEvent, GroupEvent, ViewEvent } from '../../lib/client/event.js';
import type { Group } from '../../lib/client/group.js';
import { RawSession } from '../support/raw-client.js';
import { FakeDaemon, type FakeDaemonScript, type FakeSession, within } from '../support/fake-daemon.js';

import { REQUEST_BYTES } from './frames.js';

export { failure } from '../support/failure.js';
export { within } from '../support/fake-daemon.js';

/** A real daemon named `d1`. Its end closes the connections that were made here. */
export class ClientWorld implements AsyncDisposable {
  private readonly connections: Connection[] = [];
  private readonly raw: RawSession[] = [];

  private constructor(readonly daemon: Daemon) {}

  static async start(options: DaemonOptions = {}): Promise<ClientWorld> {
    return new ClientWorld(
      await createDaemon({ name: 'd1', listen: [{ host: '127.0.0.1', port: 0 }], ...options }),
    );
  }

  get address(): string {
    return `${this.daemon.port}@127.0.0.1`;
  }

  async connect(name: string): Promise<Connection> {
    const connection = await connect({ address: this.address, name });
    this.connections.push(connection);
    return connection;
  }

  /** A client made of bytes. */
  async connectRaw(name: string): Promise<RawSession> {
    const session = await RawSession.connect(this.daemon.port, name);
    this.raw.push(session);
    return session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.raw) session.close();
    await Promise.all(this.connections.map((connection) => connection.close()));
    await this.daemon.stop();
  }
}

/** A connection `#a#d1` to a daemon that follows a script. */
export class ClientFixture implements AsyncDisposable {
  private constructor(
    private readonly daemon: FakeDaemon,
    readonly session: FakeSession,
    readonly connection: Connection,
  ) {}

  static async open(script?: FakeDaemonScript): Promise<ClientFixture> {
    const daemon = await FakeDaemon.start(script);
    const connection = await connect({ address: daemon.spreadName, name: 'a' });
    return new ClientFixture(daemon, await daemon.session(), connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close();
    await this.daemon.stop();
  }
}

/** Joins the group `g` of a stage. @param frames what the daemon answers, a view first */
export async function joinG({ connection, session }: ClientFixture, ...frames: Buffer[]): Promise<Group> {
  const join = connection.join('g');
  await session.bytesFrom(REQUEST_BYTES);
  await session.send(...frames);
  const group = await within(join, 'the join');
  await settle();
  return group;
}

/** A silent daemon and a connection attempt that it has noticed. */
export async function withSilence(
  work: (address: string, daemon: FakeDaemon) => Promise<void>,
): Promise<void> {
  const daemon = await FakeDaemon.start({ silent: true });
  try {
    await work(daemon.spreadName, daemon);
  } finally {
    await daemon.stop();
  }
}

/** The next event of that kind; those before it are read and forgotten. */
export async function next<K extends GroupEvent['kind']>(
  group: Group,
  kind: K,
): Promise<Extract<GroupEvent, { kind: K }>> {
  const loop = async (): Promise<GroupEvent> => {
    for await (const event of group) if (event.kind === kind) return event;
    throw new Error(`the group ended without a ${kind}`);
  };
  return (await within(loop(), `a ${kind}`)) as Extract<GroupEvent, { kind: K }>;
}

/** Some turns of the event loop: what is on its way inside this process arrives. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Whether the promise waits after some turns of the event loop. */
export async function isWaiting(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => false,
    () => false,
  );
  return await Promise.race([settled, settle().then(() => true)]);
}

/** Resolves when everything that was sent to the connection before has been handed on. */
export async function caughtUp(connection: Connection): Promise<void> {
  const back = new Promise<void>((resolve) => {
    const hear = (event: ConnectionEvent): void => {
      if (event.kind !== 'data' || event.text !== 'mark') return;
      connection.off('event', hear);
      resolve();
    };
    connection.on('event', hear);
  });
  await connection.sendTo(connection.id, 'mark');
  await within(back, 'the mark');
}

const short = (name: string): string => name.split('#')[1] ?? name;

/** An event in one line: `join a,b +b`, `hello`, `transition`, `leave`. */
export function word(event: ConnectionEvent): string {
  switch (event.kind) {
    case 'data':
      return event.text;
    case 'view': {
      const { cause, members, joined, left } = event;
      const change = [...joined.map((name) => `+${short(name)}`), ...left.map((name) => `-${short(name)}`)];
      return `${cause} ${members.map(short).join(',')} ${change.join(' ')}`.trim();
    }
    case 'transition':
    case 'self-leave':
    case 'flush-request':
      return event.kind;
    case 'stalled':
      return `stalled ${event.waitingFor.map(short).join(',')}`;
    case 'reject':
      return `reject ${event.refused}`;
    case 'excluded':
    case 'tampering':
    case 'gap':
      return `${event.kind} ${event.reason}`;
    case 'disagreement':
      return `disagreement ${short(event.sealer)}`;
    case 'rekeyed':
      return `rekeyed ${event.epoch}`;
  }
}

/** The next `count` events in words; what follows stays for the next loop. */
export async function read(source: AsyncIterable<ConnectionEvent>, count: number): Promise<string[]> {
  const words: string[] = [];
  const loop = async (): Promise<void> => {
    for await (const event of source) if (words.push(word(event)) === count) return;
  };
  if (count > 0) await within(loop(), `${count} events, has ${words.join('|')}`);
  return words;
}

/** Everything up to the end of the loop, and the error that it ended with. */
export async function readAll(
  source: AsyncIterable<ConnectionEvent>,
): Promise<{ words: string[]; error: Error | undefined }> {
  const words: string[] = [];
  try {
    const loop = async (): Promise<void> => {
      for await (const event of source) words.push(word(event));
    };
    await within(loop(), 'the end of the loop');
    return { words, error: undefined };
  } catch (error) {
    return { words, error: error as Error };
  }
}

/** A view without what is the same in all of a script. */
export function parts({ cause, members, myIndex, changed, joined, left, cameWithMe }: ViewEvent): object {
  return { cause, members, myIndex, changed, joined, left, cameWithMe };
}
