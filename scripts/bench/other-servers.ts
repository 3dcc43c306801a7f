/** Servers that the daemon is compared with, of what is installed: NATS, Redis, and a relay in C. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folder, type Keep } from './prepared.js';
import { Server } from './processes.js';

const NATS = 'nats-server';
const REDIS = 'redis-server';
const COMPILER = 'cc';
/** In the sources: the compiler of TypeScript takes no C along. */
const RELAY_SOURCE = fileURLToPath(new URL('../../../scripts/bench/relay.c', import.meta.url));
/** What may wait for one receiver: more than a sender has under way, so that no server drops messages or connections. */
const NATS_OPTIONS = 'max_pending: 268435456\nwrite_deadline: "60s"\n';
/** 0 stands for no limit. */
const REDIS_LIMIT = 'pubsub 0 0 0';
/** Another process may take a port between our look and the start of the server. */
const ATTEMPTS = 3;

/** The version that a program prints, or null when it cannot be run. */
function versionOf(command: string, pattern: RegExp): string | null {
  try {
    return pattern.exec(execFileSync(command, ['--version'], { encoding: 'utf8', stdio: 'pipe' }))?.[1] ?? '';
  } catch {
    return null;
  }
}

/** Null when it is not installed. */
export const natsVersion = (): string | null => versionOf(NATS, /v(\d\S*)/);
/** Null when it is not installed. */
export const redisVersion = (): string | null => versionOf(REDIS, /v=(\d\S*)/);
/** Null when there is no compiler. */
export const compilerVersion = (): string | null => versionOf(COMPILER, /(\d+\.\d+\S*)/);

/** On an ephemeral port of the loop-back interface. */
export async function startNats(keep: Keep): Promise<Server> {
  const file = join(folder(keep), 'nats.conf');
  writeFileSync(file, NATS_OPTIONS);
  return keep(
    await Server.other({
      command: NATS,
      args: ['-c', file, '-a', '127.0.0.1', '-p', '-1'],
      stream: 'stderr',
      ready: /client connections on \S+:(\d+)[\s\S]*Server is ready/,
    }),
  );
}

/** On a port of the loop-back interface that was free; keeps nothing on disk. */
export async function startRedis(keep: Keep): Promise<Server> {
  const dir = folder(keep);
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const options = { port, bind: '127.0.0.1', dir, save: '', appendonly: 'no' };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    try {
      const server = await Server.other({
        command: REDIS,
        args: [...args, '--client-output-buffer-limit', REDIS_LIMIT],
        stream: 'stdout',
        ready: /Ready to accept connections/,
        port,
      });
      return keep(server);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

/** Compiles the relay, and starts it. @param path of its Unix socket */
export async function startRelayInC(keep: Keep, fanOut: number, path: string): Promise<Server> {
  const program = join(folder(keep), 'relay');
  execFileSync(COMPILER, ['-O2', '-o', program, RELAY_SOURCE], { stdio: 'pipe' });
  return keep(
    await Server.other({
      command: program,
      args: [String(fanOut), path],
      stream: 'stdout',
      ready: /relay at \S+:(\d+)\n/,
    }),
  );
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await once(probe.listen(0, '127.0.0.1'), 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
