/** The groups of a connection whose daemon sends every view whole, as a daemon of Spread does. */
import { errorOf, IllegalStateError } from '../errors.js';
import type { Mailbox } from '../mailbox/mailbox.js';
import type { ReceivedMessage } from '../mailbox/received-message.js';
import { CONNECTION_CLOSED } from '../wire/codes.js';
import type { Gap } from '../wire/extension/gap.js';
import { JOIN_MESS } from '../wire/service.js';
import type { GroupView } from './views/group-view.js';

/** What the groups need of their connection. */
export interface GroupsHost {
  view(view: GroupView): void;
  /** Continuity of a group is lost here. */
  gap(gap: Gap): void;
  /** Everything that was missed has been taken. */
  resumed(): void;
  /** There is a question whose answer is awaited; see `isAwaiting`. */
  awaiting(): void;
  /** Whether the members of the group agree on their views, so that none of them may see a list that is wrong. */
  isSynchronous(group: string): boolean;
  /** The connection cannot continue. */
  broken(error: Error): void;
}

/** What makes them, for one daemon. */
export type GroupsClass = new (
  mailbox: Mailbox,
  names: readonly string[],
  host: GroupsHost,
  before: PlainGroups | null,
) => PlainGroups;

export class PlainGroups {
  protected isOver = false;

  /**
   * @param names private groups of the connection, the one at this daemon first
   * @param before where the session comes from, if it continues here
   */
  constructor(
    protected readonly mailbox: Mailbox,
    _names: readonly string[],
    protected readonly host: GroupsHost,
    _before: PlainGroups | null,
  ) {}

  /** Whether somebody waits for a list: it comes behind what waits for readers. */
  get isAwaiting(): boolean {
    return false;
  }

  /** Asks the daemon to join. One that gives no lists on demand gives them always. @returns whether there is one */
  requestJoin(group: string, _onDemand: boolean): boolean {
    return this.request(group);
  }

  /** The group continues here, or will be joined without a request. @returns whether its list comes on demand only */
  expect(_group: string, _onDemand: boolean): boolean {
    return false;
  }

  /** @returns whether there is nothing in it for anybody else */
  take(_arrival: ReceivedMessage): boolean {
    return false;
  }

  /** What the daemon states of a member; null for nothing. @throws IllegalStateError where it was not asked to state anything */
  subjectOf(_group: string, _id: string): string | null {
    throw new IllegalStateError('the daemon states subjects to connections with `compactViews`');
  }

  /** Resolves when the newest view of the group has its list. */
  async list(_group: string, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.isOver) throw errorOf(CONNECTION_CLOSED);
    await Promise.resolve();
  }

  /** The group was left, or not joined. */
  forget(_group: string): void {
    // Nothing is kept of it.
  }

  /** This daemon is taken from. */
  begin(): void {
    // Its views need no others.
  }

  /** Another daemon is taken from: who waits for a list asks again there. */
  moved(): void {
    this.isOver = true;
  }

  end(_error: Error): void {
    this.isOver = true;
  }

  /** @param body mode of the join @returns whether there is a daemon */
  protected request(group: string, ...body: readonly Uint8Array[]): boolean {
    void this.mailbox.send(JOIN_MESS, [group], 0, body);
    return this.mailbox.state === 'open';
  }
}
