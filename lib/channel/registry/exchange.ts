/**
 * The tables that come together after a change of the view [channels 15.4]: the first of each part of the
 * members with a common past speaks for its part and for those whom it saw join with nothing. So one who joins and says
 * nothing stops nobody.
 */
import { Buffer } from 'node:buffer';
import { NEWCOMER, type Testimony, UNINFORMED, claimedEpoch } from '../../primary/ballot.js';
import { Claims } from '../../primary/claims.js';
import { type GroupId, equalGroupIds } from '../../wire/group-id.js';
import type { TablePart, State } from './command.js';
import type { Side } from './merge.js';
import type { PartTestimony } from './primary.js';
import { Table } from './table.js';

/** One part, with what it has told. */
export interface Told extends Side {
  readonly has: boolean;
  readonly informed: boolean;
  readonly testimony: PartTestimony;
  /** Those of the view that were part of a primary component. */
  readonly tookPart: ReadonlySet<string>;
  readonly electorates: readonly (readonly string[])[];
}

export class TableExchange {
  private readonly missing: Set<string>;
  private readonly told = new Map<string, Told>();
  private readonly parts = new Map<string, Buffer[]>();

  /**
   * @param tag id of the view, @param members of the view in its order, @param wide whether several parts have tables,
   * so that everybody needs all of them
   * @param own the table of this member, for what speaks for it too
   */
  constructor(
    readonly tag: GroupId,
    private readonly members: readonly string[],
    readonly wide: boolean,
    private readonly self: string,
    private readonly own: Table,
  ) {
    this.missing = new Set(members);
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

  part(sender: string, { tag, index, bytes }: TablePart): void {
    if (!equalGroupIds(tag, this.tag)) return;
    const parts = this.parts.get(sender) ?? [];
    // Copied: the buffer of the frame it came in is much larger.
    if (index === parts.length) parts.push(Buffer.from(bytes));
    this.parts.set(sender, parts);
  }

  /** @returns false for a state that is invalid */
  state(sender: string, state: State): boolean {
    if (!equalGroupIds(state.tag, this.tag)) return true;
    const { has, informed, testimony, electorates } = state;
    if (state.covers.length !== this.members.length) return false;
    const covered = new Set(this.members.filter((_, i) => state.covers[i]));
    const table = this.tableOf(sender, state, covered);
    if (!table || !covered.has(sender)) return false;
    const epoch = testimony.epoch ?? 0;
    const tookPart = new Set(this.members.filter((_, i) => state.tookPart[i]));
    this.told.set(sender, {
      table,
      members: covered,
      epoch,
      has,
      informed,
      testimony,
      tookPart,
      electorates,
    });
    for (const member of covered) this.missing.delete(member);
    for (const [i, member] of this.members.entries()) if (state.fresh[i]) this.missing.delete(member);
    this.parts.delete(sender);
    return true;
  }

  private tableOf(sender: string, { has, parts }: State, covered: ReadonlySet<string>): Table | null {
    if (!has) return new Table();
    if (covered.has(this.self)) return this.own;
    const pieces = this.parts.get(sender) ?? [];
    return pieces.length === parts ? Table.decode(Buffer.concat(pieces)) : null;
  }
}

/** What each member brings: a newcomer nothing. */
export function testimoniesOf(
  members: readonly string[],
  sides: readonly Told[],
): ReadonlyMap<string, Testimony> {
  const sideOf = new Map(sides.flatMap((side) => [...side.members].map((member) => [member, side] as const)));
  // Members that were cut off before they were told anything cannot say that there is nothing to know.
  const newcomer = sides.some(({ informed }) => informed) ? NEWCOMER : UNINFORMED;
  return new Map(
    members.map((member) => {
      const side = sideOf.get(member);
      if (!side?.informed) return [member, newcomer];
      return [member, { ...side.testimony, tookPart: side.tookPart.has(member) }];
    }),
  );
}

/** Of those who know the newest primary component; the shortest list is of those who know that it came about. */
export function electoratesOf(sides: readonly Told[], epoch: number): Told['electorates'] {
  const knowing = sides.filter((side) => side.has && side.epoch === epoch);
  const [first] = (knowing.length > 0 ? knowing : sides).toSorted(
    (a, b) => a.electorates.length - b.electorates.length,
  );
  return first?.electorates ?? [];
}
