/** What held at a place in the ring: under which names a session was reached, which groups had given the signal, who was in them. */
import type { GroupId } from '../../lib/wire/group-id.js';
import { behind, type ItemPlace } from './item-merge.js';
import { type ListedMember, membersBefore } from './past-list.js';
import type { PresentState } from './replay-ports.js';
import type { Ring } from './ring.js';
import type { RingIndex } from './ring-index.js';
import type { Change } from './ring-entry.js';

export class PastState {
  constructor(
    private readonly ring: Ring,
    private readonly index: RingIndex,
    private readonly present: PresentState,
    private readonly sid: bigint,
  ) {}

  /** The names under which the session was reached before that entry. */
  namesAt(first: number): readonly string[] {
    const postings = this.index.ofSession(this.sid);
    for (let i = postings.after(behind(first - 1)); i < postings.end; i++) {
      const { number, change } = postings.at(i);
      const next = this.ring.at(number).changes[change];
      if (next?.kind === 'renamed') return next.before;
    }
    return this.present.names;
  }

  /** Id of the view in which the group had given the signal before that entry, and no view since; else null. */
  signalAt(group: string, first: number): GroupId | null {
    const postings = this.index.of(group);
    const end = postings.after(behind(first - 1));
    for (let i = end - 1; i >= postings.first; i--) {
      const { number, change } = postings.at(i);
      const last = change < 0 || number < this.ring.first ? undefined : this.ring.at(number).changes[change];
      if (last && last.kind !== 'reordered') return last.kind === 'signal' ? last.id : null;
    }
    return this.ring.signalled.get(group) ?? null;
  }

  /**
   * Data messages of a group up to that place: those of now without those that came since. Null where counting may have begun
   * again: with another daemon view, or when the group had no members.
   */
  messagesBehind(group: string, place: ItemPlace): number | null {
    const { ring } = this;
    const now = this.present.list(group)?.messages ?? null;
    if (now === null || ring.viewAt(place.number) !== ring.viewAt(ring.end)) return null;
    const postings = this.index.of(group);
    let later = 0;
    for (let i = postings.after(place); i < postings.end; i++) {
      const { number, change, frames } = postings.at(i);
      if (change < 0) later += Math.max(1, frames);
      else if (hasVanished(ring.at(number).changes[change] as Change)) return null;
    }
    return now - later;
  }

  /** The members of a group behind that place. */
  membersBehind(group: string, place: ItemPlace): readonly ListedMember[] {
    const { ring } = this;
    const postings = this.index.of(group);
    const first = postings.after(place);
    const later = function* (): Generator<Change> {
      for (let i = postings.end - 1; i >= first; i--) {
        const { number, change } = postings.at(i);
        if (change >= 0) yield ring.at(number).changes[change] as Change;
      }
    };
    return membersBefore(this.present.list(group)?.members ?? [], later(), ring.viewAt(place.number));
  }
}

const hasVanished = (change: Change): boolean =>
  (change.kind === 'member' && change.members === 0) ||
  (change.kind === 'network' && change.view.members === 0);
