/** `ssp ping`: how long a message takes through the order and back. */
import { Buffer } from 'node:buffer';
import { type Histogram, type RecordableHistogram, createHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { Connection, Service } from '../index.js';
import { MAX_REQUEST_BYTES, NAME_BYTES } from '../wire/limits.js';
import { Echo } from './echo.js';
import { interruption, print } from './failure.js';
import { type Access, withConnection } from './session.js';
import { count as counted, microseconds, plural } from './units.js';
import { duration, group, integer, jsonOption, nameOption, serviceOption, verb } from './values.js';

/** Longest body to one group. */
const MAX_BODY = MAX_REQUEST_BYTES - NAME_BYTES;

interface Flags extends Access {
  readonly count: number;
  readonly size: number;
  readonly service: Service;
  readonly interval: number;
  readonly json?: boolean;
}

export const pingCommand = (command: Command): Command =>
  verb(command, ['ssp ping', 'ssp ping room --service safe --count 200 --interval 10ms'])
    .argument(
      '[group]',
      'group to join and to send to; without one, messages go to this connection only',
      group,
    )
    .addOption(nameOption())
    .option('-c, --count <n>', 'round trips', integer(1, 10_000_000), 1_000)
    .option('--size <bytes>', 'size of the body', integer(0, MAX_BODY), 100)
    .addOption(serviceOption())
    .addOption(
      new Option('-i, --interval <time>', 'pause between two messages; a plain number is milliseconds')
        .argParser(duration('ms'))
        .default(0, '0ms'),
    )
    .addOption(jsonOption('the result as one JSON object, times in microseconds'))
    .action(async (name: string | undefined, flags: Flags) => {
      const stop = interruption(true);
      const times = createHistogram();
      try {
        await withConnection(flags, stop, (connection) => measure(connection, name, flags, stop, times));
      } finally {
        // Also what there is when it was cut short.
        if (times.count > 0) await print(report(times, flags), stop);
      }
    });

/** @param times takes the nanoseconds of each round trip */
async function measure(
  connection: Connection,
  name: string | undefined,
  { count, size, service, interval }: Flags,
  stop: AbortSignal,
  times: RecordableHistogram,
): Promise<void> {
  const echo = await Echo.open(connection, name);
  const body = Buffer.alloc(size, 'x');
  while (times.count < count) {
    const start = performance.now();
    await echo.trip(body, { service });
    times.record(Math.max(1, Math.round((performance.now() - start) * 1e6)));
    if (interval > 0 && times.count < count) await sleep(interval, undefined, { signal: stop });
  }
}

function report(times: Histogram, { address, size, service, json = false }: Flags): string {
  const { count, min, median, p99, max } = summary(times);
  if (json) {
    return JSON.stringify({ verb: 'ping', address, count, size, service, unit: 'us', min, median, p99, max });
  }
  const columns = Object.entries({ min, median, p99, max }).map(
    ([label, value]) => `${label} ${microseconds(value)}`,
  );
  const what = `${plural(count, 'round trip')} through ${address}, ${counted(size)}-byte bodies, ${service}`;
  return `${what}\n${columns.join('   ')}`;
}

/** Round trips in a few numbers of microseconds, exact to a thousandth. */
export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** @param times of nanoseconds, at least one */
export function summary(times: Histogram): Summary {
  return {
    count: times.count,
    min: inMicroseconds(times.min),
    median: inMicroseconds(times.percentile(50)),
    p99: inMicroseconds(times.percentile(99)),
    max: inMicroseconds(times.max),
  };
}

/** With one digit after the point. */
const inMicroseconds = (nanoseconds: number): number => Math.round(nanoseconds / 100) / 10;
