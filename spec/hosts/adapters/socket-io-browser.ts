/** A client of Socket.IO that comes back to any server. */
import { until } from '../../support/wait.js';
import { type Client, clientOf, type HostSocket, portOf, type Servers } from './socket-io.js';

/** What a client sends when it comes back. */
export interface Known {
  readonly pid: string;
  readonly offset: string;
}

/** A client that is kept apart from its connection, as a browser is: it has its private id and its offset. */
export class Browser {
  client: Client;
  readonly events: unknown[][] = [];

  constructor(
    private readonly servers: Servers,
    server: number,
    auth?: Known,
  ) {
    this.client = this.connectTo(server, auth);
  }

  /** A client of a server, in the room `x`, which has got the event `first`. */
  static async at(servers: Servers, server: number): Promise<Browser> {
    const browser = new Browser(servers, server);
    const socket = await browser.isIn(server);
    socket.join('x');
    socket.data['name'] = 'ann';
    servers.at(server).emit('first');
    await browser.has('first');
    return browser;
  }

  /** What it knows: `pid` and `offset`. */
  get known(): Known {
    const { _pid, _lastOffset } = this.client as unknown as { _pid: string; _lastOffset: string };
    return { pid: _pid, offset: _lastOffset };
  }

  get recovered(): boolean {
    return this.client.recovered;
  }

  /** Its transport breaks: its server notices. */
  async lose(server: number): Promise<void> {
    const { id } = this.client;
    this.client.io.engine.close();
    await until(() => !this.servers.at(server).of('/').sockets.has(id), 'noticed');
  }

  /** It comes back to a server with what it knows. */
  async back(server: number, known: Known = this.known): Promise<void> {
    this.client = this.connectTo(server, known);
    await this.isIn(server);
  }

  async isIn(server: number): Promise<HostSocket> {
    await until(() => this.client.connected, 'connected');
    const { sockets } = this.servers.at(server).of('/');
    await until(() => sockets.has(this.client.id), 'its socket');
    return sockets.get(this.client.id) as HostSocket;
  }

  names(): unknown[] {
    return this.events.map(([name]) => name);
  }

  async has(...names: readonly string[]): Promise<void> {
    await until(() => names.every((name) => this.names().includes(name)), names.join(' '));
  }

  private connectTo(server: number, auth?: Known): Client {
    const client = clientOf(portOf(this.servers.at(server)), auth ? { auth } : {});
    client.onAny((...event) => this.events.push(event));
    // A client that is recovered tells so by its private id.
    Object.assign(client, { _pid: auth?.pid });
    this.servers.log.set(client, []);
    return client;
  }
}
