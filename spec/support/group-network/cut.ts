/**
 * How a component ends: what was still ordered, what each part of it has of that, and what each part delivers before its
 * transitional signal, are choices. All of a part deliver the same. What is safe comes before the signal only if all
 * parts have it; joins and ends that come after it are done again in the next view; and a message that any part has is
 * delivered by its sender in this view too, the others send theirs again. One part may be ahead: it has delivered, and
 * answered, what the others have and do not look at before the cut.
 */
import type { Choices } from './choices.js';
import {
  type Component,
  type Daemon,
  type Entry,
  type GroupClient,
  namesOf,
  type RequestEntry,
} from './daemon.js';

/** What a cut needs of the network. */
export interface CutNetwork<C extends GroupClient> {
  readonly tell: ((line: string) => void) | undefined;
  /** Whether daemons may be ahead of others at a cut. */
  readonly hasLeads: boolean;
  /** Whether a signal may also come right before the last entry that may precede it. */
  readonly hasLateSignals: boolean;
  /** One more entry. @returns false when nobody has one */
  order(component: Component<C>): boolean;
  deliver(daemon: Daemon<C>, entry: Entry<C>): void;
  signal(daemon: Daemon<C>, here: readonly Daemon<C>[]): void;
}

type Daemons<C extends GroupClient> = readonly Daemon<C>[];

/** Numbers of entries that are still ordered; the last stands for all. */
const STILL_ORDERED = [0, 1, 2, 1000];

/** Most entries that a part is ahead, and one more. */
const AHEAD = 4;

/** What one part of a component has of its order. */
interface Part<C extends GroupClient> {
  readonly daemons: Daemons<C>;
  /** Entries that it has delivered. */
  readonly from: number;
  /** Number of entries. */
  readonly has: number;
  /** Those of them that come before the signal. */
  readonly signalAt: number;
}

/** Where a part is at the cut. */
interface Start<C extends GroupClient> {
  readonly daemons: Daemons<C>;
  readonly from: number;
  /** Entries that it has in any case. */
  readonly least: number;
}

/** Entries that every daemon of the component has delivered. */
export function deliveredByAll<C extends GroupClient>({ daemons }: Component<C>): number {
  let least = Infinity;
  for (const { delivered } of daemons) if (delivered < least) least = delivered;
  return least;
}

/** @returns the daemons that come along together: they have delivered the same */
export function cut<C extends GroupClient>(
  network: CutNetwork<C>,
  component: Component<C>,
  sets: readonly Daemons<C>[],
  choices: Choices,
): Daemon<C>[][] {
  const from = deliveredByAll(component);
  const starts = lead(network, component, sets, from, choices);
  const more = STILL_ORDERED[choices.below(STILL_ORDERED.length)] ?? 0;
  for (let i = 0; i < more && network.order(component); i++);
  const parts = partsOf(component, starts, network.hasLateSignals, choices);
  network.tell?.(
    `  cut of ${namesOf(component.daemons)} at ${from}: ${parts
      .map((part) => `${namesOf(part.daemons)} from ${part.from} has ${part.has}, signal at ${part.signalAt}`)
      .join('; ')}`,
  );
  const known = Math.max(...parts.map(({ has }) => has));
  return parts.flatMap((part) => end(network, component, part, known));
}

/** Perhaps one part delivers some entries before the others do. What is safe among them all parts have [daemon E9]. */
function lead<C extends GroupClient>(
  network: CutNetwork<C>,
  component: Component<C>,
  sets: readonly Daemons<C>[],
  from: number,
  choices: Choices,
): Start<C>[] {
  const leader = network.hasLeads ? sets[choices.below(sets.length + 1) - 1] : undefined;
  const count = leader ? choices.below(AHEAD) : 0;
  const { log } = component;
  let at = from;
  let least = from;
  while (at < from + count && (at < log.length || network.order(component))) {
    const entry = log[at++] as Entry<C>;
    network.tell?.(`  ${namesOf(leader ?? [])} is ahead with ${at - 1}`);
    for (const daemon of leader ?? []) network.deliver(daemon, entry);
    if (entry.kind === 'data' && entry.isSafe) least = at;
  }
  return sets.map((daemons) =>
    daemons === leader ? { daemons, from: at, least: at } : { daemons, from, least },
  );
}

function partsOf<C extends GroupClient>(
  { log }: Component<C>,
  starts: readonly Start<C>[],
  hasLateSignals: boolean,
  choices: Choices,
): Part<C>[] {
  const all = log.length;
  const have = starts.map(({ least }) => {
    const ends = all === least ? [least] : [least, least + 1, all - 1, all];
    const possible = [...new Set(ends)].filter((place) => place >= least && place <= all);
    return possible[choices.below(possible.length)] as number;
  });
  const everywhere = Math.min(...have);
  return starts.map(({ daemons, from }, index) => {
    const has = have[index] as number;
    const isUncertain = (at: number): boolean => {
      const entry = log[at];
      return entry?.kind === 'data' && entry.isSafe && at >= everywhere;
    };
    let limit = from;
    while (limit < has && !isUncertain(limit)) limit++;
    // A view comes before its signal.
    const first = Math.max(from, has > 0 && log[0]?.kind === 'network' ? 1 : 0);
    const late = hasLateSignals ? [limit - 1, limit] : [limit];
    const places = [...new Set([first, first + 1, ...late])].filter(
      (at) => at === first || (at > first && at <= limit),
    );
    return { daemons, from, has, signalAt: places[choices.below(places.length)] as number };
  });
}

/** @param known entries that any part has */
function end<C extends GroupClient>(
  network: CutNetwork<C>,
  { log }: Component<C>,
  part: Part<C>,
  known: number,
): Daemon<C>[][] {
  const { daemons, from, has, signalAt } = part;
  for (let at = from; at < signalAt; at++)
    for (const daemon of daemons) network.deliver(daemon, log[at] as Entry<C>);
  for (const daemon of daemons) network.signal(daemon, daemons);
  const again = new Map<number, RequestEntry[]>(daemons.map(({ index }) => [index, []]));
  for (let at = signalAt; at < log.length; at++) {
    const entry = log[at] as Entry<C>;
    if (entry.kind === 'network') continue;
    const own = again.get(entry.daemon);
    const isDelivered = entry.kind === 'data' && (at < has || (own !== undefined && at < known));
    if (isDelivered) for (const daemon of daemons) network.deliver(daemon, entry);
    else own?.push(entry);
  }
  for (const daemon of daemons) daemon.outbox.unshift(...(again.get(daemon.index) ?? []));
  const histories = new Set(daemons.map(({ history }) => history));
  return [...histories].map((each) => daemons.filter(({ history }) => history === each));
}
