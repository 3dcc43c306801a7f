/**
 * Socket.IO servers and clients, with the packages of this folder, and a cluster of daemons below them. The types are the part of the packages that
 * is used: they are installed in this folder alone, and later than the specs are compiled.
 */
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Cluster, cluster, type ClusterOptions } from '../../../daemon/testing/index.js';
import {
  createAdapter,
  type AdapterFactory,
  type AdapterOptions,
} from '../../../lib/adapters/socket.io/index.js';
import type { Connection } from '../../../lib/index.js';
import { eventually, until } from '../../support/wait.js';
import { hosts } from '../consumer.js';

const load = createRequire(join(hosts, 'package.json'));

// oxlint-disable-next-line typescript/no-explicit-any -- arguments are whatever was sent.
type Listener = (...args: any[]) => void;

/** A server's side of a client, or a client of another server. */
export interface HostSocket {
  readonly id: string;
  readonly rooms: Set<string>;
  readonly recovered: boolean;
  data: Record<string, unknown>;
  readonly handshake: { readonly query: Readonly<Record<string, unknown>> };
  readonly conn: { close(): void; readonly transport: { readonly socket?: { terminate(): void } } };
  join(room: string): void;
  leave(room: string): void;
  emit(event: string, ...args: unknown[]): unknown;
  on(event: string, listener: Listener): this;
  disconnect(close?: boolean): this;
}

/** What broadcasts go out from. */
export interface Target {
  readonly local: Target;
  readonly volatile: Target;
  to(room: string | readonly string[]): Target;
  in(room: string | readonly string[]): Target;
  except(room: string): Target;
  timeout(milliseconds: number): Target;
  emit(event: string, ...args: unknown[]): unknown;
  emitWithAck(event: string, ...args: unknown[]): Promise<unknown[]>;
  fetchSockets(): Promise<HostSocket[]>;
  socketsJoin(room: string | readonly string[]): void;
  socketsLeave(room: string): void;
  disconnectSockets(close?: boolean): void;
}

export interface HostAdapter {
  serverCount(): Promise<number>;
  on(event: 'degraded' | 'restored', listener: (why?: Error) => void): unknown;
  close(): Promise<void> | void;
  broadcast(packet: unknown, options: unknown): unknown;
}

export interface Namespace extends Target {
  readonly name: string;
  readonly adapter: HostAdapter;
  readonly sockets: ReadonlyMap<string, HostSocket>;
  on(event: string, listener: Listener): this;
  serverSideEmit(event: string, ...args: unknown[]): void;
  serverSideEmitWithAck(event: string, ...args: unknown[]): Promise<unknown[]>;
  use(f: (socket: HostSocket, next: () => void) => void): this;
}

export interface Server extends Omit<Namespace, 'adapter'> {
  readonly httpServer: HttpServer;
  readonly engine: { readonly clientsCount: number };
  adapter(factory: AdapterFactory): this;
  listen(port: number): this;
  of(namespace: string | RegExp): Namespace;
  close(): Promise<void>;
}

export interface Client {
  readonly id: string;
  readonly connected: boolean;
  readonly recovered: boolean;
  readonly io: {
    readonly engine: { close(): void; readonly transport: { readonly ws?: { close(): void } } };
  };
  auth: unknown;
  on(event: string, listener: Listener): this;
  onAny(listener: (event: string, ...args: unknown[]) => void): this;
  emit(event: string, ...args: unknown[]): this;
  connect(): this;
  disconnect(): this;
}

export const { Server } = load('socket.io') as {
  readonly Server: new (options: object) => Server;
};
const { io: connectClient } = load('socket.io-client') as {
  readonly io: (url: string, options: object) => Client;
};

/** Connects to the port of a server. */
export const clientOf = (port: number, options: object = {}, namespace = ''): Client =>
  connectClient(`http://127.0.0.1:${port}${namespace}`, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    ...options,
  });

export const portOf = (server: Server): number => (server.httpServer.address() as AddressInfo).port;

export interface ServersOptions {
  /** Daemons below; each server has one of its own, or the only one. */
  readonly daemons?: number;
  readonly daemonOptions?: ClusterOptions;
  /** Of each server. */
  readonly server?: object;
  readonly adapter?: AdapterOptions;
  /** Of the connections of the adapters. */
  readonly resume?: boolean;
  /** Of the namespaces that are awaited. */
  readonly prepare?: (io: Server, index: number) => void;
}

/** Socket.IO servers in this process, one connection each. */
export class Servers implements AsyncDisposable {
  readonly all: Server[] = [];
  readonly connections: Connection[] = [];
  /** What each client got: event and arguments. */
  readonly log = new Map<Client, unknown[][]>();

  private constructor(
    readonly daemons: Cluster,
    private readonly options: ServersOptions,
  ) {}

  static async start(count: number, options: ServersOptions = {}): Promise<Servers> {
    const servers = new Servers(await cluster(options.daemons ?? 1, options.daemonOptions), options);
    for (let i = 0; i < count; i++) await servers.add();
    await until(() => servers.connections.every(({ open }) => open), 'connections');
    for (const each of servers.all) await servers.sees(each, count);
    return servers;
  }

  /** One more server. */
  async add(): Promise<Server> {
    const { adapter, daemons = 1, prepare, resume = false, server } = this.options;
    const index = this.all.length;
    const connection = await this.daemons.connect(index % daemons, resume ? { resume: true } : {});
    this.connections.push(connection);
    const io = new Server({ transports: ['websocket'], pingInterval: 60_000, ...server });
    io.adapter(await createAdapter(connection, adapter));
    prepare?.(io, index);
    io.listen(0);
    this.all.push(io);
    if (!io.httpServer.listening) await once(io.httpServer, 'listening');
    return io;
  }

  /** Waits until the server is in a view of that many. */
  async sees(server: Server, count: number, namespace = '/'): Promise<void> {
    const { adapter } = server.of(namespace);
    await eventually(async () => (await adapter.serverCount()) === count, `a view of ${count} servers`);
  }

  at(index: number): Server {
    return this.all[index] as Server;
  }

  /** A client of a server, connected. Everything that it gets is in `log`. */
  async client(index: number, options: object = {}, namespace = ''): Promise<Client> {
    const client = clientOf(portOf(this.at(index)), options, namespace);
    const events: unknown[][] = [];
    this.log.set(client, events);
    client.onAny((...event) => events.push(event));
    await until(() => client.connected, 'a client');
    const socket = (): HostSocket | undefined =>
      this.at(index)
        .of(namespace || '/')
        .sockets.get(client.id);
    await until(() => socket() !== undefined, 'its socket');
    return client;
  }

  /** What a client got, without offsets. */
  got(client: Client): unknown[][] {
    return this.log.get(client) ?? [];
  }

  /** Resolves when everything that this server has sent is everywhere. */
  async ordered(index: number): Promise<void> {
    const other = await this.client((index + 1) % this.all.length);
    this.at(index).to(other.id).emit('ordered');
    await until(() => this.got(other).length > 0, 'ordered');
  }

  socket(index: number, client: Client): HostSocket {
    return this.at(index).of('/').sockets.get(client.id) as HostSocket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.log.keys()) client.disconnect();
    for (const io of this.all) await io.close();
    for (const connection of this.connections) await connection.close();
    await this.daemons[Symbol.asyncDispose]();
  }
}
