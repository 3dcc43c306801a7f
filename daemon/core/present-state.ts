/** The groups as they are at the end of the ring, for the replay of one session. */
import { nameField } from '../../lib/wire/name.js';
import type { GroupId } from '../../lib/wire/group-id.js';
import type { Group } from './group.js';
import type { GroupMembership } from './group-membership.js';
import type { Groups } from './groups.js';
import type { GroupList } from './past-list.js';
import type { PresentState } from './replay-ports.js';
import { namesOf, type SessionRecords } from './session-records.js';

/** Groups, members and sessions of the core. */
export interface PresentTables {
  readonly groups: Groups;
  readonly views: GroupMembership;
  readonly records: SessionRecords;
}

export class PresentGroups implements PresentState {
  /** Whether the return of the session has been carried out. */
  hasReturned = false;

  /** @param oldName the private group that the session had, as its client says: the table may not know of it */
  constructor(
    private readonly tables: PresentTables,
    private readonly sid: bigint,
    private readonly oldName: string,
  ) {}

  list(group: string): GroupList | null {
    const found = this.find(group);
    if (!found) return null;
    const { subjects } = this.tables.views;
    const members = found.members
      .toArray()
      .map(({ privateGroup: name }) => ({ name, subject: subjects.of(name) }));
    return { group, id: found.id, hash: found.hash.value, members, messages: found.messages };
  }

  *groupsOf(name: string): Iterable<string> {
    for (const group of this.tables.views.members.get(name)?.groups ?? []) yield group.name;
  }

  signalled(group: string): GroupId | null {
    const found = this.find(group);
    return found?.inTransition === true ? found.id : null;
  }

  get names(): readonly string[] {
    const record = this.tables.records.of(this.sid);
    // One that has had a name and has none now has lost it to somebody else.
    return record && record.name !== null ? namesOf(record) : [this.oldName];
  }

  private find(group: string): Group | undefined {
    return this.tables.groups.find(nameField(group), 0);
  }
}
