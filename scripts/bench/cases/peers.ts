/**
 * Cases of several systems that do the same with the same load programs: our daemon and library over TCP and over its Unix
 * socket, and those servers that people would take instead, as far as they are installed. And bare sockets: our daemon,
 * and relays that only copy.
 */
import { join } from 'node:path';
import type { Case, Probe, Sample, Settings, SystemProbe } from '../case.js';
import { addressOf, type Target } from '../load/line.js';
import { type ClientKind, type ClientTarget, whyNoClient } from '../load/system-clients.js';
import {
  compilerVersion,
  natsVersion,
  redisVersion,
  startNats,
  startRedis,
  startRelayInC,
} from '../other-servers.js';
import { folder, type Keep, prepare } from '../prepared.js';
import { Load, Server } from '../processes.js';
import type { ItselfAnswer, ItselfRequest } from '../programs/itself.js';
import type { SystemEchoPlan } from '../programs/system-echo.js';
import type {
  SystemReceiverAnswer,
  SystemReceiverPlan,
  SystemReceiverRequest,
} from '../programs/system-receiver.js';
import type { SystemSenderAnswer, SystemSenderPlan, SystemSenderRequest } from '../programs/system-sender.js';
import { type Flow, flowThrough, oneToOne } from './flow.js';

const GROUP = 'bench';
const TCP = 'ssp-toolkit, TCP';
const UNIX = 'ssp-toolkit, Unix socket';
const C_RELAY = 'relay in C';

/** A server that is there, and how clients reach it. */
interface Reached {
  readonly name: string;
  readonly server: Server;
  readonly target: ClientTarget;
}

interface Systems {
  readonly all: readonly Reached[];
  readonly leftOut: readonly string[];
}

/** Our daemon twice, so that its two ways are measured like two systems; the first is the subject. */
async function ours(keep: Keep, { daemonOptions }: Settings): Promise<readonly Reached[]> {
  const reached: Reached[] = [];
  for (const name of [TCP, UNIX]) {
    const { server, path } = await daemonWithUnix(keep, daemonOptions);
    const address = addressOf(name === UNIX ? { port: server.port, path } : { port: server.port });
    reached.push({ name, server, target: { kind: 'ssp', port: server.port, address } });
  }
  return reached;
}

/** A daemon with both listeners. */
async function daemonWithUnix(
  keep: Keep,
  options: readonly string[],
): Promise<{ readonly server: Server; readonly path: string }> {
  const dir = folder(keep);
  const server = keep(await Server.daemon(options, '--unix-dir', dir));
  return { server, path: join(dir, String(server.port)) };
}

/** All systems that are installed. */
async function systems(keep: Keep, settings: Settings): Promise<Systems> {
  const all = [...(await ours(keep, settings))];
  const leftOut: string[] = [];
  const add = async (
    kind: ClientKind,
    name: string,
    version: string | null,
    program: string,
    start: (keep: Keep) => Promise<Server>,
  ): Promise<void> => {
    const reason = version === null ? `${program} is not installed` : whyNoClient(kind);
    if (reason !== null) {
      leftOut.push(`${name}: left out, ${reason}`);
      return;
    }
    const server = await start(keep);
    all.push({ name: `${name} ${version}`, server, target: { kind, port: server.port, address: '' } });
  };
  await add('nats', 'NATS', natsVersion(), 'nats-server', startNats);
  await add('redis', 'Redis', redisVersion(), 'redis-server', startRedis);
  return { all, leftOut };
}

interface Traffic {
  readonly size: number;
  readonly receivers: number;
  readonly every: number;
}

async function trafficProbe(keep: Keep, { server, target }: Reached, traffic: Traffic): Promise<Probe> {
  const { size, receivers, every } = traffic;
  const receiving: SystemReceiverPlan = { target, group: GROUP, connections: receivers, size };
  const receiver = keep(
    await Load.start<SystemReceiverRequest, SystemReceiverAnswer>('system-receiver', receiving),
  );
  const sending: SystemSenderPlan = { target, group: GROUP, receivers, size, every };
  const sender = keep(await Load.start<SystemSenderRequest, SystemSenderAnswer>('system-sender', sending));
  return {
    pids: [server.pid],
    processes: { sender: sender.pid, server: server.pid, receiver: receiver.pid },
    async run(messages): Promise<Sample> {
      const count = messages * receivers;
      const [{ start }, { end }] = await Promise.all([
        sender.ask({ messages }),
        receiver.ask({ deliveries: count }),
      ]);
      return { count, seconds: (end - start) / 1e3 };
    },
  };
}

