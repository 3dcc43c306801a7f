/**
 * How a component ends: what was still ordered, what each part of it has of that, and what each part delivers before its
 * transitional signal, are choices. All of a part deliver the same. What is safe comes before the signal only if all
 * parts have it; joins and ends that come after it are done again in the next view; and a message that any part has is
 * delivered by its sender in this view too, the others send theirs again. One part may be ahead: it has delivered, and
 * answered, what the others have and do not look at before the cut.
 */
import type { Choices } from './choices.js';
import { type Component, type Daemon, type Entry, type Installed, setText } from './daemon.js';

/** Numbers of entries that are still ordered; the last stands for all. */
const STILL_ORDERED = [0, 1, 2, 1000];

/** Most entries that a part is ahead, and one more. */
const AHEAD = 4;

/** What a cut needs of the network. */
interface Network {
  readonly tell: ((line: string) => void) | undefined;
  /** Whether daemons may be ahead of others at a cut. */
  readonly hasLeads: boolean;
  /** One more entry. @returns false when nobody has one */
  order(component: Component): boolean;
  deliver(daemon: Daemon, entry: Entry | Installed): void;
  signal(daemon: Daemon, here: readonly Daemon[]): void;
}

/** What one part of a component has of its order. */
interface Part {
  readonly daemons: readonly Daemon[];
  /** Entries that it has delivered. */
  readonly from: number;
  /** Number of entries. */
  readonly has: number;
  /** Those of them that come before the signal. */
  readonly signalAt: number;
}

/** Where a part is at the cut. */
interface Start {
  readonly daemons: readonly Daemon[];
  readonly from: number;
  /** Entries that it has in any case. */
  readonly least: number;
}

/** @returns the daemons that come along together: they have delivered the same */
export function cut(
  network: Network,
  component: Component,
  sets: readonly (readonly Daemon[])[],
  choices: Choices,
): Daemon[][] {
  const from = Math.min(...component.daemons.map(({ delivered }) => delivered));
  const starts = lead(network, component, sets, from, choices);
  const more = STILL_ORDERED[choices.below(STILL_ORDERED.length)] ?? 0;
  for (let i = 0; i < more && network.order(component); i++);
  const parts = partsOf(component, starts, choices);
  network.tell?.(
    `  cut of ${setText(component.daemons)} at ${from}: ${parts
      .map((part) => `${setText(part.daemons)} from ${part.from} has ${part.has}, signal at ${part.signalAt}`)
      .join('; ')}`,
  );
  const known = Math.max(...parts.map(({ has }) => has));
  return parts.flatMap((part) => end(network, component, part, known));
}

/** Perhaps one part delivers some entries before the others do. What is safe among them all parts have [daemon E9]. */
function lead(
  network: Network,
  component: Component,
  sets: readonly (readonly Daemon[])[],
  from: number,
  choices: Choices,
): Start[] {
  const leader = network.hasLeads ? sets[choices.below(sets.length + 1) - 1] : undefined;
  const count = leader ? choices.below(AHEAD) : 0;
  const { log } = component;
  let at = from;
  let least = from;
  while (at < from + count && (at < log.length || network.order(component))) {
    const entry = log[at++] as Entry | Installed;
    network.tell?.(`  ${setText(leader ?? [])} is ahead with ${at - 1}`);
    for (const daemon of leader ?? []) network.deliver(daemon, entry);
    if (entry.kind === 'data' && entry.service === 'safe') least = at;
  }
  return sets.map((daemons) =>
    daemons === leader ? { daemons, from: at, least: at } : { daemons, from, least },
  );
}

function partsOf({ log }: Component, starts: readonly Start[], choices: Choices): Part[] {
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
      return entry?.kind === 'data' && entry.service === 'safe' && at >= everywhere;
    };
    let limit = from;
    while (limit < has && !isUncertain(limit)) limit++;
    // A view comes before its signal.
    const first = Math.max(from, has > 0 && log[0]?.kind === 'installed' ? 1 : 0);
    const places = [...new Set([first, first + 1, limit])].filter((at) => at === first || at <= limit);
    return { daemons, from, has, signalAt: places[choices.below(places.length)] as number };
  });
}

/** @param known entries that any part has */
function end(network: Network, { log }: Component, part: Part, known: number): Daemon[][] {
  const { daemons, from, has, signalAt } = part;
  for (let at = from; at < signalAt; at++)
    for (const daemon of daemons) network.deliver(daemon, log[at] as Entry | Installed);
  for (const daemon of daemons) network.signal(daemon, daemons);
  const again = new Map<number, Entry[]>(daemons.map(({ index }) => [index, []]));
  for (let at = signalAt; at < log.length; at++) {
    const entry = log[at] as Entry | Installed;
    if (entry.kind === 'installed') continue;
    const own = again.get(entry.daemon);
    const isDelivered = entry.kind === 'data' && (at < has || (own !== undefined && at < known));
    if (isDelivered) for (const daemon of daemons) network.deliver(daemon, entry);
    else own?.push(entry);
  }
  for (const daemon of daemons) daemon.outbox.unshift(...(again.get(daemon.index) ?? []));
  const pasts = new Set(daemons.map(({ past }) => past));
  return [...pasts].map((each) => daemons.filter(({ past }) => past === each));
}
