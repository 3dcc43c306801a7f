/** Logs made up by hand, a line for each entry, for the specs of the checkers. */
import { AGREED_MESS } from '../../../lib/wire/service.js';
import type { Entry, SessionLog, ViewEntry } from '../../../daemon/testing/checks/log.js';

export class MadeUp implements SessionLog {
  readonly session: string;
  readonly privateGroup: string;
  readonly membership = true;
  readonly entries: Entry[] = [];
  end: SessionLog['end'] = 'open';

  constructor(
    readonly name: string,
    readonly daemon = 'd1',
  ) {
    this.privateGroup = `#${name}#${daemon}`;
    this.session = `${this.privateGroup}~1`;
  }

  send(id: string, service = AGREED_MESS, groups: readonly string[] = ['g']): this {
    return this.add({ kind: 'send', id, groups, service });
  }

  got(from: MadeUp, id: string, service = AGREED_MESS, groups: readonly string[] = ['g']): this {
    return this.add({ kind: 'data', id, sender: from.privateGroup, groups, service });
  }

  view(gid: string, members: readonly MadeUp[], change: Partial<ViewEntry> = {}): this {
    const names = members.map(({ privateGroup }) => privateGroup);
    const changed = change.changed ?? this.privateGroup;
    const cause = change.cause ?? 'join';
    const sets = cause === 'network' ? [names] : [[changed]];
    return this.add({
      kind: 'view',
      group: 'g',
      gid,
      cause,
      changed,
      members: names,
      sets,
      own: 0,
      ...change,
    });
  }

  /** A view by a network change; the members that came along stand in the first set. */
  network(gid: string, ...sets: readonly (readonly MadeUp[])[]): this {
    const names = sets.map((set) => set.map(({ privateGroup }) => privateGroup));
    const own = names.findIndex((set) => set.includes(this.privateGroup));
    return this.view(gid, sets.flat(), { cause: 'network', changed: null, sets: names, own });
  }

  transition(gid: string): this {
    return this.add({ kind: 'transition', group: 'g', gid });
  }

  join(group = 'g'): this {
    return this.add({ kind: 'join', group });
  }

  leave(group = 'g'): this {
    return this.add({ kind: 'leave', group });
  }

  left(group = 'g'): this {
    return this.add({ kind: 'self-leave', group });
  }

  private add(entry: Entry): this {
    this.entries.push(entry);
    return this;
  }
}
