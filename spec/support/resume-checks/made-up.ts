/** Logs made up by hand for the specs of the checkers: one group `g`, lists and views by the ids of their members. */
import type { ClientEntry, ClientLog, DaemonEntry, DaemonLog, LinkedEntry, ViewEntry } from './log.js';

const nameOf = (who: string): string => (who.includes('@') ? `#${who.replace('@', '#')}` : `#${who}#d1`);

export class MadeUpDaemon implements DaemonLog {
  readonly entries: DaemonEntry[] = [];

  constructor(
    readonly daemon: string,
    readonly alive = true,
  ) {}

  /** A view that it comes into with a past. */
  enters(tag: string): this {
    return this.add({ kind: 'installed', tag });
  }

  exchanged(tag: string): this {
    return this.add({ kind: 'exchanged', tag });
  }

  data(...ids: readonly string[]): this {
    for (const id of ids) this.add({ kind: 'data', group: 'g', id });
    return this;
  }

  view(gid: string, members: string, cause: ViewEntry['cause'] = 'network', changed = ''): this {
    return this.add(viewOf(gid, members, cause, changed));
  }

  private add(entry: DaemonEntry): this {
    this.entries.push(entry);
    return this;
  }
}

export class MadeUpClient implements ClientLog {
  readonly entries: ClientEntry[] = [];
  settled = true;

  constructor(readonly client: string) {}

  /** @param who name and daemon: `a@d1` */
  linked(who: string, verdict: LinkedEntry['verdict'] = 'new', attempt = 0): this {
    const daemon = who.split('@')[1] ?? 'd1';
    return this.add({ kind: 'linked', daemon, name: nameOf(who), attempt, verdict, at: 0 });
  }

  list(gid: string, members: string, of: 'join' | 'present' = 'join'): this {
    return this.add({ kind: 'list', group: 'g', gid, of, members: namesIn(members) });
  }

  view(gid: string, members: string, cause: ViewEntry['cause'] = 'network', changed = ''): this {
    return this.add(viewOf(gid, members, cause, changed));
  }

  data(...ids: readonly string[]): this {
    for (const id of ids) this.add({ kind: 'data', group: 'g', id });
    return this;
  }

  send(id: string, discard = false): this {
    return this.add({ kind: 'send', id, group: 'g', discard });
  }

  settle(id: string, how: 'acknowledged' | 'confirmed' | 'unknown' | 'not-sent' = 'acknowledged'): this {
    return this.add({ kind: 'settled', id, how });
  }

  gap(reason = 'overrun'): this {
    return this.add({ kind: 'gap', group: 'g', reason });
  }

  personal(id: string): this {
    return this.add({ kind: 'private', id });
  }

  say(kind: 'join' | 'leave' | 'signal' | 'left'): this {
    return this.add({ kind, group: 'g' });
  }

  /** @param at entries in the log of its daemon */
  lost(at = 0): this {
    return this.add({ kind: 'lost', at });
  }

  resumed(at = 0): this {
    return this.add({ kind: 'resumed', at });
  }

  ended(attempt: number): this {
    return this.add({ kind: 'end', attempt });
  }

  private add(entry: ClientEntry): this {
    this.entries.push(entry);
    return this;
  }
}

const namesIn = (members: string): string[] => members.split(' ').filter(Boolean).map(nameOf);

const viewOf = (gid: string, members: string, cause: ViewEntry['cause'], changed: string): ViewEntry => ({
  kind: 'view',
  group: 'g',
  gid,
  cause,
  changed: changed === '' ? null : nameOf(changed),
  members: namesIn(members),
});
