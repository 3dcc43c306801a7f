/** Cases of large tables of groups. */
import type { Case } from '../case.js';
import { prepare } from '../prepared.js';
import { Load, Server } from '../processes.js';
import type { NameFloodAnswer, NameFloodPlan } from '../programs/name-flood.js';
import type { ExchangeAnswer, ExchangePlan } from '../programs/exchange.js';
import type { LossAnswer, LossPlan } from '../programs/loss.js';
import type { LargeGroupAnswer, LargeGroupPlan } from '../programs/large-group.js';

/** Joins to groups whose names somebody chose to meet in the daemon's tables; the yardstick is ordinary names. */
export function nameFloodCase(name: string, size: { readonly quick: number; readonly full: number }): Case {
  const sessions = 2;
  return {
    name,
    unit: 'changes/s',
    first: 1,
    prepare: ({ daemonOptions, quick }) =>
      prepare(async (keep) => {
        const groups = quick ? size.quick : size.full;
        const probe = async (isColliding: boolean) => {
          const server = keep(await Server.daemon(daemonOptions));
          const plan: NameFloodPlan = { port: server.port, sessions, groups, isColliding };
          const load = keep(await Load.start<object, NameFloodAnswer>('name-flood', plan));
          const run = async () => {
            const { seconds, worst } = await load.ask({});
            return { count: 2 * sessions * groups, seconds, facts: { worstRoundTripMs: worst } };
          };
          return { pids: [server.pid], run };
        };
        return { subject: await probe(true), yardstick: await probe(false) };
      }),
  };
}

/**
 * A daemon of three dies, and another one comes: how long the groups of a remaining daemon deliver nothing. In one process over an
 * order that takes no time, so this is what the daemon itself does; the network and the agreement come on top.
 */
export function exchangeCase(name: string, size: { readonly quick: number; readonly full: number }): Case {
  return {
    name,
    unit: 'ms',
    first: 1,
    runs: 5,
    prepare: ({ quick }) =>
      prepare(async (keep) => {
        const plan: ExchangePlan = { memberships: quick ? size.quick : size.full };
        const load = keep(await Load.start<object, ExchangeAnswer>('exchange', plan));
        const run = async () => {
          const { death, arrival, longestSlice, groups } = await load.ask({});
          const facts = { arrivalMs: arrival, longestSliceMs: longestSlice, groups };
          return { count: 1, seconds: death / 1e3, facts };
        };
        return { subject: { pids: [], run }, yardstick: null };
      }),
  };
}

/** One group is built on four daemons in one process, over an order that takes no time. */
export function largeGroupCase(name: string, size: { readonly quick: number; readonly full: number }): Case {
  return {
    name,
    unit: 'ms',
    first: 1,
    runs: 2,
    prepare: ({ quick }) =>
      prepare(async (keep) => {
        const plan: LargeGroupPlan = { members: quick ? size.quick : size.full, daemons: 4 };
        const load = keep(await Load.start<object, LargeGroupAnswer>('large-group', plan, ['--expose-gc']));
        const run = async () => {
          const { build, list: listMs, ...facts } = await load.ask({});
          return { count: 1, seconds: build / 1e3, facts: { ...facts, listMs } };
        };
        return { subject: { pids: [], run }, yardstick: null };
      }),
  };
}

/**
 * One of several daemons is lost, and all others have the same past: what the exchange moves, and how long it takes at one
 * of them. In one process over an order that takes no time.
 */
export function lossCase(
  name: string,
  {
    quick: small,
    full,
    ...plan
  }: Omit<LossPlan, 'members'> & { readonly quick: number; readonly full: number },
): Case {
  return {
    name,
    unit: 'ms',
    first: 1,
    runs: 5,
    prepare: ({ quick }) =>
      prepare(async (keep) => {
        const members = quick ? small : full;
        const load = keep(
          await Load.start<object, LossAnswer>('loss', { ...plan, members } satisfies LossPlan),
        );
        const run = async () => {
          const { exchange, cut: cutMs, cpu: cpuMs, bytes } = await load.ask({});
          return { count: 1, seconds: exchange / 1e3, facts: { cutMs, cpuMs, bytes } };
        };
        return { subject: { pids: [], run }, yardstick: null };
      }),
  };
}
