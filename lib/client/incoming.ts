/** What is taken from one daemon: its messages as events, its compact views, under the name that it has given. */
import type { Mailbox } from '../mailbox/mailbox.js';
import type { ReceivedMessage } from '../mailbox/received-message.js';
import { CompactGroups, type CompactHost } from './compact-groups.js';
import type { GroupLists } from './group.js';
import { EventReader } from './reader.js';
import type { Overlap } from './resume/overlap.js';

export class Incoming {
  /** Id of the connection at this daemon. */
  readonly own: string;
  readonly reader: EventReader;
  readonly compact: CompactGroups;
  /** There while the daemon brings what the one before has brought. */
  overlap: Overlap | null = null;

  /**
   * @param names of before under which the connection is still reached
   * @param before where the session comes from, if it continues here: its groups are followed on
   */
  constructor(
    mailbox: Mailbox,
    private readonly names: readonly string[],
    host: CompactHost,
    before: Incoming | null,
  ) {
    this.own = mailbox.privateGroup;
    this.reader = new EventReader(this.own, names);
    this.compact = new CompactGroups(mailbox, [this.own, ...names], host, before?.compact ?? null);
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

/** Most names of before under which a connection is still reached. */
const MOST_NAMES = 4;

/** One daemon after the other. For a while after a loss, requests go to the newest one and others are read to their end. */
export class Daemons implements GroupLists {
  /** From the daemon whose messages are taken now. */
  taken: Incoming;
  /** From those that come then. */
  private readonly coming: Incoming[] = [];
  /** Ids of before, the newest first. */
  private names: readonly string[] = [];

  constructor(
    mailbox: Mailbox,
    private readonly host: (mailbox: Mailbox) => CompactHost,
    /** The list of the group is asked for. */
    private readonly listed: (group: string) => void,
  ) {
    this.taken = new Incoming(mailbox, this.names, host(mailbox), null);
  }

  /** From the daemon that requests go to. */
  get asked(): Incoming {
    return this.coming.at(-1) ?? this.taken;
  }

  /** Requests go to this daemon from here on. @param isSame whether the session continues there, which keeps its names */
  ask(mailbox: Mailbox, isSame: boolean): void {
    const { asked, names } = this;
    const isMoved = asked.own !== mailbox.privateGroup;
    if (!isSame) this.names = [];
    else if (isMoved)
      this.names = [asked.own, ...names.filter((name) => name !== mailbox.privateGroup)].slice(0, MOST_NAMES);
    this.coming.push(new Incoming(mailbox, this.names, this.host(mailbox), isSame ? asked : null));
  }

  /** The last daemon is read to its end. @param overlap of what the next one brings */
  move(overlap: Overlap | null): void {
    const before = this.taken;
    this.taken = this.coming.shift() ?? before;
    this.taken.overlap = overlap;
    before.compact.moved();
    this.taken.compact.begin();
  }

  /** The connection is gone. */
  end(error: Error): void {
    for (const { compact } of [this.taken, ...this.coming]) compact.end(error);
  }

  list(group: string, signal: AbortSignal | undefined): Promise<void> {
    this.listed(group);
    return this.taken.compact.list(group, signal);
  }

  subjectOf(group: string, id: string): string | null {
    return this.taken.compact.subjectOf(group, id);
  }
}
