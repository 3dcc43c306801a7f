/** Cases of browsers: what each costs, what they get, and what other clients notice of them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Case, Sample } from '../case.js';
import { quantilesOf } from '../load/latencies.js';
import { Load, Server } from '../processes.js';
import type { BrowsersAnswer, BrowsersPlan, BrowsersRequest } from '../programs/browsers.js';
import type { SteadyAnswer, SteadyPlan, SteadyRequest } from '../programs/steady.js';
import { memory } from '../usage.js';

/** Of five other clients in a group of their own. */
const NATIVE = { healthy: 5, rate: 1_000, messages: { quick: 200, full: 4_000 } };
const CONFIGURATION = `
Spread_Segment 127.0.0.255:4899 { bench 127.0.0.1 { D 127.0.0.1 C 127.0.0.1 } }
WebSocketPort = 0
WebSocketMaxSockets = 20000
MaxSessions = 20000
`;

interface WebCase {
  readonly browsers: { readonly quick: number; readonly full: number };
  /** Browsers in each group; one of them talks. */
  readonly groupSize: { readonly quick: number; readonly full: number };
  /** Messages a second of all groups together, for the latencies. */
  readonly rate: number;
}

/** The rate is the most that browsers get; the latencies are those of steady traffic, beside which the other clients are measured. */
export function webCase(name: string, { browsers, groupSize, rate }: WebCase): Case {
  return {
    name,
    unit: 'deliveries/s',
    first: 1,
    runs: 3,
    async prepare({ daemonOptions, quick }) {
      const length = quick ? 'quick' : 'full';
      const folder = await mkdtemp(join(tmpdir(), 'ssp-bench-'));
      const file = join(folder, 'spread.conf');
      await writeFile(file, CONFIGURATION);
      const run = async (): Promise<Sample> => {
        await using server = await Server.daemon(daemonOptions, '-c', file, '-n', 'bench');
        const native: SteadyPlan = { port: server.port, stopped: 0, healthy: NATIVE.healthy };
        await using others = await Load.start<SteadyRequest, SteadyAnswer>('steady', native);
        const asked = { messages: NATIVE.messages[length], rate: NATIVE.rate };
        const alone = await others.ask(asked);
        const plan: BrowsersPlan = {
          port: server.webPort,
          browsers: browsers[length],
          groupSize: groupSize[length],
        };
        await using load = await Load.start<BrowsersRequest, BrowsersAnswer>('browsers', plan);
        const before = memory(server.pid) ?? 0;
        const connected = await load.ask({ what: 'connect' });
        const joined = await load.ask({ what: 'join' });
        const bytesEach = ((memory(server.pid) ?? 0) - before) / plan.browsers;
        const messages = Math.round((rate * asked.messages) / asked.rate);
        const [talked, beside] = await Promise.all([
          load.ask({ what: 'talk', messages, rate }),
          others.ask(asked),
        ]);
        const flooded = await load.ask({ what: 'flood', messages });
        const facts = {
          bytesEach,
          connectsPerSecond: plan.browsers / connected.seconds,
          joinsPerSecond: plan.browsers / joined.seconds,
          lost: talked.lost + flooded.lost + beside.lost,
          nativeAloneP99Ms: p99Of(alone),
          nativeP99Ms: p99Of(beside),
        };
        return { count: flooded.deliveries, seconds: flooded.seconds, latencies: talked.latencies, facts };
      };
      return {
        subject: { pids: [], run },
        yardstick: null,
        [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
      };
    },
  };
}

const p99Of = ({ latencies }: SteadyAnswer): number =>
  (quantilesOf(latencies === null ? [] : [latencies])?.p99 ?? 0) / 1e3;
