/** Cases of sessions that do nothing, or do wrong: what they cost, and what the others notice. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Case } from '../case.js';
import { prepare } from '../prepared.js';
import { Load, Server } from '../processes.js';
import type { CrowdPlan } from '../programs/crowd.js';
import type { ItselfAnswer, ItselfRequest } from '../programs/itself.js';
import type { SilentPlan } from '../programs/silent.js';
import type { SmallTalkAnswer, SmallTalkPlan, SmallTalkRequest } from '../programs/small-talk.js';
import type { SteadyAnswer, SteadyPlan, SteadyRequest } from '../programs/steady.js';
import { cpuSeconds, memory, peakMemory } from '../usage.js';

const MIB = 1024 * 1024;
/** How long idle sessions are looked at. */
const IDLE_MS = { quick: 500, full: 5_000 };

/** Sessions connect and then say nothing. */
export function idleCase(name: string, sessions: { quick: number; full: number }): Case {
  return {
    name,
    unit: 'sessions/s',
    first: 1,
    runs: 5,
    async prepare({ daemonOptions, quick }) {
      const length = quick ? 'quick' : 'full';
      const count = sessions[length];
      const run = async () => {
        await using server = await Server.daemon(daemonOptions);
        const before = memory(server.pid) ?? 0;
        const start = performance.now();
        const plan: CrowdPlan = { port: server.port, connections: count, listening: count };
        await using load = await Load.start<unknown, unknown>('crowd', plan);
        const seconds = (performance.now() - start) / 1e3;
        const bytes = (memory(server.pid) ?? 0) - before;
        const used = cpuSeconds(server.pid) ?? 0;
        await pause(IDLE_MS[length]);
        const idle = (cpuSeconds(server.pid) ?? 0) - used;
        if (!load.isRunning) throw new Error('the sessions have ended');
        const facts = {
          bytesEach: bytes / count,
          idleCpuPercent: (idle * 1e5) / IDLE_MS[length],
          peakMiB: (peakMemory(server.pid) ?? 0) / MIB,
        };
        return { count, seconds, facts };
      };
      return { subject: { pids: [], run }, yardstick: null, [Symbol.asyncDispose]: async () => undefined };
    },
  };
}

/** Steady traffic to five members, beside others who have stopped reading; the yardstick is the same without them. */
export function stoppedReadersCase(name: string, stopped: number): Case {
  const rate = 10_000;
  const healthy = 5;
  return {
    name,
    unit: 'messages/s',
    first: 1,
    prepare: ({ daemonOptions, seconds }) =>
      prepare(async (keep) => {
        const probe = async (readers: number) => {
          const server = keep(await Server.daemon(daemonOptions));
          const plan: SteadyPlan = { port: server.port, stopped: readers, healthy };
          const load = keep(await Load.start<SteadyRequest, SteadyAnswer>('steady', plan));
          const run = async () => {
            const messages = Math.max(1, Math.round(rate * seconds));
            const { lost, ...answer } = await load.ask({ messages, rate });
            return { count: messages, ...answer, facts: { lost } };
          };
          return { pids: [server.pid], run };
        };
        return { subject: await probe(stopped), yardstick: await probe(0) };
      }),
  };
}

/** Others connect while silent connections are open; the yardstick is the same without these. */
export function silentCase(name: string, silent: number): Case {
  return {
    name,
    unit: 'sessions/s',
    first: 50,
    prepare: ({ daemonOptions }) =>
      prepare(async (keep) => {
        const probe = async (connections: number) => {
          const server = keep(await Server.daemon(daemonOptions));
          const plan: SilentPlan = { port: server.port, silent: connections };
          const load = keep(await Load.start<ItselfRequest, ItselfAnswer>('silent', plan));
          const run = async (messages: number) => ({ count: messages, ...(await load.ask({ messages })) });
          return { pids: [server.pid], run };
        };
        return { subject: await probe(silent), yardstick: await probe(0) };
      }),
  };
}

interface SmallTalk {
  readonly groups: { readonly quick: number; readonly full: number };
  /** Members of each. */
  readonly members: number;
  /** Messages a second, of all sessions together. */
  readonly rate: number;
}

/** Sessions in groups of one size, which take turns in saying something. The rate is given: the daemon's processor time counts. */
export function smallTalkCase(name: string, { groups, members, rate }: SmallTalk): Case {
  return {
    name,
    unit: 'deliveries/s',
    first: 1,
    prepare: ({ daemonOptions, quick, seconds }) =>
      prepare(async (keep) => {
        const server = keep(await Server.daemon(daemonOptions));
        const plan: SmallTalkPlan = { port: server.port, groups: groups[quick ? 'quick' : 'full'], members };
        const load = keep(await Load.start<SmallTalkRequest, SmallTalkAnswer>('small-talk', plan));
        const messages = Math.max(1, Math.round(rate * seconds));
        const run = async () => {
          const before = cpuSeconds(server.pid) ?? 0;
          const { lost, ...answer } = await load.ask({ messages, rate });
          const used = (cpuSeconds(server.pid) ?? 0) - before;
          const facts = { lost, cpuPercent: (100 * used) / answer.seconds };
          return { count: messages * members, ...answer, facts };
        };
        return { subject: { pids: [server.pid], run }, yardstick: null };
      }),
  };
}
