/** What it costs that a connection can come back: the client API with `addresses`, beside the same with `address`. */
import type { Case, Probe, Sample, Settings } from '../case.js';
import { type Keep, prepare } from '../prepared.js';
import { Load, Server } from '../processes.js';
import type { MemberAnswer, MemberPlan, MemberRequest } from '../programs/group-member.js';

/** Two members of a group; one sends to the other. */
async function pairProbe(keep: Keep, bytes: number, resumes: boolean, settings: Settings): Promise<Probe> {
  const server = keep(await Server.daemon(settings.daemonOptions));
  const plan = { port: server.port, group: 'bench', isSecure: false, resumes };
  const member = async (name: string) =>
    keep(
      await Load.start<MemberRequest, MemberAnswer>('group-member', { ...plan, name } satisfies MemberPlan),
    );
  const receiver = await member('receiver');
  const sender = await member('sender');
  return {
    pids: [server.pid],
    async run(messages): Promise<Sample> {
      const received = receiver.ask({ act: 'receive', messages, bytes });
      const sent = await sender.ask({ act: 'send', messages, bytes });
      return { count: messages, seconds: ((await received).time - sent.time) / 1e3 };
    },
  };
}

export function resumableCase(bytes: number): Case {
  return {
    name: `one-to-one ${bytes} B resumable`,
    unit: 'messages/s',
    first: 2_000,
    prepare: (settings) =>
      prepare(async (keep) => ({
        subject: await pairProbe(keep, bytes, true, settings),
        yardstick: await pairProbe(keep, bytes, false, settings),
      })),
  };
}