async function echoProbe(keep: Keep, { server, target }: Reached, size: number): Promise<Probe> {
  const plan: SystemEchoPlan = { target, group: GROUP, size };
  const client = keep(await Load.start<ItselfRequest, ItselfAnswer>('system-echo', plan));
  return {
    pids: [server.pid],
    processes: { client: client.pid, server: server.pid },
    run: async (messages) => ({ count: messages, ...(await client.ask({ messages })) }),
  };
}

/** A case of all systems. @param probe what each of them does */
function systemsCase(
  name: string,
  unit: Case['unit'],
  first: number,
  probe: (keep: Keep, reached: Reached) => Promise<Probe>,
): Case {
  return {
    name,
    unit,
    first,
    isOnRequest: true,
    prepare: (settings) =>
      prepare(async (keep) => {
        const { all, leftOut } = await systems(keep, settings);
        const probes: SystemProbe[] = [];
        for (const each of all) probes.push({ name: each.name, probe: await probe(keep, each) });
        return { subject: (probes[0] as SystemProbe).probe, yardstick: null, systems: probes, leftOut };
      }),
  };
}

/** @param every one of that many sends is awaited */
function trafficCase(name: string, size: number, receivers: number, every: number): Case {
  const unit = receivers > 1 ? 'deliveries/s' : 'messages/s';
  const first = Math.max(2, Math.round(2e5 / (size + 100) / receivers));
  return systemsCase(name, unit, first, (keep, reached) =>
    trafficProbe(keep, reached, { size, receivers, every }),
  );
}

/** One that only moves bytes, with both kinds of sockets. @param path where its Unix socket is to be */
interface Mover {
  readonly name: string;
  readonly kind: Target['kind'];
  readonly start: (path: string) => Promise<{ readonly server: Server; readonly path: string }>;
}

function movers(keep: Keep, { daemonOptions }: Settings): readonly Mover[] {
  return [
    { name: 'ssp-toolkit', kind: 'daemon', start: () => daemonWithUnix(keep, daemonOptions) },
    {
      name: C_RELAY,
      kind: 'relay',
      start: async (path) => ({ server: await startRelayInC(keep, 1, path), path }),
    },
    {
      name: 'relay in Node',
      kind: 'relay',
      start: async (path) => ({ server: keep(await Server.relay(1, path)), path }),
    },
  ];
}

/** Bare sockets through our daemon and through relays, over both kinds of sockets. */
function bareCase(name: string, size: number): Case {
  const flow: Flow = { ...oneToOne, size };
  return {
    name,
    unit: 'messages/s',
    first: Math.round(2e5 / (size + 100)),
    isOnRequest: true,
    prepare: (settings) =>
      prepare(async (keep) => {
        const isCompiler = compilerVersion() !== null;
        const probes: SystemProbe[] = [];
        for (const { name: mover, kind, start } of movers(keep, settings)) {
          if (mover === C_RELAY && !isCompiler) continue;
          // A server of its own for each way: a relay gives chunks to all of its receivers in turn.
          for (const way of settings.quick ? ['Unix socket'] : ['Unix socket', 'TCP']) {
            const { server, path } = await start(join(folder(keep), 'relay'));
            const target = { kind, port: server.port, path: way === 'TCP' ? undefined : path };
            const probe = await flowThrough(keep, server.pid, target, flow);
            probes.push({ name: `${mover}, ${way}`, probe });
          }
        }
        const leftOut = isCompiler ? [] : [`${C_RELAY}: left out, cc is not installed`];
        return { subject: (probes[0] as SystemProbe).probe, yardstick: null, systems: probes, leftOut };
      }),
  };
}

const SIZES = [100, 1_000, 10_000, 100_000];
/** One of that many sends is awaited, in the cases that do not say it. */
const USUAL_EVERY = 500;

export const peerCases: readonly Case[] = [
  ...SIZES.map((size) => trafficCase(`peers 1 to 1, ${size} B`, size, 1, USUAL_EVERY)),
  trafficCase('peers await every send, 100 B', 100, 1, 1),
  ...[10, 100].map((receivers) => trafficCase(`peers 1 to ${receivers}, 100 B`, 100, receivers, USUAL_EVERY)),
  systemsCase('peers echo, 100 B', 'round trips/s', 100, (keep, reached) => echoProbe(keep, reached, 100)),
  ...[100, 10_000].map((size) => bareCase(`peers bare sockets, ${size} B`, size)),
];
