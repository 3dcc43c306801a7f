/** What one connection of a cluster sends and is handed: lines of the trace, and a log for the checkers. */
import { Buffer } from 'node:buffer';
import type { Connection } from '../../lib/client/connection.js';
import type { ConnectionEvent, DataEvent, ViewEvent } from '../../lib/client/event.js';
import type { Group } from '../../lib/client/group.js';
import type { JoinOptions } from '../../lib/client/options.js';
import { type Body, bytesOfBody, type SendOptions, serviceWord } from '../../lib/client/send.js';
import { fnv32 } from '../../lib/util/hash.js';
import { groupIdText } from '../../lib/wire/group-id.js';
import type { Trace } from './network/trace.js';

/** Members that a line of the trace lists. */
const MOST_LISTED = 12;

/** One message as its sender and its receivers know it. Two with equal words cannot be told apart. */
interface SeenMessage {
  readonly words: string;
  readonly sender: string;
  readonly groups: readonly string[];
  readonly service: number;
}

export type Seen =
  | ({ readonly kind: 'send' | 'data' } & SeenMessage)
  | { readonly kind: 'view'; readonly view: ViewEvent }
  | { readonly kind: 'transition'; readonly group: string; readonly gid: string }
  | { readonly kind: 'leave' | 'self-leave'; readonly group: string };

export class ConnectionLog {
  readonly seen: Seen[] = [];
  /** How the connection is: `blurred` when some of what it sent was refused or failed. */
  end: 'open' | 'blurred' | 'closed' = 'open';
  /** Groups that are not plain ones: the checkers know nothing of them. */
  readonly others = new Set<string>();
  /** Hear everything that it hands out. */
  readonly recorders: { take(event: ConnectionEvent): void; close(): void }[] = [];
  readonly name: string;
  readonly id: string;

  /** @param daemon its name */
  constructor(
    readonly connection: Connection,
    readonly daemon: string,
    private readonly trace: Trace,
  ) {
    this.name = connection.name;
    this.id = connection.id;
    this.tap();
    this.watchRequests();
    this.watchLeaves();
    connection.on('close', (error) => this.close(error));
    connection.on('reconnecting', ({ address }) => {
      this.end = 'closed';
      this.note(`lost ${address}`);
    });
    connection.on('resumed', ({ address, gaps }) =>
      this.note(`back at ${address} as ${connection.id}, ${gaps} gaps`),
    );
    this.note(`connected as ${connection.id}`);
  }

  /** What it hands out passes here, in front of the readers. */
  private tap(): void {
    const { connection } = this;
    const handOut = connection['handOut'].bind(connection);
    connection['handOut'] = (event, synchronous) => {
      this.hear(event);
      for (const recorder of this.recorders) recorder.take(event);
      handOut(event, synchronous);
    };
  }

  private note(what: string): void {
    this.trace.note(this.name, () => what);
  }

  private close(error: Error | undefined): void {
    this.end = 'closed';
    this.note(error ? `closed: ${error.message}` : 'closed');
    this.closeRecorders();
  }

  /** Nothing more is recorded. */
  closeRecorders(): void {
    for (const recorder of this.recorders.splice(0)) recorder.close();
  }

  /** The connection's own calls, in front of them. */
  private watchRequests(): void {
    const { connection } = this;
    const send = connection.send.bind(connection);
    const join: (name: string, options?: JoinOptions) => Promise<Group> = connection.join.bind(connection);
    connection.send = (groups, body, options?: SendOptions) => this.sends(send, groups, body, options ?? {});
    const joins = async (name: string, options?: JoinOptions): Promise<Group> => {
      this.note(`joins ${name}`);
      if (options?.viewSynchrony || options?.secure || options?.list) this.others.add(name);
      return await join(name, options);
    };
    connection.join = joins as Connection['join'];
  }

  /** Whoever asks for it: the connection, the group, or a join that was given up. */
  private watchLeaves(): void {
    const host = this.connection['memberships']['host'];
    const requestLeave = host.requestLeave.bind(host);
    host.requestLeave = (group) => {
      this.seen.push({ kind: 'leave', group });
      this.note(`leaves ${group}`);
      requestLeave(group);
    };
  }

  private async sends(
    send: Connection['send'],
    groups: string | readonly string[],
    body: Body,
    options: SendOptions,
  ): Promise<void> {
    const names = typeof groups === 'string' ? [groups] : groups;
    // Sent before it is written down: what is refused was not.
    const sent = send(groups, body, options);
    if (typeof body === 'string' || body instanceof Uint8Array) this.sent(names, body, options);
    try {
      await sent;
    } catch (error) {
      if (this.end === 'open') this.end = 'blurred';
      throw error;
    }
  }

  private sent(groups: readonly string[], body: Body, options: SendOptions): void {
    try {
      const service = serviceWord(options);
      const { id: sender } = this.connection;
      const words = wordsOf(
        sender,
        groups,
        options.service ?? 'agreed',
        options.type ?? 0,
        bytesOfBody(body),
      );
      this.seen.push({ kind: 'send', words, sender, groups, service });
      this.trace.note(this.name, () => `sends ${words}`);
    } catch {
      // The call says what is wrong with it.
    }
  }

  private hear(event: ConnectionEvent): void {
    switch (event.kind) {
      case 'data':
        this.data(event);
        break;
      case 'view':
        this.seen.push({ kind: 'view', view: event });
        this.trace.note(this.name, () => `view ${event.group} ${event.cause} ${membersText(event)}`);
        break;
      case 'transition':
        this.seen.push({ kind: 'transition', group: event.group, gid: groupIdText(event.id) });
        this.note(`transition ${event.group}`);
        break;
      case 'self-leave':
        this.seen.push({ kind: 'self-leave', group: event.group });
        this.note(`has left ${event.group}`);
        break;
      case 'reject':
        this.end = 'blurred';
        this.note(`is refused: ${event.error.message}`);
        break;
      default:
        this.note(`${event.kind} ${event.group}`);
    }
  }

  private data(event: DataEvent): void {
    const { sender, groups, service, type, body } = event;
    const words = wordsOf(sender, groups, service, type, body);
    this.seen.push({ kind: 'data', words, sender, groups, service: serviceWord({ service }) });
    this.trace.note(this.name, () => `gets ${words}`);
  }
}

function wordsOf(
  sender: string,
  groups: readonly string[],
  service: string,
  type: number,
  body: Uint8Array,
): string {
  const hash = fnv32(Buffer.from(body.buffer, body.byteOffset, body.length))
    .toString(16)
    .padStart(8, '0');
  return `${service} ${type} of ${sender} to ${groups.join(' ')}: ${body.length} bytes ${hash}`;
}

/** A view of a group on demand has no list. */
function membersText(view: ViewEvent): string {
  const isListed = Object.keys(view).includes('members') && view.size <= MOST_LISTED;
  return isListed ? view.members.join(' ') : `of ${view.size}`;
}
