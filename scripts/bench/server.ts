/** A serving process of a bench: the built `sspd`, or another program that prints its port. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const sspd = fileURLToPath(new URL('../../daemon/main.js', import.meta.url));

export interface Server {
  readonly process: ChildProcessByStdio<null, Readable, null>;
  readonly port: number;
}

/** @param port finds the port in the first thing it prints */
export async function serve(args: readonly string[], port: RegExp): Promise<Server> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { process: child, port: Number(port.exec(String(line))?.[1]) };
}

export const serveSspd = (...args: readonly string[]): Promise<Server> =>
  serve([sspd, '--port', '0', '--unix-dir', '', '--log', 'error', ...args], /:(\d+)/);

/** Resident memory of the process in bytes (Linux). */
export async function memoryOf({ process: { pid } }: Server): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
}
