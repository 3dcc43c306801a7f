/** Cases of large tables of groups. */
import type { Case } from '../case.js';
import { prepare } from '../prepared.js';
import { Load, Server } from '../processes.js';
import type { NameFloodAnswer, NameFloodPlan } from '../programs/name-flood.js';
import type { ExchangeAnswer, ExchangePlan } from '../programs/exchange.js';

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
 * A daemon of three dies, and another one comes: how long the groups of one that stays stand still. In one process over an
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
