/**
 * Runs the main module of `ssp` for one command line after the other, each given as a line of JSON, and answers each with its
 * number, its status and its output. The module is evaluated each time; what it imports is loaded once.
 */
import { Buffer } from 'node:buffer';
import { createInterface } from 'node:readline';
import type { CommandLine } from './command-lines.js';
import type { Ended } from './program.js';

const MAIN = new URL('../../lib/cli/main.js', import.meta.url);
const inherited = { ...process.env };
const answer = process.stdout.write.bind(process.stdout);
const written = { stdout: '', stderr: '' };
// The module listens to streams and signals each time.
process.setMaxListeners(0);
for (const name of ['stdout', 'stderr'] as const) {
  const stream = process[name];
  stream.setMaxListeners(0);
  stream.write = (text: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    written[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
    const done = rest.find((each) => typeof each === 'function') as (() => void) | undefined;
    if (done) setImmediate(done);
    return true;
  };
}

async function run({ args, environment }: CommandLine, number: number): Promise<Ended> {
  process.argv = [process.execPath, MAIN.pathname, ...args];
  process.env = { ...inherited, ...environment };
  process.exitCode = undefined;
  Object.assign(written, { stdout: '', stderr: '' });
  await import(`${MAIN.href}?${number}`);
  return { status: Number(process.exitCode ?? 0), out: written.stdout, err: written.stderr };
}

let number = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const ended = await run(JSON.parse(line) as CommandLine, ++number);
  answer(`${number} ${JSON.stringify(ended)}\n`);
}
process.exitCode = 0;
