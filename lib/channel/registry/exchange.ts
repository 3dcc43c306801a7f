/**
 * The tables that come together after a change of the view [channels 15.4]: the first of each part of the
 * members with a common past speaks for its part and for those whom it saw join with nothing. So one who joins and says
 * nothing stops nobody. A part of which nobody speaks is left out when somebody who has spoken says so. All that counts
 * has one place in the order, so all members come to the same.
 */
import { NEWCOMER, claimedEpoch } from '../../primary/ballot.js';
import { Claims } from '../../primary/claims.js';
import type { ReturnedMember } from '../../client/event.js';
import { type RoundTag, type State, type TablePart, equalTags } from './command.js';
import type { Side } from './merge.js';
import { PieceStore } from './piece-store.js';
import type { PartTestimony } from './primary.js';
import { inView } from './returns.js';
import { Table } from './table.js';

/** One part, with what it has told. */
export interface Told extends Side {
  readonly has: boolean;
  readonly informed: boolean;
  readonly testimony: PartTestimony;
  /** Those of the view that were part of a primary component. */
  readonly tookPart: ReadonlySet<string>;
  readonly electorates: readonly (readonly string[])[];
  /** Whether the table is from before a loss of the connection. */
  readonly moved: boolean;
}

export class TableExchange {
  private readonly missing: Set<string>;
  private readonly fresh = new Set<string>();
  private readonly told = new Map<string, Told>();
  /** What came to the group, and with that in the same order to everybody. */
  private readonly toGroup = new PieceStore();
  private readonly toSelf = new PieceStore();

  /**
   * @param members of the view in its order
   * @param own the table of this member with those who have returned, for a state that speaks for it too and does not come with its parts
   */
  constructor(
    readonly tag: RoundTag,
    private readonly members: readonly string[],
    private readonly self: string,
    private readonly own: (returns: readonly ReturnedMember[]) => Table,
  ) {
    this.missing = new Set(members);
  }

  /** Pieces of tables that wait for their states. */
  get heldPieces(): number {
    return this.toGroup.count + this.toSelf.count;
  }

  /** Whether anybody has said what it brings. */
  get hasBegun(): boolean {
    return this.told.size > 0;
  }

  get isComplete(): boolean {
    return this.missing.size === 0;
  }

  /** Who speaks for a part and claims an epoch far above all others, so that it counts for a newcomer; null: nobody. */
  get doubtful(): string | null {
    const claims = [...this.told].map(
      ([speaker, { testimony }]) => [speaker, claimedEpoch(testimony)] as const,
    );
    return new Claims(new Map(claims)).doubtful;
  }

  /** All parts, in the order of those who spoke for them. */
  sides(): Told[] {
    const told = new Map(this.told);
    const { doubtful } = this;
    const side = doubtful === null ? undefined : told.get(doubtful);
    if (doubtful !== null && side)
      told.set(doubtful, { ...side, epoch: 0, testimony: NEWCOMER, tookPart: new Set() });
    return this.members.flatMap((member) => told.get(member) ?? []);
  }

  /** Members of parts of which nobody has spoken, and that nobody saw join. */
  get excluded(): ReadonlySet<string> {
    const excluded = new Set(this.members);
    for (const { members } of this.told.values()) for (const member of members) excluded.delete(member);
    for (const member of this.fresh) excluded.delete(member);
    return excluded;
  }

  /** Whether this member may end it without those that are missing. */
  maySettle(member: string): boolean {
    return !this.isComplete && this.hasBegun && !this.missing.has(member);
  }

  /** Somebody does not want to wait any longer. @returns whether that ends it */
  settle(sender: string): boolean {
    if (!this.maySettle(sender)) return false;
    this.missing.clear();
    return true;
  }

  /** @returns false for a piece that is more than its sender may send */
  part(sender: string, { tag, index, bytes }: TablePart, isToGroup: boolean): boolean {
    if (!equalTags(tag, this.tag)) return true;
    return (isToGroup ? this.toGroup : this.toSelf).add(sender, index, bytes);
  }

  /** @returns false for a state that is invalid */
  state(sender: string, state: State): boolean {
    if (!equalTags(state.tag, this.tag)) return true;
    const { members } = this;
    if (state.covers.length !== members.length) return false;
    const those = (flags: readonly boolean[]): Set<string> => new Set(members.filter((_, i) => flags[i]));
    const [covered, fresh] = [those(state.covers), those(state.fresh)];
    // Else it would depend on the receiver whether its parts are there.
    const isForAll = members.every((member) => covered.has(member) || fresh.has(member));
    if (!covered.has(sender) || (state.has && !state.wide && !isForAll)) return false;
    // A newcomer cannot say whose successor it is.
    const returns = state.has ? inView(state.returns, new Set(members)) : [];
    const table = this.tableOf(sender, state, covered, returns);
    if (!table) return false;
    const { has, informed, testimony, electorates, moved } = state;
    const epoch = testimony.epoch ?? 0;
    const tookPart = those(state.tookPart);
    this.told.set(sender, {
      table,
      members: covered,
      epoch,
      has,
      informed,
      testimony,
      tookPart,
      electorates,
      moved,
      returns,
    });
    for (const member of fresh) this.fresh.add(member);
    for (const member of [...covered, ...fresh, ...those(state.silent)]) this.missing.delete(member);
    return true;
  }

  /** Where the parts went to the group all take what is in them, also whoever the sender speaks for. */
  private tableOf(
    sender: string,
    { has, wide, parts }: State,
    covered: ReadonlySet<string>,
    returns: readonly ReturnedMember[],
  ): Table | null {
    if (!has) return new Table();
    if (!wide && covered.has(this.self)) return this.own(returns);
    const encoded = (wide ? this.toGroup : this.toSelf).take(sender, parts);
    return encoded && Table.decode(encoded);
  }
}
