/** Cases of one client that gets back what it sends. */
import type { Case, Probe, Settings } from '../case.js';
import type { Target } from '../load/line.js';
import { type Keep, prepare } from '../prepared.js';
import { Load, Server } from '../processes.js';
import type { ItselfAnswer, ItselfPlan, ItselfRequest } from '../programs/itself.js';

export async function itselfProbe(
  keep: Keep,
  kind: Target['kind'],
  plan: Omit<ItselfPlan, 'target'>,
  settings: Settings,
): Promise<Probe> {
  const server = keep(await (kind === 'daemon' ? Server.daemon(settings.daemonOptions) : Server.relay(1)));
  const target = { kind, port: server.port };
  const load = keep(
    await Load.start<ItselfRequest, ItselfAnswer>('itself', {
      ...plan,
      target,
      library: plan.library && kind === 'daemon',
    }),
  );
  return {
    pids: [server.pid],
    run: async (messages) => ({ count: messages, ...(await load.ask({ messages })) }),
  };
}

export function itselfCase(name: string, library: boolean): Case {
  const plan = { size: 100, window: 200, library };
  return {
    name,
    unit: 'messages/s',
    first: 2_000,
    prepare: (settings) =>
      prepare(async (keep) => ({
        subject: await itselfProbe(keep, 'daemon', plan, settings),
        yardstick: await itselfProbe(keep, 'relay', plan, settings),
      })),
  };
}
