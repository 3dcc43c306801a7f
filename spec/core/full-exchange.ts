/**
 * The exchange as it would be if each daemon sent all that it has, beside the one that daemons really do: R-15, both
 * have one outcome. What each daemon holds is noted when a daemon view begins. Of those with one past it has to be the
 * same, for the exchange relies on it; and when an exchange is over, the groups have to be those that follow from what
 * every daemon of the view has of its own.
 */
import type { StateExchange } from '../../daemon/core/exchange.js';
import type { GroupMembership } from '../../daemon/core/group-membership.js';
import type { Groups } from '../../daemon/core/groups.js';
import type { Resumption } from '../../daemon/core/resumption.js';
import { Settlement } from '../../daemon/core/settlement.js';
import { type DaemonView, ViewChange } from '../../daemon/core/view-change.js';
import { replace } from '../simulation/bugs/planted.js';

/** What a daemon has of a group. */
interface Share {
  readonly past: bigint;
  readonly id: string;
  readonly lost: boolean;
  /** Its own members with what it knows of their sessions. */
  readonly members: readonly (readonly [name: string, traits: string])[];
}

interface Holding {
  readonly past: bigint;
  readonly shares: ReadonlyMap<string, Share>;
  /** All that it knows of sessions and groups. */
  readonly everything: string;
}

/** Parts of `ViewChange` that nobody else may see. */
interface Changing {
  readonly self: { readonly name: string };
  readonly past: bigint;
  readonly groups: Groups;
  readonly views: GroupMembership;
  readonly resumption: Resumption;
}

interface Settling {
  readonly groups: Groups;
  readonly views: GroupMembership;
  readonly exchange: StateExchange;
}

export class FullExchanges {
  readonly faults: string[] = [];
  /** Exchanges that were looked at, and those of them with one past. */
  checked = 0;
  onePast = 0;
  private readonly holdings = new Map<bigint, Map<string, Holding>>();
  private readonly daemons = new WeakMap<GroupMembership, Changing>();
  private readonly undo: readonly (() => void)[];

  /** @param hasForms whether sessions get the form of views that the daemons believe them to get */
  constructor(private readonly hasForms = true) {
    this.undo = [
      replace(ViewChange, 'installView', (original) => (self, view) => {
        original(self, view);
        this.begins(self as Changing, view as DaemonView);
      }),
      replace(Settlement, 'run', (original) => (self) => this.settled(self as Settling, original(self))),
    ];
  }

  /** Another world begins. */
  forget(): void {
    this.holdings.clear();
  }

  /** Looks at nothing any more. */
  stop(): void {
    for (const each of this.undo) each();
  }

  private begins(daemon: Changing, { tag }: DaemonView): void {
    const { name } = daemon.self;
    this.daemons.set(daemon.views, daemon);
    const holdings = this.holdings.get(tag) ?? new Map<string, Holding>();
    this.holdings.set(tag, holdings);
    const holding = holdingOf(daemon, this.hasForms);
    for (const [other, { past, everything }] of holdings)
      if (past === holding.past && everything !== holding.everything)
        this.faults.push(`one past: ${name} has\n${holding.everything}\n${other} has\n${everything}`);
    holdings.set(name, holding);
  }

  private *settled(settlement: Settling, work: unknown): Generator<number, void> {
    const { groups, views, exchange } = settlement;
    const { daemons } = exchangeView(exchange);
    yield* work as Iterable<number>;
    const holdings = this.holdings.get(exchange.tag);
    const all = daemons.map((name) => holdings?.get(name));
    if (all.includes(undefined)) return;
    const changing = this.daemons.get(views);
    const isFormer = (name: string): boolean => changing?.resumption.isFormer(name) ?? false;
    const expected = outcomeOf(all as Holding[], exchange.era, isFormer);
    const is = tableOf(groups, views, this.hasForms);
    this.checked++;
    if (exchange.isOnePast) this.onePast++;
    if (is !== expected)
      this.faults.push(`${changing?.self.name}: the outcome is\n${is}\nof full tables\n${expected}`);
  }
}

const exchangeView = (exchange: StateExchange): { readonly daemons: readonly string[] } => ({
  daemons: (exchange as unknown as { reporters: readonly { name: string }[] }).reporters.map(
    ({ name }) => name,
  ),
});

const textOf = (id: readonly number[]): string => id.map((word) => word | 0).join('.');

/** Of a member as its daemon knows it, or the others do. */
const traitsOf = (getsWhole: boolean, subject: string | null, hasForms: boolean): string =>
  `${hasForms ? (getsWhole ? 'whole' : 'compact') : ''} ${subject ?? ''}`;

function holdingOf({ past, groups, views, resumption }: Changing, hasForms: boolean): Holding {
  const shares = new Map<string, Share>();
  for (const { name, id, inTransition: lost, local, members } of groups.values()) {
    if (local.length === 0) continue;
    const own = members.toArray().filter(({ session }) => session !== null);
    const told = own.map((member) => {
      const { privateGroup, session } = member;
      const { getsWhole = false, subject = null } = session ?? {};
      return [privateGroup, traitsOf(getsWhole, subject, hasForms)] as const;
    });
    shares.set(name, { past, id: textOf(id), lost, members: told });
  }
  const signals = [...groups.values()].filter(({ inTransition }) => inTransition).map(({ name }) => name);
  const sessions = [...resumption.reported()].map(({ sid, last, attempt, home, name, aliases }) =>
    [sid, last, attempt, home, name, ...aliases].join(' '),
  );
  const keys = resumption.keys.known.map(({ id }) => id);
  const everything = [
    tableOf(groups, views, hasForms),
    signals.toSorted().join(),
    ...sessions.toSorted(),
    keys.join(),
  ];
  return { past, shares, everything: everything.join('\n') };
}

function tableOf(groups: Groups, views: GroupMembership, hasForms: boolean): string {
  const lines = [...groups.values()].map(({ name, id, members }) => {
    const told = members.toArray().map(({ privateGroup, getsWhole }) => {
      const traits = traitsOf(getsWhole, views.subjects.of(privateGroup), hasForms);
      return `${privateGroup} ${traits}`;
    });
    return `${name} ${textOf(id)}: ${told.join(', ')}`;
  });
  return lines.toSorted().join('\n');
}

/** What all groups are when each daemon has told all of its own. */
function outcomeOf(
  holdings: readonly Holding[],
  era: readonly [number, number],
  isFormer: (name: string) => boolean,
): string {
  const lines: string[] = [];
  for (const name of new Set(holdings.flatMap(({ shares }) => [...shares.keys()]))) {
    const shares = holdings.flatMap(({ shares: all }) => {
      const share = all.get(name);
      if (!share) return [];
      const members = share.members.filter(([member]) => !isFormer(member));
      const lost = share.lost || members.length < share.members.length;
      return members.length === 0 ? [] : [{ ...share, members, lost }];
    });
    if (shares.length === 0) continue;
    const sets = new Set(shares.map(({ past, id }) => `${past} ${id}`));
    const isNew = sets.size > 1 || shares.some(({ lost }) => lost);
    const id = isNew ? textOf([...era, 1]) : shares[0]?.id;
    const members = shares.flatMap((share) => share.members.map((each) => each.join(' ')));
    lines.push(`${name} ${id}: ${members.join(', ')}`);
  }
  return lines.toSorted().join('\n');
}
