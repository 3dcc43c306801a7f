/** What is taken from one daemon: its messages as events, the views of its groups, under the name that it has given. */
import type { Mailbox } from '../mailbox/mailbox.js';
import type { ReceivedMessage } from '../mailbox/received-message.js';
import type { GroupLists } from './group.js';
import type { GroupsClass, GroupsHost, PlainGroups } from './plain-groups.js';
import { EventReader } from './reader.js';
import type { Overlap } from './resume/overlap.js';

export class Incoming {
  /** Id of the connection at this daemon. */
  readonly own: string;
  readonly reader: EventReader;
  readonly groups: PlainGroups;
  /** There while the daemon brings what the one before has brought. */
  overlap: Overlap | null = null;

  /**
   * @param names of before under which the connection is still reached
   * @param before where the session comes from, if it continues here: its groups are followed on
   */
  constructor(
    mailbox: Mailbox,
    private readonly names: readonly string[],
    Groups: GroupsClass,
    host: GroupsHost,
    before: Incoming | null,
  ) {
    this.own = mailbox.privateGroup;
    this.reader = new EventReader(this.own, names);
    this.groups = new Groups(mailbox, [this.own, ...names], host, before?.groups ?? null);
  }

  /** Whether the daemon before has brought the message. */
  isKnown(arrival: ReceivedMessage): boolean {
    const { overlap } = this;
    if (overlap === null) return false;
    const isNew = overlap.isNew(arrival);
    if (overlap.isOver) this.overlap = null;
    return !isNew;
  }

  /**
   * Whether one of the destinations is this connection itself. A name of before may be somebody else's by now: it counts where the
   * message cannot have come for another destination.
   * @param isJoined whether messages come to this connection for that group
   */
  isOwn(groups: readonly string[], isJoined: (group: string) => boolean): boolean {
    if (groups.includes(this.own)) return true;
    return this.names.some((name) => groups.includes(name)) && !groups.some(isJoined);
  }
}

/** The one daemon of a connection that ends when it is lost; `ReturningDaemons` are those of one that comes back. */
export class Daemons implements GroupLists {
  /** From the daemon whose messages are taken now. */
  taken: Incoming;

  /** @param listed the list of the group is asked for */
  constructor(
    mailbox: Mailbox,
    protected readonly Groups: GroupsClass,
    protected readonly host: (mailbox: Mailbox) => GroupsHost,
    private readonly listed: (group: string) => void,
  ) {
    this.taken = new Incoming(mailbox, [], Groups, host(mailbox), null);
  }

  /** From the daemon that requests go to. */
  get asked(): Incoming {
    return this.taken;
  }

  /** The connection is gone. */
  end(error: Error): void {
    this.taken.groups.end(error);
  }

  list(group: string, signal: AbortSignal | undefined): Promise<void> {
    this.listed(group);
    return this.taken.groups.list(group, signal);
  }

  subjectOf(group: string, id: string): string | null {
    return this.taken.groups.subjectOf(group, id);
  }
}
