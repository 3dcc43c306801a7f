/** The members of one view, as its event shows them. The list moves on, and each view keeps its own members. */
import { IllegalStateError } from '../../errors.js';
import type { Chunk, MemberList } from '../../util/member-list.js';
import { MAX_COMPACT_MEMBERS } from '../../wire/limits.js';

/** Where a view has its members from. */
export interface ViewMembers {
  /** Whether they are known: else the rest throws. */
  readonly isListed: boolean;
  /** In the order that every member sees; the same array each time. @throws IllegalStateError when they are not known */
  readonly names: readonly string[];
  /** @throws IllegalStateError when they are not known */
  has(name: string): boolean;
}

/** Shorter lists are searched, longer ones get an index when they are first asked. */
const SEARCHED = 32;

/** Members that are a list already. */
export class ListedMembers implements ViewMembers {
  readonly isListed = true;
  private index: ReadonlySet<string> | null = null;

  constructor(readonly names: readonly string[]) {}

  has(name: string): boolean {
    const { names } = this;
    if (names.length < SEARCHED) return names.includes(name);
    this.index ??= new Set(names);
    return this.index.has(name);
  }
}

/** A list at one moment: its chunks, none of which changes any more. */
export type Snapshot = readonly (readonly string[])[];

/**
 * The list as it is now. A view shares all chunks with the view before it but those that changed, which are copied: a change
 * costs a few hundred steps however long the list is, also where nobody asks for the members. To undo the later changes
 * instead would copy nothing, but a reader that is a thousand views behind would undo a thousand of them for each view.
 */
export const snapshotOf = (list: MemberList): Snapshot => list.chunks.map(itemsOf);

/** The chunk forgets what it keeps when it changes. */
const itemsOf = (chunk: Chunk<string>): readonly string[] =>
  (chunk.kept ??= chunk.items.slice()) as readonly string[];

/** Members of a view of a compact list. A view without its list can get it later, while it is the newest one. */
export class CompactMembers implements ViewMembers {
  private made: ListedMembers | null = null;

  /** @param snapshot null: the list is not known */
  constructor(
    private readonly group: string,
    private snapshot: Snapshot | null,
  ) {}

  /** The list that it has them from. */
  get source(): Snapshot | null {
    return this.snapshot;
  }

  get isListed(): boolean {
    return this.snapshot !== null;
  }

  get names(): readonly string[] {
    return this.listed().names;
  }

  has(name: string): boolean {
    return this.listed().has(name);
  }

  /** The list has come, or the right one. */
  list(snapshot: Snapshot | null): void {
    this.snapshot = snapshot;
    this.made = null;
  }

  private listed(): ListedMembers {
    if (this.made) return this.made;
    if (this.snapshot === null)
      throw new IllegalStateError(
        `the members of ${this.group} are not listed; \`await group.list()\` lists up to ${MAX_COMPACT_MEMBERS}`,
      );
    this.made = new ListedMembers(Object.freeze(this.snapshot.flat()));
    return this.made;
  }
}
