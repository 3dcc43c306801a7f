/**
 * `npm run bench`: throughput of the built `sspd`, measured by the built `ssp flood` in a process of its own, several
 * times; each time beside a bare TCP relay of the same bytes, so that the ratio can be compared between machines.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { summary } from '../../lib/command/statistics.js';
import { count } from '../../lib/command/units.js';
import { integer } from '../../lib/command/values.js';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import { serve, type Server, serveSspd } from './server.js';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const ssp = at('../../lib/command/main.js');
const relay = at('relay.js');
const run = promisify(execFile);

interface Flags {
  readonly runs: number;
  readonly messages: number;
  readonly size: number;
  readonly json?: boolean;
}

/** Messages a second through the daemon. */
async function flood({ port }: Server, { messages, size }: Flags): Promise<number> {
  const plan = ['--messages', String(messages), '--size', String(size), '--json'];
  const { stdout } = await run(process.execPath, [ssp, 'flood', '--address', `${port}@127.0.0.1`, ...plan]);
  return (JSON.parse(stdout) as { deliveredPerSecond: number }).deliveredPerSecond;
}

/** The same through the relay: as many messages as their bytes are. */
async function bare({ port }: Server, { messages, size }: Flags): Promise<number> {
  const bytes = messages * (HEADER_BYTES + NAME_BYTES + size);
  const { stdout } = await run(process.execPath, [relay, 'drive', String(port), String(bytes)]);
  return Math.round((messages * 1_000) / Number(stdout));
}

const spread = (values: readonly number[]) =>
  (({ min, median, max }) => ({ median, min, max }))(summary(values));

async function bench(flags: Flags): Promise<void> {
  const servers: Server[] = [];
  try {
    const daemon = await serveSspd();
    servers.push(daemon);
    const relaying = await serve([relay, 'serve'], /(\d+)/);
    servers.push(relaying);
    const [floods, relays]: [number[], number[]] = [[], []];
    // The first pair warms both up.
    for (let i = 0; i <= flags.runs; i++) {
      const pair = [await flood(daemon, flags), await bare(relaying, flags)] as const;
      if (i === 0) continue;
      floods.push(pair[0]);
      relays.push(pair[1]);
    }
    report(flags, floods, relays);
  } finally {
    for (const server of servers) server.process.kill();
  }
}

function report({ runs, messages, size, json = false }: Flags, floods: number[], relays: number[]): void {
  const ratios = floods.map((each, i) => Math.round((1_000 * each) / (relays[i] as number)) / 1_000);
  const figures = { flood: spread(floods), relay: spread(relays), ratio: spread(ratios) };
  if (json) {
    process.stdout.write(`${JSON.stringify({ runs, messages, size, ...figures })}\n`);
    return;
  }
  const rows = Object.entries(figures).map(([name, { median, min, max }]) => {
    const form = (value: number): string => (name === 'ratio' ? value.toFixed(3) : count(value)).padStart(12);
    return `${name.padEnd(8)}${form(median)}${form(min)}${form(max)}`;
  });
  process.stdout.write(
    `${count(messages)} messages of ${size} bytes, 1 sender, 1 receiver, ${runs} runs; messages/s\n` +
      `${' '.repeat(8)}${['median', 'min', 'max'].map((each) => each.padStart(12)).join('')}\n${rows.join('\n')}\n`,
  );
}

const command = new Command('bench')
  .option('--runs <n>', 'measurements after the warm-up', integer(1, 1_000), 5)
  .option('--messages <n>', 'messages of each', integer(1), 1_000_000)
  .option('--size <bytes>', 'size of a body', integer(0, 100_000), 100)
  .option('--json', 'one JSON object')
  .parse();
await bench(command.opts<Flags>());
