/**
 * What channels cost [channels C59, C60]: calls of 100 bytes with replies of 20, and posts of 100
 * bytes, beside a bare TCP ping-pong measured at the same time. Daemon, server and client are processes of their own.
 *
 *   node build/scripts/channel-bench.js            one daemon
 *   node build/scripts/channel-bench.js --two      client and server at two daemons on Corosync (root)
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect as dial, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createDaemon } from '../daemon/index.js';
import { openChannels } from '../lib/channel/index.js';
import { connect } from '../lib/index.js';
import { Cluster } from '../spec/support/cluster/cluster.js';

const RUNS = 5;
const RUN_MS = 1_500;
const REQUEST = new Uint8Array(100);
const REPLY = new Uint8Array(20);

interface Result {
  readonly rate: number;
  readonly median: number;
  readonly high: number;
}

const middle = (values: readonly number[], at = 0.5): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * at)] ?? 0;

/** Does it one after the other for a while. Rates a second, times in microseconds. */
async function measure(once_: () => Promise<unknown>): Promise<Result> {
  const times: number[] = [];
  const begin = performance.now();
  for (let now = begin; now - begin < RUN_MS;) {
    await once_();
    const then = now;
    now = performance.now();
    times.push((now - then) * 1000);
  }
  const seconds = (performance.now() - begin) / 1000;
  return { rate: times.length / seconds, median: middle(times), high: middle(times, 0.99) };
}

function say(what: string, results: readonly Result[]): void {
  const rates = results.map(({ rate }) => rate);
  const [low, high] = [Math.min(...rates), Math.max(...rates)].map((rate) => rate.toFixed(0));
  const median = middle(results.map((each) => each.median)).toFixed(0);
  const tail = middle(results.map((each) => each.high)).toFixed(0);
  console.log(
    `${what.padEnd(34)} ${middle(rates).toFixed(0).padStart(7)}/s [${low}-${high}]  median ${median} us, 99 % ${tail} us`,
  );
}

/** A role of its own process: it answers with what the others need to know of it. */
async function role(name: string, address: string): Promise<string> {
  if (name === 'daemon') {
    const daemon = await createDaemon({ name: 'bench', listen: [{ host: '127.0.0.1', port: 0 }] });
    return `${daemon.port}@127.0.0.1`;
  }
  if (name === 'pong') {
    const server = createServer({ noDelay: true }, (socket) =>
      socket.on('data', (chunk) => socket.write(chunk)),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return String((server.address() as AddressInfo).port);
  }
  const channels = await openChannels(await connect({ address, name: 'server' }));
  const channel = await channels.createChannel('bench', { maxBuffered: 1000 });
  void (async () => {
    for await (const event of channel) if (event.kind === 'request') void event.reply(0, REPLY);
  })();
  return 'ready';
}

async function start(name: string, address = ''): Promise<{ process: ChildProcess; answer: string }> {
  const child = fork(fileURLToPath(import.meta.url), [name, address]);
  const [answer] = (await once(child, 'message')) as [string];
  return { process: child, answer };
}

const echoed = (socket: Socket): Promise<unknown> => {
  const answer = once(socket, 'data');
  socket.write(REQUEST);
  return answer;
};

async function compare(serverAt: string, clientAt: string): Promise<void> {
  const [server, pong] = [await start('server', serverAt), await start('pong')];
  const connection = await connect({ address: clientAt, name: 'client' });
  const channels = await openChannels(connection);
  const client = await channels.openChannel('bench');
  const socket = dial({ port: Number(pong.answer), host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const all: Record<'tcp' | 'calls' | 'posts', Result[]> = { tcp: [], calls: [], posts: [] };
  for (let run = 0; run < RUNS; run++) {
    all.tcp.push(await measure(() => echoed(socket)));
    all.calls.push(await measure(() => client.call(1, REQUEST)));
    all.posts.push(await measure(() => client.post(1, REQUEST)));
    // The queue is empty again before the next run.
    await client.call(1, REQUEST);
  }
  say('bare TCP ping-pong, 100 B', all.tcp);
  say('calls, 100 B and 20 B back', all.calls);
  say('posts, 100 B', all.posts);
  const share = middle(all.calls.map(({ rate }) => rate)) / middle(all.tcp.map(({ rate }) => rate));
  console.log(`calls are ${share.toFixed(2)} of the bare ping-pong`);
  socket.destroy();
  await connection.close();
  server.process.kill();
  pong.process.kill();
}

const [what, address] = process.argv.slice(2);
if (process.send && what !== undefined) {
  process.send(await role(what, address ?? ''));
  process.on('disconnect', () => process.exit());
} else if (what === '--two') {
  await using cluster = await Cluster.start({ nodes: 2 });
  await compare(cluster.node(1).address, cluster.node(2).address);
} else {
  const daemon = await start('daemon');
  await compare(daemon.answer, daemon.answer);
  daemon.process.kill();
}
