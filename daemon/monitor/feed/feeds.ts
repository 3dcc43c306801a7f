/**
 * The feed of the console: what has changed, line by line, to everybody who reads it. Lines are made once for all readers.
 * Events and rates are kept from the beginning, for the next who comes; what is listed is looked at only while somebody
 * reads.
 */
import type { Clock, Timer } from '../../../lib/util/clock.js';
import type { FeedLine, HelloLine, SessionRow, SessionsLine } from '../console/core/lines.js';
import { FEED_INTERVAL, LISTED_MEMBERS, LISTED_SESSIONS, MAX_FEEDS, MAX_FEED_BYTES } from '../limits.js';
import type { DaemonStatus, SessionInfo, StatusEvent } from '../status.js';
import { DaemonList } from './daemon-list.js';
import { EventLog } from './event-log.js';
import { GroupTable } from './group-table.js';
import { Rates } from './rates.js';

export interface FeedOptions {
  readonly status: DaemonStatus;
  /** Milliseconds by which the event loop is late, 99th percentile. */
  readonly loopP99: () => number;
  /** Where the consoles of other daemons are. */
  readonly links: HelloLine['links'];
  /** Names of daemons that there are to be. */
  readonly known: readonly string[];
  readonly clock: Clock;
}

/** The way to one who reads a feed. */
export interface FeedSink {
  /** Bytes that were written and not taken. */
  readonly waiting: number;
  write(text: string): void;
  /** Nothing more is written. */
  cut(): void;
}

interface Reader {
  readonly sink: FeedSink;
  /** The group that it has open; null for none. */
  readonly group: string | null;
}

export class Feeds {
  private readonly readers = new Set<Reader>();
  /** Those who are about to become readers. */
  private opening = 0;
  private readonly events: EventLog;
  private readonly daemons: DaemonList;
  private readonly groups: GroupTable;
  private readonly rates: Rates;
  private readonly unwatch: () => void;
  private timer: Timer | null = null;
  private isStopped = false;
  private damaged: number;
  /** Open groups that have changed, or may have. */
  private readonly changed = new Set<string>();
  /** Lines of this turn. */
  private unsent = '';

  constructor(private readonly options: FeedOptions) {
    const { status, clock, loopP99, known } = options;
    const date = (): number => clock.date();
    this.events = new EventLog(date, (line) => this.send(line));
    this.daemons = new DaemonList(status.view, known, date());
    this.groups = new GroupTable(status, () => clock.now());
    this.rates = new Rates({ status, views: () => this.events.views, loopP99 }, clock.now());
    this.damaged = status.core.damaged;
    this.unwatch = status.watch((event) => this.happened(event));
    this.schedule();
  }

  /** Whether one more reader is too many. */
  get isFull(): boolean {
    return this.readers.size + this.opening >= MAX_FEEDS;
  }

  /**
   * One more reader.
   * @param group that it has open; null for none
   * @returns to be called when it is gone
   */
  async open(sink: FeedSink, group: string | null): Promise<() => void> {
    const reader = { sink, group };
    this.opening++;
    try {
      await this.lookAtGroups();
    } finally {
      this.opening--;
    }
    if (this.isStopped) {
      sink.cut();
      return () => undefined;
    }
    this.flush();
    sink.write(this.beginning(group));
    this.readers.add(reader);
    return () => void this.readers.delete(reader);
  }

