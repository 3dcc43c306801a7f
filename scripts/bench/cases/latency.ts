/** Cases of one message's way there and back, alone and beside others. */
import { AGREED_MESS } from '../../../lib/wire/service.js';
import type { Case, Probe, Settings } from '../case.js';
import type { Target } from '../load/line.js';
import { type Keep, prepare } from '../prepared.js';
import { Load, Server } from '../processes.js';
import type { ItselfAnswer, ItselfRequest } from '../programs/itself.js';
import type { PingPlan } from '../programs/ping.js';
import type { ReceiverAnswer, ReceiverPlan, ReceiverRequest } from '../programs/receiver.js';
import type { SenderAnswer, SenderPlan, SenderRequest } from '../programs/sender.js';

const SIZE = 100;

/** @param rate messages a second of another client, to a third one; 0 for none */
async function pingProbe(keep: Keep, kind: Target['kind'], rate: number, settings: Settings): Promise<Probe> {
  const server = keep(await (kind === 'daemon' ? Server.daemon(settings.daemonOptions) : Server.relay(1)));
  const target = { kind, port: server.port };
  const plan: PingPlan = { target, size: SIZE };
  const background = rate > 0 ? await startBackground(keep, target, rate) : null;
  const load = keep(await Load.start<ItselfRequest, ItselfAnswer>('ping', plan));
  // Of the background as much as the trips take, by what they took before.
  let each = 1e-4;
  return {
    pids: [server.pid],
    async run(trips) {
      const [answer] = await Promise.all([load.ask({ messages: trips }), background?.(trips * each)]);
      each = answer.seconds / trips;
      return { count: trips, ...answer };
    },
  };
}

async function startBackground(
  keep: Keep,
  target: Target,
  rate: number,
): Promise<(seconds: number) => Promise<void>> {
  const receiving: ReceiverPlan = {
    target,
    connections: 1,
    size: SIZE,
    groups: 1,
    perConnection: 1,
    isAligned: false,
  };
  const sending: SenderPlan = {
    target,
    connections: 1,
    size: SIZE,
    service: AGREED_MESS,
    groups: 1,
    style: 'chunks',
  };
  const receiver = keep(await Load.start<ReceiverRequest, ReceiverAnswer>('receiver', receiving));
  const sender = keep(await Load.start<SenderRequest, SenderAnswer>('sender', sending));
  return async (seconds) => {
    const messages = Math.max(1, Math.round(rate * seconds));
    await Promise.all([sender.ask({ messages, rate }), receiver.ask({ frames: messages })]);
  };
}

export function latencyCase(name: string, rate: number): Case {
  return {
    name,
    unit: 'round trips/s',
    first: 500,
    prepare: (settings) =>
      prepare(async (keep) => ({
        subject: await pingProbe(keep, 'daemon', rate, settings),
        yardstick: await pingProbe(keep, 'relay', rate, settings),
      })),
  };
}
