/**
 * `npm run bench:order`: five Socket.IO servers, a client of each, and how often two clients see two neighbouring events the other way round: with
 * ssp-toolkit/socket.io, and with the adapter of Redis in the same run. It ends with status 1 if that happens with ours.
 *
 *   node build/scripts/order-bench.js --broadcasts 20000
 *   node build/scripts/order-bench.js --only ours --mixed --broadcasts 200000
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect as dial } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { integer } from '../lib/cli/values.js';
import { eventually } from '../spec/support/wait.js';
import { compareOrders, orderFault, type OrderRow } from './bench/order.js';
import { orderChart } from './bench/order-chart.js';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const load = createRequire(at('../../spec/hosts/package.json'));
const SERVERS = 5;
/** Events that each server emits in one go, and rounds that are on their way. */
const ROUND = 100;
const ROUNDS = 4;
const LIMIT = 120_000;

interface Client {
  on(event: string, listener: (text: string) => void): void;
  disconnect(): void;
}

/** Processes that end with this one. */
const children = new Set<ChildProcess>();

async function start(...args: readonly string[]): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(at('order-bench-server.js'), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  children.add(child);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { child, port };
}

async function end(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

const isOpen = async (port: number): Promise<boolean> =>
  await new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** What carries messages between the servers. Null: it is not installed here. */
async function startMiddle(kind: string): Promise<{ child: ChildProcess; port: number } | null> {
  if (kind === 'ours') return await start('daemon');
  const port = 20_000 + (process.pid % 20_000);
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '']);
  const failed = new Promise<true>((resolve) => void child.once('error', () => resolve(true)));
  const spawned = new Promise<false>((resolve) => void child.once('spawn', () => resolve(false)));
  if (await Promise.race([failed, spawned])) return null;
  children.add(child);
  await eventually(() => isOpen(port), 'redis-server', LIMIT);
  return { child, port };
}

async function measure(kind: string, broadcasts: number, isMixed: boolean): Promise<OrderRow | null> {
  const middle = await startMiddle(kind);
  if (middle === null) return null;
  const { io: connectClient } = load('socket.io-client') as {
    readonly io: (url: string, options: object) => Client;
  };
  const servers = [];
  for (let i = 0; i < SERVERS; i++)
    servers.push(await start(kind, String(middle.port), String(i), isMixed ? 'mixed' : 'plain'));
  const heard: string[][] = servers.map(() => []);
  const clients = servers.map(({ port }, i) => {
    const client = connectClient(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true });
    client.on('n', (text) => void heard[i]?.push(text));
    return client;
  });
  await Promise.all(clients.map((client) => new Promise<void>((r) => client.on('connect', () => r()))));
  const least = (): number => Math.min(...heard.map(({ length }) => length));
  // A subscription of Redis takes its time after its server listens.
  for (const { child } of servers) child.send({ emit: 1 });
  await eventually(() => least() >= 1, 'the first event', LIMIT);
  const begin = performance.now();
  let sent = SERVERS;
  while (sent < broadcasts) {
    for (const { child } of servers) child.send({ emit: ROUND });
    sent += SERVERS * ROUND;
    const wanted = sent - ROUNDS * SERVERS * ROUND;
    await eventually(() => least() >= wanted, `${wanted} events`, LIMIT);
  }
  await eventually(() => least() >= sent, 'all events', LIMIT);
  const rate = (sent * 1_000) / (performance.now() - begin);
  for (const client of clients) client.disconnect();
  for (const { child } of servers) await end(child);
  await end(middle.child);
  return { kind, broadcasts: sent, ...compareOrders(heard), rate };
}

interface Flags {
  readonly broadcasts: number;
  readonly only?: string;
  readonly mixed?: true;
  readonly chart?: string;
}

const command = new Command('bench:order')
  .option('--broadcasts <n>', 'events in all', integer(1), 20_000)
  .option('--only <kind>', 'ours or redis')
  .option('--mixed', 'joins, leaves and disconnects in between')
  .option('--chart <file>', 'draw the results as SVG')
  .parse();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
const { broadcasts, chart, mixed, only } = command.opts<Flags>();
const rows: OrderRow[] = [];
for (const kind of ['ours', 'redis']) {
  if (only !== undefined && only !== kind) continue;
  const row = await measure(kind, broadcasts, mixed === true);
  if (row === null) {
    console.log(`${kind}: left out, there is no redis-server on this machine`);
    continue;
  }
  rows.push(row);
  const share = ((100 * row.pairs) / row.of).toFixed(2);
  console.log(
    `${kind}: ${row.pairs} of ${row.of} neighbouring pairs inverted (${share} %), ${row.broadcasts} broadcasts, ${Math.round(row.rate)} a second`,
  );
}
if (chart !== undefined) writeFileSync(chart, orderChart(rows));
const fault = orderFault(rows);
if (fault !== null) console.error(fault);
process.exit(fault === null ? 0 : 1);