  /** Cuts all feeds. */
  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
    this.unwatch();
    for (const { sink } of this.readers) sink.cut();
    this.readers.clear();
  }

  /** What a feed begins with; the line of the sessions is the last one. */
  private beginning(group: string | null): string {
    const { events, rates, daemons, groups } = this;
    const open = group === null ? '' : textOf(this.groupLine(group));
    return [
      textOf(this.hello()),
      textOf(daemons.line),
      ...events.lines,
      ...rates.lines,
      textOf(groups.line),
      open,
      textOf(sessionsLine(this.options.status)),
    ].join('');
  }

  private schedule(): void {
    this.timer = this.options.clock.after(FEED_INTERVAL, () => this.round()).unref();
  }

  /** A second is over. */
  private round(): void {
    const { status, clock } = this.options;
    this.schedule();
    const { damaged } = status.core;
    if (damaged > this.damaged) this.events.add({ kind: 'damaged', count: damaged - this.damaged });
    this.damaged = damaged;
    this.events.tellSkipped();
    this.send(this.rates.next(clock.now(), clock.date()));
    if (this.readers.size === 0) {
      this.changed.clear();
      return;
    }
    void this.lookAtGroups();
    this.tellOpenGroups();
    this.send(textOf(sessionsLine(status)));
  }

  private happened(event: StatusEvent): void {
    const at = this.options.clock.date();
    if (event.kind === 'daemon-view') {
      const before = this.daemons.here;
      this.daemons.install(event, at);
      this.events.add({ ...event, before });
      this.send(textOf(this.daemons.line));
      for (const { group } of this.readers) if (group !== null) this.changed.add(group);
      return;
    }
    this.events.add(event);
    if (event.kind === 'view') {
      this.groups.viewed(event, at);
      if (this.readers.size > 0) this.changed.add(event.group);
    }
    if (event.kind === 'reload') this.send(textOf(this.hello()));
  }

  private async lookAtGroups(): Promise<void> {
    const line = await this.groups.look();
    if (line !== null && !this.isStopped) this.send(textOf(line));
  }

  private tellOpenGroups(): void {
    const lines = new Map<string, string>();
    for (const reader of Array.from(this.readers)) {
      const { group } = reader;
      if (group === null || !this.changed.has(group)) continue;
      const line = lines.get(group) ?? textOf(this.groupLine(group));
      lines.set(group, line);
      this.flush();
      this.write(reader, line);
    }
    this.changed.clear();
  }

  private groupLine(name: string): FeedLine {
    const { id = '', memberIds = [], members = 0 } = this.options.status.group(name, LISTED_MEMBERS) ?? {};
    return { t: 'group', name, id, members: memberIds, total: members };
  }

  private hello(): HelloLine {
    const { status, links } = this.options;
    const { name, id, version, started, configurationHash, limits } = status;
    const { maxSessionMessages, maxSessionBytes, maxTotalBytes } = limits;
    return {
      t: 'hello',
      name,
      id,
      version,
      node: process.version,
      started,
      engine: status.engine.kind,
      configurationHash,
      links,
      limits: { maxSessionMessages, maxSessionBytes, maxTotalBytes },
    };
  }

  /** To all readers, with what else there is of this turn. */
  private send(line: string): void {
    if (this.readers.size === 0) return;
    if (this.unsent === '') this.options.clock.soon(() => this.flush());
    this.unsent += line;
  }

  private flush(): void {
    const text = this.unsent;
    this.unsent = '';
    if (text === '') return;
    for (const reader of Array.from(this.readers)) this.write(reader, text);
  }

  /** One who does not keep up is cut: what waits takes memory of the daemon. */
  private write(reader: Reader, text: string): void {
    if (reader.sink.waiting <= MAX_FEED_BYTES) {
      reader.sink.write(text);
      return;
    }
    this.readers.delete(reader);
    reader.sink.cut();
  }
}

const textOf = (line: FeedLine): string => `${JSON.stringify(line)}\n`;

const sessionsLine = (status: DaemonStatus): SessionsLine => ({
  t: 'sessions',
  total: status.sessionCount,
  top: status.heaviest(LISTED_SESSIONS).map(rowOf),
});

/** Without what follows from the rest. */
function rowOf(session: SessionInfo): SessionRow {
  const { number, id, from, tls, principal, version, groups, since } = session;
  const { messagesIn, messagesOut, bytesIn, bytesOut, waitingMessages, waitingBytes, held } = session;
  const counts = { messagesIn, messagesOut, bytesIn, bytesOut, waitingMessages, waitingBytes };
  return { number, id, from, tls, principal, version, groups, since, held, ...counts };
}
