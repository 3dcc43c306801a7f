/** The logs of connections as the checkers read them. */
import type { ViewEvent } from '../../lib/client/event.js';
import { groupIdText } from '../../lib/wire/group-id.js';
import { check } from './checks/all.js';
import type { Entry, SessionLog, ViewEntry, Violation } from './checks/log.js';
import type { Seen, ConnectionLog } from './connection-log.js';

/**
 * Everything that is wrong with what they saw. Left out are messages that cannot be told apart, those of other senders, and
 * groups that are not plain ones.
 * @param isComplete whether nothing is on its way any more
 */
export function checkLogs(connections: readonly ConnectionLog[], isComplete: boolean): Violation[] {
  const logs = new Logs(connections).sessions();
  return check(isComplete ? logs : logs.map((log): SessionLog => Object.assign(log, { end: 'killed' })));
}

class Logs {
  /** Words of the messages that were sent once. */
  private readonly once = new Map<string, Extract<Seen, { kind: 'send' | 'data' }>>();
  private readonly others: ReadonlySet<string>;
  /** Sets of members that moved together, by group and view. */
  private readonly sets = new Map<string, string[][]>();

  constructor(private readonly all: readonly ConnectionLog[]) {
    this.others = new Set(all.flatMap(({ others }) => [...others]));
    this.readSends();
    this.readSets();
  }

  sessions(): SessionLog[] {
    return this.all.map((each, index): SessionLog => {
      const { id, daemon, end } = each;
      return {
        session: `${id}~${index + 1}`,
        privateGroup: id,
        daemon,
        membership: true,
        entries: this.entriesOf(each),
        end: end === 'open' ? 'open' : 'killed',
      };
    });
  }

  private readSends(): void {
    const again = new Set<string>();
    for (const { seen } of this.all)
      for (const each of seen) {
        if (each.kind !== 'send') continue;
        if (this.once.has(each.words)) again.add(each.words);
        this.once.set(each.words, each);
      }
    for (const words of again) this.once.delete(words);
  }

  /** What each receiver says of its own set, put together. */
  private readSets(): void {
    for (const { seen } of this.all)
      for (const each of seen) {
        if (each.kind !== 'view' || each.view.cause !== 'network' || this.others.has(each.view.group))
          continue;
        const key = keyOf(each.view);
        const sets = this.sets.get(key) ?? [];
        const own = [...each.view.cameWithMe];
        if (!sets.some((set) => set.join() === own.join())) sets.push(own);
        this.sets.set(key, sets);
      }
  }

  private entriesOf({ seen }: ConnectionLog): Entry[] {
    const entries: Entry[] = [];
    for (const each of seen) {
      const entry = this.entryOf(each);
      if (entry) entries.push(entry);
    }
    return entries;
  }

  private entryOf(each: Seen): Entry | null {
    switch (each.kind) {
      case 'send':
      case 'data': {
        const sent = this.once.get(each.words);
        if (!sent || each.groups.some((group) => this.others.has(group))) return null;
        const { kind, words: id, sender, groups } = each;
        const message = { id, groups, service: sent.service };
        return kind === 'send' ? { kind, ...message } : { kind, sender, ...message };
      }
      case 'view':
        return this.others.has(each.view.group) ? null : this.viewOf(each.view);
      default:
        return this.others.has(each.group) ? null : each;
    }
  }

  private viewOf(view: ViewEvent): ViewEntry {
    const { group, cause, changed, members, id } = view;
    const entry = { kind: 'view', group, gid: groupIdText(id), cause, changed, members } as const;
    if (cause !== 'network') return { ...entry, sets: [[changed]], own: 0 };
    const known = this.sets.get(keyOf(view)) ?? [];
    const rest = members.filter((member) => !known.some((set) => set.includes(member)));
    const sets = [...known, ...rest.map((member) => [member])];
    const own = [...view.cameWithMe].join();
    return { ...entry, sets, own: sets.findIndex((set) => set.join() === own) };
  }
}

const keyOf = ({ group, id }: ViewEvent): string => `${group} ${groupIdText(id)}`;
