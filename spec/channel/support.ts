/** What the specs of channels share: a daemon of this process with connections that use channels, and short words. */
import { expect } from 'chai';
import { createDaemon, type Daemon, type DaemonOptions } from '../../daemon/index.js';
import type { Channels } from '../../lib/channel/channels.js';
import type { ClientChannel } from '../../lib/channel/client-channel.js';
import type { ServerEvent } from '../../lib/channel/event.js';
import { openChannels } from '../../lib/channel/open.js';
import type { ChannelsOptions } from '../../lib/channel/options.js';
import type { ServerRequest } from '../../lib/channel/request.js';
import type { ServerChannel } from '../../lib/channel/server-channel.js';
import { Connection } from '../../lib/client/connection.js';
import { SspError } from '../../lib/errors.js';
import { Mailbox } from '../../lib/mailbox/mailbox.js';
import { within } from '../support/fake-daemon.js';

export { settle } from '../client/support.js';
export { within } from '../support/fake-daemon.js';

/** One connection with its channels. */
export interface Party {
  readonly channels: Channels;
  readonly connection: Connection;
  /** The end without a goodbye, as when a process is killed. */
  kill(): void;
}

/** A real daemon named `d1`. Its end closes the connections that were made here. */
export class ChannelFixture implements AsyncDisposable {
  private readonly connections: Connection[] = [];

  private constructor(readonly daemon: Daemon) {}

  static async start(options: DaemonOptions = {}): Promise<ChannelFixture> {
    return new ChannelFixture(
      await createDaemon({ name: 'd1', listen: [{ host: '127.0.0.1', port: 0 }], ...options }),
    );
  }

  /** A connection `#name#d1`. */
  async party(name: string, options?: ChannelsOptions): Promise<Party> {
    const mailbox = await Mailbox.open({ spreadName: `${this.daemon.port}@127.0.0.1`, name: name });
    if (typeof mailbox === 'number') throw new Error(`${name} was not let in: ${mailbox}`);
    const connection = new Connection(mailbox);
    this.connections.push(connection);
    const channels = await openChannels(connection, options);
    const party = { channels, connection, kill: () => mailbox.kill() };
    return party;
  }

  async channels(name: string, options?: ChannelsOptions): Promise<Channels> {
    return (await this.party(name, options)).channels;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.close()));
    await this.daemon.stop();
  }
}

/** A channel `c` of `server`, opened by `client`. */
export interface Pair {
  readonly server: ServerChannel;
  readonly client: ClientChannel;
}

/** The server has read the news of its first client. */
export async function pairOf(
  serverSide: Channels,
  clientSide: Channels,
  options?: Parameters<Channels['createChannel']>[1],
): Promise<Pair> {
  const server = await serverSide.createChannel('c', options);
  const client = await clientSide.openChannel('c');
  await next(server, 'client-joined');
  return { server, client };
}

/** The next event, which has to be of that kind. */
export async function next<K extends ServerEvent['kind']>(
  server: ServerChannel,
  kind: K,
): Promise<ServerEvent & { readonly kind: K }> {
  const event = await within(server.receive(), `a ${kind}`);
  expect(event.kind).to.equal(kind);
  return event as ServerEvent & { readonly kind: K };
}

export const request = (server: ServerChannel): Promise<ServerRequest> => next(server, 'request');

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  within(
    promise.then(
      () => null,
      (error: unknown) => error,
    ),
    'a rejection',
  );

/** What the promise is rejected with: an error of the toolkit. */
export async function failure(promise: Promise<unknown>): Promise<SspError> {
  const outcome = await rejection(promise);
  if (outcome instanceof SspError) return outcome;
  throw new Error(`it was not rejected by an SspError: ${String(outcome)}`);
}

/** Its code; `AbortError` when a signal without a reason of its own ended it. */
export async function code(promise: Promise<unknown>): Promise<string> {
  const outcome = await rejection(promise);
  if (outcome instanceof SspError) return outcome.code;
  if (outcome instanceof DOMException) return outcome.name;
  throw new Error(`it was not rejected by an SspError: ${String(outcome)}`);
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (body: Uint8Array): string => new TextDecoder().decode(body);

/** Answers everything with its own body, until the channel ends. */
export async function echo(server: ServerChannel): Promise<void> {
  for await (const event of server) if (event.kind === 'request') void event.reply(event.type, event.body);
}
