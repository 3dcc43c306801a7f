/** Who goes and who comes in the views that follow an exchange, as frames NETWORK say it. */
import { type ComeRecord, type MemberRange, type Network } from '../../lib/wire/extension/network.js';
import type { Group, Member } from './group.js';
import type { Subjects } from './subjects.js';
import { type WatchedView, watchedNetwork } from './watched-view.js';

interface Range extends MemberRange {
  count: number;
}

interface Walked {
  readonly come: ComeRecord[];
  readonly sets: Map<string, Range[]>;
}

const together = ({ members }: Group, own: string): Walked => ({
  come: [],
  sets: new Map([[own, [{ first: 0, count: members.length }]]]),
});

interface Gone {
  readonly names: string[];
  readonly subjects: (string | null)[];
}

export class NetworkChanges {
  private readonly gone = new Map<Group, Gone>();
  private readonly come = new Map<Group, Set<Member>>();

  /** @param isForAll whether views are noted or watched; else only members here that get records ask */
  constructor(private readonly isForAll: boolean) {}

  goes(group: Group, { privateGroup }: Member, subjects: Subjects): void {
    if (group.compact === 0 && !this.isForAll) return;
    const gone = this.gone.get(group) ?? { names: [], subjects: [] };
    this.gone.set(group, gone);
    gone.names.push(privateGroup);
    gone.subjects.push(subjects.of(privateGroup));
  }

  /** Of those who are gone, in their order. */
  goneSubjects(group: Group): readonly (string | null)[] {
    return this.gone.get(group)?.subjects ?? [];
  }

  /** The view for those who watch the daemon. */
  watched(group: Group): WatchedView {
    return watchedNetwork(group, this.gone.get(group)?.names ?? [], this.come.get(group) ?? []);
  }

  comes(group: Group, member: Member): void {
    if (group.compact === 0 && !this.isForAll) return;
    const come = this.come.get(group);
    if (come) come.add(member);
    else this.come.set(group, new Set([member]));
  }

  /**
   * What the frame says to those who moved with this daemon.
   * @param keyOf names the vs set of a member; null when all moved together and nobody comes
   * @param own the one of this daemon
   * @param reordered whether a list follows, and nothing of this is to be applied
   */
  view(
    group: Group,
    keyOf: ((member: Member) => string) | null,
    own: string,
    reordered: boolean,
    subjects: Subjects,
  ): Network {
    const { come, sets } = keyOf === null ? together(group, own) : this.walk(group, keyOf, subjects);
    const ownSet = [...sets.keys()].indexOf(own);
    return {
      group: group.name,
      id: group.id,
      reordered,
      members: group.members.length,
      hash: group.hash.value,
      gone: this.gone.get(group)?.names ?? [],
      come,
      sets: [...sets.values()],
      ownSet: ownSet < 0 ? null : ownSet,
    };
  }

  /** The members by vs set, and those of them that come. */
  private walk(group: Group, keyOf: (member: Member) => string, subjects: Subjects): Walked {
    const came = this.come.get(group);
    const come: ComeRecord[] = [];
    const sets = new Map<string, Range[]>();
    let index = 0;
    let key: string | null = null;
    let range: Range = { first: 0, count: 0 };
    for (const member of group.members) {
      const next = keyOf(member);
      if (next !== key) {
        key = next;
        range = { first: index, count: 0 };
        const ranges = sets.get(key);
        if (ranges) ranges.push(range);
        else sets.set(key, [range]);
      }
      range.count++;
      if (came?.has(member)) {
        const { privateGroup: name } = member;
        come.push({ index, name, returned: null, subject: subjects.of(name) });
      }
      index++;
    }
    return { come, sets };
  }
}
