/**
 * Clients of several systems behind one small interface, so that the same load programs drive all of them. The clients of
 * the others are packages of `spec/hosts`, which may be missing: nothing here is loaded before it is wanted.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { connect, type Group } from '../../../lib/index.js';

/** Systems, by what speaks to them. */
export type ClientKind = 'ssp' | 'nats' | 'redis';

/** Where a client finds its server. */
export interface ClientTarget {
  readonly kind: ClientKind;
  readonly port: number;
  /** As our library takes it; the others take the port. */
  readonly address: string;
}

/** One connection. */
export interface SystemClient {
  /** Gets what is sent to this group from here on, its own messages too. */
  subscribe(group: string, take: (body: Uint8Array) => void): Promise<void>;
  /** Resolves when everybody who has subscribed before gets what is sent from here on. */
  ready(group: string, receivers: number): Promise<void>;
  /** What the client gives for one message: a promise, or nothing when sending is not awaited. */
  send(group: string, body: Uint8Array): Promise<unknown> | undefined;
  /** What a program awaits that wants its sending to keep pace with the server. @param last what `send` gave last */
  keepPace(last: Promise<unknown> | undefined): Promise<unknown>;
}

/** The package that a client is, as in `spec/hosts/package.json`; none for our own. */
const PACKAGES: Readonly<Record<ClientKind, string | null>> = {
  ssp: null,
  nats: '@nats-io/transport-node',
  redis: 'ioredis',
};

/** From the build folder, or one of another name beside it, to the packages. */
const hosts = createRequire(new URL('../../../../spec/hosts/package.json', import.meta.url));

/** One line that says what a client lacks here, or null. */
export function whyNoClient(kind: ClientKind): string | null {
  const name = PACKAGES[kind];
  if (name === null) return null;
  try {
    hosts.resolve(name);
    return null;
  } catch {
    const folder = fileURLToPath(new URL('../../../../spec/hosts', import.meta.url));
    return `${name} is missing: npm install --prefix ${folder}`;
  }
}

/** Connects. @param name unique among our clients; the others take none */
export async function openClient(target: ClientTarget, name: string): Promise<SystemClient> {
  if (target.kind === 'nats') return await openNats(target.port);
  if (target.kind === 'redis') return openRedis(target.port);
  return await openSsp(target.address, name);
}

/** A member of the group that sends to it; without `subscribe` it wants no copy of what it sends. */
async function openSsp(address: string, name: string): Promise<SystemClient> {
  const connection = await connect({ address, name });
  let joined: Group | null = null;
  let selfDiscard = true;
  return {
    async subscribe(group, take) {
      selfDiscard = false;
      joined = await connection.join(group);
      joined.on('data', ({ body }) => take(body));
    },
    async ready(group, receivers) {
      if (joined === null) {
        joined = await connection.join(group);
        joined.on('view', () => undefined);
      }
      if (joined.members.length <= receivers - (selfDiscard ? 0 : 1))
        throw new Error(`expected ${receivers} receivers, got ${joined.members.length}`);
    },
    send: (_, body) => (joined as Group).send(body, { selfDiscard }),
    keepPace: async (last) => await last,
  };
}

/** What is used of the client of NATS. */
interface Nats {
  connect(options: { readonly servers: string }): Promise<{
    subscribe(
      subject: string,
      options: { callback(error: Error | null, message: { readonly data: Uint8Array }): void },
    ): unknown;
    publish(subject: string, body: Uint8Array): void;
    flush(): Promise<void>;
  }>;
}

async function openNats(port: number): Promise<SystemClient> {
  const nats = hosts(PACKAGES.nats as string) as Nats;
  const connection = await nats.connect({ servers: `127.0.0.1:${port}` });
  return {
    async subscribe(group, take) {
      connection.subscribe(group, {
        callback(error, { data }) {
          if (error) throw error;
          take(data);
        },
      });
      await connection.flush();
    },
    ready: () => connection.flush(),
    send(group, body) {
      connection.publish(group, body);
      return undefined;
    },
    keepPace: () => connection.flush(),
  };
}

/** What is used of the client of Redis. */
interface RedisClient {
  subscribe(channel: string): Promise<unknown>;
  publish(channel: string, body: Uint8Array): Promise<unknown>;
  ping(): Promise<unknown>;
  on(event: 'messageBuffer', listener: (channel: Uint8Array, body: Uint8Array) => void): unknown;
}

/** A connection that has subscribed may not publish: it takes two. */
function openRedis(port: number): SystemClient {
  const { Redis } = hosts(PACKAGES.redis as string) as {
    readonly Redis: new (options: object) => RedisClient;
  };
  const open = (): RedisClient => new Redis({ port, host: '127.0.0.1', enableAutoPipelining: true });
  let sending: RedisClient | undefined;
  return {
    async subscribe(group, take) {
      const receiving = open();
      receiving.on('messageBuffer', (_, body) => take(body));
      await receiving.subscribe(group);
    },
    async ready() {
      sending ??= open();
      await sending.ping();
    },
    send: (group, body) => sending?.publish(group, body),
    keepPace: async (last) => await last,
  };
}
