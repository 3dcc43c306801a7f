/**
 * What sessions cost, and what bad ones do to the others: `node build/scripts/bench/sessions.js`. Three parts, against the
 * built `sspd` in a process of its own:
 *
 * 1. idle sessions: time to connect them, memory of the daemon for each;
 * 2. stopped readers in a group with steady traffic: what the healthy members lose and how late they get it, beside a
 *    quiet run without stopped readers;
 * 3. silent connections: how long the handshakes of others take.
 */
import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import { summary } from '../../lib/command/statistics.js';
import { integer } from '../../lib/command/values.js';
import { Mailbox } from '../../lib/mailbox/mailbox.js';
import { AGREED_MESS, isRegular, JOIN_MESS } from '../../lib/wire/service.js';
import { memoryOf, type Server, serveSspd } from './server.js';

interface Flags {
  readonly sessions: number;
  readonly readers: number;
  readonly seconds: number;
  readonly rate: number;
  readonly silent: number;
}

/** Connections that are being made at one time. */
const PARALLEL = 100;
const HEALTHY = 5;
const BODY_BYTES = 100;
const GROUP = 'steady';
const MIB = 1024 * 1024;

async function open(server: Server, name: string, queueMessages?: number): Promise<Mailbox> {
  const mailbox = await Mailbox.open({
    spreadName: `${server.port}@127.0.0.1`,
    privateName: name,
    queueMessages,
  });
  if (typeof mailbox === 'number') throw new Error(`connect answered ${mailbox}`);
  return mailbox;
}

async function openMany(server: Server, prefix: string, count: number, queue?: number): Promise<Mailbox[]> {
  const mailboxes: Mailbox[] = [];
  while (mailboxes.length < count) {
    const some = Math.min(PARALLEL, count - mailboxes.length);
    const first = mailboxes.length;
    const opened = Array.from({ length: some }, (_, i) => open(server, `${prefix}${first + i}`, queue));
    mailboxes.push(...(await Promise.all(opened)));
  }
  return mailboxes;
}

async function idle({ sessions }: Flags): Promise<void> {
  const server = await serveSspd();
  try {
    const before = await memoryOf(server);
    const start = performance.now();
    const mailboxes = await openMany(server, 'i', sessions);
    const seconds = (performance.now() - start) / 1_000;
    const bytes = (await memoryOf(server)) - before;
    console.log(`${sessions} idle sessions`);
    console.log(`  connected in ${seconds.toFixed(2)} s, ${Math.round(sessions / seconds)} a second`);
    console.log(
      `  daemon's memory ${mib(before)} -> ${mib(before + bytes)}, ${(bytes / sessions / 1024).toFixed(1)} KiB each`,
    );
    for (const mailbox of mailboxes) mailbox.kill();
  } finally {
    server.process.kill();
  }
}

/** One run with steady traffic. */
async function steady(
  flags: Flags,
  readers: number,
): Promise<{ late: number[]; lost: number; peak: number }> {
  const server = await serveSspd();
  try {
    const stopped = await openMany(server, 's', readers, 1);
    for (const mailbox of stopped) await mailbox.send(JOIN_MESS, [GROUP], 0, []);
    const healthy = await openMany(server, 'h', HEALTHY);
    const late: number[] = [];
    const counts = healthy.map((mailbox) => {
      const count = { messages: 0 };
      void mailbox.send(JOIN_MESS, [GROUP], 0, []);
      void receive(mailbox, count, late);
      return count;
    });
    const sender = await open(server, 'sender');
    await pause(500);
    const { sent, peak } = await send(sender, server, flags);
    await pause(500);
    for (const mailbox of [...stopped, ...healthy, sender]) mailbox.kill();
    const lost = counts.reduce((sum, { messages }) => sum + (sent - messages), 0);
    return { late, lost, peak };
  } finally {
    server.process.kill();
  }
}

async function receive(mailbox: Mailbox, count: { messages: number }, late: number[]): Promise<void> {
  while (mailbox.state === 'open') {
    for (let arrival = mailbox.take(); arrival; arrival = mailbox.take()) {
      if (!isRegular(arrival.service)) continue;
      count.messages++;
      late.push(performance.now() - arrival.body.readDoubleLE(0));
    }
    await mailbox.wait();
  }
}

/** Sends at a steady rate, and looks at the daemon's memory each second. */
async function send(
  sender: Mailbox,
  server: Server,
  { rate, seconds }: Flags,
): Promise<{ sent: number; peak: number }> {
  const body = Buffer.alloc(BODY_BYTES);
  const start = performance.now();
  let sent = 0;
  let peak = 0;
  let looked = 0;
  while (sent < rate * seconds) {
    const elapsed = performance.now() - start;
    const due = Math.min(rate * seconds, Math.floor((elapsed / 1_000) * rate));
    for (; sent < due; sent++) {
      body.writeDoubleLE(performance.now(), 0);
      void sender.send(AGREED_MESS, [GROUP], 0, [body]);
    }
    if (elapsed - looked > 1_000) {
      looked = elapsed;
      peak = Math.max(peak, await memoryOf(server));
    }
    await pause(1);
  }
  return { sent, peak };
}

async function stoppedReaders(flags: Flags): Promise<void> {
  const { readers, rate, seconds } = flags;
  console.log(`${readers} stopped readers, ${HEALTHY} healthy members, ${rate} messages/s for ${seconds} s`);
  for (const [what, count] of [
    ['quiet', 0],
    ['with stopped readers', readers],
  ] as const) {
    const { late, lost, peak } = await steady(flags, count);
    const { median, p99, max } = summary(late);
    console.log(
      `  ${what}: lost ${lost}, median ${median.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, ` +
        `max ${max.toFixed(2)} ms, daemon at most ${mib(peak)}`,
    );
  }
}

async function silentConnections({ silent }: Flags): Promise<void> {
  const server = await serveSspd();
  const sockets: Socket[] = [];
  try {
    for (let i = 0; i < silent; i++) {
      const socket = connect(server.port, '127.0.0.1');
      socket.on('error', () => undefined);
      sockets.push(socket);
    }
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const times: number[] = [];
    for (let i = 0; i < 500; i++) {
      const start = performance.now();
      const mailbox = await open(server, `c${i}`);
      times.push(performance.now() - start);
      mailbox.kill();
    }
    const { median, p99 } = summary(times);
    console.log(`${silent} silent connections`);
    console.log(`  handshakes of others: median ${median.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.process.kill();
  }
}

const mib = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`;

const flags = new Command('bench/sessions')
  .option('--sessions <n>', 'idle sessions', integer(1), 10_000)
  .option('--readers <n>', 'stopped readers', integer(0), 100)
  .option('--seconds <n>', 'steady traffic', integer(1), 60)
  .option('--rate <n>', 'messages a second', integer(1), 10_000)
  .option('--silent <n>', 'silent connections', integer(0), 500)
  .parse()
  .opts<Flags>();

await idle(flags);
await stoppedReaders(flags);
await silentConnections(flags);
