/** Cases of messages that flow from senders to receivers. */
import { AGREED_MESS } from '../../../lib/wire/service.js';
import type { Case, Probe, Sample, Settings } from '../case.js';
import type { Target } from '../load/line.js';
import { type Keep, prepare } from '../prepared.js';
import { Load, Server } from '../processes.js';
import type { ReceiverAnswer, ReceiverPlan, ReceiverRequest } from '../programs/receiver.js';
import type { SenderAnswer, SenderPlan, SenderRequest } from '../programs/sender.js';

export interface Flow {
  readonly size: number;
  readonly service: number;
  readonly senders: number;
  readonly receivers: number;
  readonly groups: number;
  /** Groups of each receiver. */
  readonly perReceiver: number;
  /** Receivers of one message. */
  readonly fanOut: number;
  readonly style: SenderPlan['style'];
  /** With the library at both ends, else bare sockets. */
  readonly library: boolean;
}

export const oneToOne: Flow = {
  size: 100,
  service: AGREED_MESS,
  senders: 1,
  receivers: 1,
  groups: 1,
  perReceiver: 1,
  fanOut: 1,
  style: 'chunks',
  library: false,
};

/** One of the two: through the daemon, or through the relay. */
export async function flowProbe(
  keep: Keep,
  kind: Target['kind'],
  flow: Flow,
  settings: Settings,
): Promise<Probe> {
  const { fanOut } = flow;
  const isDaemon = kind === 'daemon';
  const server = keep(await (isDaemon ? Server.daemon(settings.daemonOptions) : Server.relay(fanOut)));
  return await flowThrough(keep, server.pid, { kind, port: server.port }, flow);
}

/** Through a server that is there. @param pid of the server */
export async function flowThrough(keep: Keep, pid: number, target: Target, flow: Flow): Promise<Probe> {
  const { size, service, senders, receivers, groups, perReceiver, fanOut, style } = flow;
  const isDaemon = target.kind === 'daemon';
  const prefix = isDaemon && flow.library ? 'mailbox-' : '';
  const receiving: ReceiverPlan = {
    target,
    connections: receivers,
    size,
    groups,
    perConnection: perReceiver,
    isAligned: isDaemon || fanOut === receivers,
  };
  const receiver = keep(await Load.start<ReceiverRequest, ReceiverAnswer>(`${prefix}receiver`, receiving));
  const sending: SenderPlan = { target, connections: senders, size, service, groups, style };
  const sender = keep(await Load.start<SenderRequest, SenderAnswer>(`${prefix}sender`, sending));
  return {
    pids: [pid],
    processes: { sender: sender.pid, server: pid, receiver: receiver.pid },
    async run(messages): Promise<Sample> {
      const count = messages * fanOut;
      const [{ start }, { end, gap, latencies }] = await Promise.all([
        sender.ask({ messages }),
        receiver.ask({ frames: count }),
      ]);
      return { count, seconds: (end - start) / 1e3, latencies, facts: { longestGapMs: gap } };
    },
  };
}

/** @param differences from one sender, one receiver, 100 bytes, agreed, bare sockets */
export function flowCase(name: string, differences: Partial<Flow>): Case {
  const flow = { ...oneToOne, ...differences };
  return {
    name,
    unit: flow.fanOut > 1 ? 'deliveries/s' : 'messages/s',
    first: Math.max(2, Math.round(2e5 / (flow.size + 100) / flow.fanOut)),
    prepare: (settings) =>
      prepare(async (keep) => ({
        subject: await flowProbe(keep, 'daemon', flow, settings),
        yardstick: await flowProbe(keep, 'relay', flow, settings),
      })),
  };
}
