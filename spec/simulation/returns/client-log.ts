/** What one program does and is handed out, over all its links. */
import { Buffer } from 'node:buffer';
import type { Connection } from '../../../lib/client/connection.js';
import type { GroupEvent, ViewEvent } from '../../../lib/client/event.js';
import type { Group } from '../../../lib/client/group.js';
import { NotSupportedError, SendUnknownError } from '../../../lib/client/resume/errors.js';
import type { ClientEntry, ClientLog, LinkedEntry } from '../../support/resume-checks/log.js';
import { gidOf, messageIn, type RecordedDaemon, textOf } from './daemon-log.js';

export class RecordedClient implements ClientLog {
  readonly entries: ClientEntry[] = [];
  settled = false;
  losses = 0;
  returns = 0;
  /** Planned moves that went as planned. */
  moves = 0;
  private isMoving = false;
  /** Errors that nothing should give. */
  readonly errors: string[] = [];
  private home: RecordedDaemon | null = null;
  private attempt = 0;
  private session: string;
  /** Groups of which it has a view, and those with a gap and no view since. */
  private readonly followed = new Set<string>();
  private readonly broken = new Set<string>();
  /** Messages whose promise has not settled, and those that were sent. */
  unsettled = 0;
  private readonly sent: string[] = [];

  constructor(
    readonly client: string,
    readonly connection: Connection,
    private readonly logOf: (daemon: string) => RecordedDaemon | undefined,
  ) {
    this.session = connection.sessionId;
    connection.on('reconnecting', () => {
      this.losses++;
      this.isMoving = false;
      this.entries.push({ kind: 'lost', at: this.place });
    });
    connection.on('moved', () => {
      this.isMoving = true;
    });
    connection.on('resumed', () => {
      if (this.isMoving) this.moves++;
      else this.returns++;
      this.isMoving = false;
      this.arrived(connection.id);
      this.entries.push({ kind: 'resumed', at: this.place });
    });
    // One of several destinations may be a name of before, which is somebody else's by now.
    connection.on('message', ({ groups, body }) => {
      if (groups.length === 1) this.entries.push({ kind: 'private', id: textOf(body) });
    });
    connection.on('reject', () => this.errors.push('refused'));
    connection.on('close', (error) => {
      if (error) this.errors.push(`closed: ${error.message}`);
    });
  }

  /** Where its session is not known, it is a new one: nobody says what was delivered of the one before. */
  private arrived(id: string): void {
    const home = this.logOf(id.split('#')[2] ?? '');
    const { sessionId } = this.connection;
    if (home && (home !== this.home || sessionId !== this.session))
      this.linked(home, id, this.attempt, 'unknown');
    this.session = sessionId;
  }

  /** A daemon has taken it. @param at place of the HELLO in this log: in a move the last daemon still brings events then */
  linked(
    home: RecordedDaemon,
    name: string,
    attempt: number,
    verdict: LinkedEntry['verdict'],
    at = this.entries.length,
  ): void {
    this.home = home;
    this.attempt = attempt;
    if (verdict === 'unknown') this.told('unknown');
    const { daemon, entries } = home;
    const place = this.isMoving ? at : this.entries.length;
    this.entries.splice(place, 0, { kind: 'linked', daemon, name, attempt, verdict, at: entries.length });
  }

  /** A group that it has joined. */
  joined(group: Group): void {
    group.on('event', (event) => this.take(group.name, event));
  }

  asked(kind: 'join' | 'leave', group: string): void {
    this.entries.push({ kind, group });
  }

  send(
    groups: readonly string[],
    size: number,
    selfDiscard: boolean,
    confirm: boolean,
    isSafe: boolean,
  ): void {
    const body = Buffer.from(`${this.client} ${this.sent.length} `.padEnd(size, '.'));
    this.sent.push(textOf(body));
    const ids = groups
      .filter((each) => !each.startsWith('#'))
      .map((group) => [group, messageIn(group, body)] as const);
    for (const [group, id] of ids) this.entries.push({ kind: 'send', id, group, discard: selfDiscard });
    const settle = (how: 'confirmed' | 'unknown' | 'not-sent'): void => {
      for (const [, id] of ids) this.entries.push({ kind: 'settled', id, how });
    };
    this.unsettled++;
    this.connection
      .send(groups, body, { selfDiscard, confirm, service: isSafe ? 'safe' : 'agreed' })
      .then(
        () => confirm && settle('confirmed'),
        (error: Error) => settle(isUnknown(error) ? 'unknown' : 'not-sent'),
      )
      .finally(() => this.unsettled--);
  }

  /** Everything has come to rest, and all that was sent is acknowledged. */
  settle(): void {
    this.told('acknowledged');
    this.settled = true;
  }

  /** What became of all that it has sent, but for what it knows by its promise. */
  private told(how: 'acknowledged' | 'unknown'): void {
    const known = new Set(this.entries.flatMap((entry) => (entry.kind === 'settled' ? [entry.id] : [])));
    const sent = this.entries.flatMap((entry) => (entry.kind === 'send' ? [entry.id] : []));
    for (const id of sent) if (!known.has(id)) this.entries.push({ kind: 'settled', id, how });
  }

  private get place(): number {
    return this.home?.entries.length ?? 0;
  }

  private take(group: string, event: GroupEvent): void {
    switch (event.kind) {
      case 'data':
        this.entries.push({ kind: 'data', group, id: messageIn(group, event.body) });
        break;
      case 'view':
        // Without its list when it was never right, which is a fault.
        if (Object.keys(event).includes('members')) this.view(event);
        else this.errors.push(`a view of ${group} without its list`);
        break;
      case 'transition':
        this.entries.push({ kind: 'signal', group });
        break;
      case 'self-leave':
        this.followed.delete(group);
        this.entries.push({ kind: 'left', group });
        break;
      case 'gap':
        this.followed.delete(group);
        this.broken.add(group);
        this.entries.push({ kind: 'gap', group, reason: event.reason });
        break;
      default:
        this.errors.push(`a ${event.kind}`);
    }
  }

  private view({ group, id, members, cause, changed }: ViewEvent): void {
    const gid = gidOf(id, members);
    if (this.followed.has(group)) {
      this.entries.push({ kind: 'view', group, gid, cause, changed, members });
      return;
    }
    this.followed.add(group);
    const of = this.broken.delete(group) ? 'present' : 'join';
    this.entries.push({ kind: 'list', group, gid, members, of });
  }
}

/** A daemon that cannot confirm a message may have got it. */
const isUnknown = (error: Error): boolean =>
  error instanceof SendUnknownError || error instanceof NotSupportedError;
