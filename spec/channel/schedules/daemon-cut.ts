/**
 * What a change of the network leaves of the messages under way: how many of the entries each part of a component
 * still receives, and how many of those it delivers before the transitional signal.
 */
import type { Component, Daemon, DaemonClient } from './daemon.js';

/** Makes one choice: a number below `count`. */
export type Choose = (count: number) => number;

/** Always the first choice: nothing under way arrives. */
export const chooseFirst: Choose = () => 0;

/** These choices, then the first ones. A choice beyond the last is the last. */
export function chooseFrom(...choices: readonly number[]): Choose {
  let place = 0;
  return (count) => Math.min(choices[place++] ?? 0, count - 1);
}

/** One part of a component that breaks, in places of the component's log. */
export interface CutPart<C extends DaemonClient> {
  readonly daemons: readonly Daemon<C>[];
  /** The first entry that it does not receive. */
  readonly received: number;
  /** The first entry that it does not deliver before the signal. */
  readonly signal: number;
}

/** Some places between two, the ends among them. */
function placesBetween(from: number, to: number): readonly number[] {
  return [...new Set([from, from + 1, to - 1, to])].filter((place) => place >= from && place <= to);
}

/** @param parts the daemons of the component that stay together */
export function planCut<C extends DaemonClient>(
  component: Component<C>,
  parts: readonly (readonly Daemon<C>[])[],
  choose: Choose,
): CutPart<C>[] {
  const { log } = component;
  const from = deliveredByAll(component);
  const pick = (places: readonly number[]): number => places[choose(places.length)] as number;
  const received = parts.map(() => (log.length === from ? from : pick(placesBetween(from, log.length))));
  const everywhere = Math.min(...received);
  return parts.map((daemons, i) => {
    const end = received[i] as number;
    // A part that has the first entry delivers it before the signal.
    const low = Math.max(from, log[0]?.kind === 'network' && end > 0 ? 1 : 0);
    const high = unstableFrom(component, from, end, everywhere);
    return { daemons, received: end, signal: high <= low ? low : pick(placesBetween(low, high)) };
  });
}

/** Entries that every daemon of the component has delivered. */
export const deliveredByAll = <C extends DaemonClient>({ daemons }: Component<C>): number =>
  Math.min(...daemons.map(({ delivered }) => delivered));

/** The first safe message that not all parts have received: it is not delivered before the signal. */
function unstableFrom<C extends DaemonClient>(
  { log }: Component<C>,
  from: number,
  end: number,
  everywhere: number,
): number {
  for (let at = Math.max(from, everywhere); at < end; at++) {
    const entry = log[at];
    if (entry?.kind === 'data' && entry.isSafe) return at;
  }
  return end;
}

/** All ways to divide a list into parts. */
export function partitions<T>(list: readonly T[]): T[][][] {
  const [first, ...rest] = list;
  if (first === undefined) return [[]];
  const found: T[][][] = [];
  for (const parts of partitions(rest)) {
    found.push([[first], ...parts]);
    for (const joined of parts)
      found.push(parts.map((part) => (part === joined ? part.concat(first) : part)));
  }
  return found;
}
