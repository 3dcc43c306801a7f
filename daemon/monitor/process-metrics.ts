/**
 * What Node and the system say of the process, under the names that clients of Prometheus commonly use. No metrics of
 * active handles: Node walks over all sockets for them, and `sspd_sessions` says the same at no cost.
 */
import { readFileSync, readdirSync } from 'node:fs';
import {
  type IntervalHistogram,
  PerformanceObserver,
  constants,
  monitorEventLoopDelay,
} from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import type { Metric, Sample } from './exposition.js';

const MICROSECONDS = 1e6;
const NANOSECONDS = 1e9;
const MILLISECONDS = 1e3;
const KILOBYTE = 1_024;
/** Milliseconds between two looks at the event loop. Each one wakes the process. */
const RESOLUTION = 10;
/** Seconds. */
const PAUSE_BUCKETS = [0.001, 0.01, 0.1, 1, 2, 5];

const collections: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

const metric = (kind: 'counter' | 'gauge', name: string, help: string, value: number): Metric => ({
  name,
  help,
  kind,
  samples: [{ value }],
});

export class ProcessMetrics {
  private readonly loop = monitorEventLoopDelay({ resolution: RESOLUTION });
  private readonly pauses = new PauseTimes();

  constructor() {
    this.loop.enable();
  }

  /** Looks at the event loop since the last time it was asked. */
  async read(): Promise<Metric[]> {
    const start = performance.now();
    await setImmediate();
    const lag = (performance.now() - start) / MILLISECONDS;
    return [
      ...processorTimes(),
      metric(
        'gauge',
        'process_start_time_seconds',
        'Start of the process, in seconds since 1970.',
        startTime,
      ),
      ...memory(),
      ...descriptors(),
      metric('gauge', 'nodejs_eventloop_lag_seconds', 'How late the event loop was at this scrape.', lag),
      ...loopTimes(this.loop),
      ...heap(),
      version(),
      this.pauses.metric(),
    ];
  }

  stop(): void {
    this.loop.disable();
    this.pauses.stop();
  }
}

const startTime = Math.round(Date.now() / MILLISECONDS - process.uptime());

function processorTimes(): Metric[] {
  const { user, system } = process.cpuUsage();
  const seconds = (name: string, help: string, value: number): Metric =>
    metric('counter', `process_cpu_${name}seconds_total`, help, value / MICROSECONDS);
  return [
    seconds('user_', 'Processor time in the program, in seconds.', user),
    seconds('system_', 'Processor time in the system, in seconds.', system),
    seconds('', 'Processor time in program and system, in seconds.', user + system),
  ];
}

/** A file of Linux's `/proc/self`, which never blocks; empty elsewhere. */
function ofLinux(file: string): string {
  try {
    return readFileSync(`/proc/self/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function memory(): Metric[] {
  const status = ofLinux('status');
  const bytes = (name: string, help: string, field: string): Metric[] => {
    const [, kilobytes] = new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(status) ?? [];
    return kilobytes === undefined ? [] : [metric('gauge', name, help, Number(kilobytes) * KILOBYTE)];
  };
  return [
    metric('gauge', 'process_resident_memory_bytes', 'Resident memory, in bytes.', process.memoryUsage.rss()),
    ...bytes('process_virtual_memory_bytes', 'Virtual memory, in bytes.', 'VmSize'),
    ...bytes('process_heap_bytes', 'Data segment, in bytes.', 'VmData'),
  ];
}

function descriptors(): Metric[] {
  const [, most] = /^Max open files\s+(\S+)/m.exec(ofLinux('limits')) ?? [];
  if (most === undefined) return [];
  // One of them is open only to read this list.
  const open = readdirSync('/proc/self/fd').length - 1;
  const limit = most === 'unlimited' ? Infinity : Number(most);
  return [
    metric('gauge', 'process_open_fds', 'Open descriptors.', open),
    metric('gauge', 'process_max_fds', 'Most descriptors that can be open.', limit),
  ];
}

function loopTimes(loop: IntervalHistogram): Metric[] {
  // Without a look since the last time there is nothing to tell.
  const [mean, deviation] = loop.count > 0 ? [loop.mean, loop.stddev] : [0, 0];
  const [least, most] = loop.count > 0 ? [loop.min, loop.max] : [0, 0];
  const seconds = (name: string, help: string, value: number): Metric =>
    metric(
      'gauge',
      `nodejs_eventloop_lag_${name}_seconds`,
      `Time between two looks: ${help}.`,
      value / NANOSECONDS,
    );
  const metrics = [
    seconds('min', 'least', least),
    seconds('max', 'most', most),
    seconds('mean', 'mean', mean),
    seconds('stddev', 'standard deviation', deviation),
    seconds('p50', 'median', loop.percentile(50)),
    seconds('p90', '90th percentile', loop.percentile(90)),
    seconds('p99', '99th percentile', loop.percentile(99)),
  ];
  loop.reset();
  return metrics;
}

function heap(): Metric[] {
  const { heapTotal, heapUsed, external } = process.memoryUsage();
  const spaces = getHeapSpaceStatistics();
  const bySpace = (name: string, help: string, field: keyof (typeof spaces)[number]): Metric => ({
    name: `nodejs_heap_space_size_${name}_bytes`,
    help: `Heap by space, in bytes: ${help}.`,
    kind: 'gauge',
    samples: spaces.map((space) => ({
      labels: { space: space.space_name.replace(/_space$/, '') },
      value: Number(space[field]),
    })),
  });
  return [
    metric('gauge', 'nodejs_heap_size_total_bytes', "V8's heap, in bytes.", heapTotal),
    metric('gauge', 'nodejs_heap_size_used_bytes', 'Used of it, in bytes.', heapUsed),
    metric('gauge', 'nodejs_external_memory_bytes', 'Memory outside of it, in bytes.', external),
    bySpace('total', 'all', 'space_size'),
    bySpace('used', 'used', 'space_used_size'),
    bySpace('available', 'left', 'space_available_size'),
  ];
}

function version(): Metric {
  const [major = '', minor = '', patch = ''] = process.versions.node.split('.');
  const labels = { version: process.version, major, minor, patch };
  return {
    name: 'nodejs_version_info',
    help: 'Always 1; the version of Node is in the labels.',
    kind: 'gauge',
    samples: [{ labels, value: 1 }],
  };
}

/** How long the garbage collector has paused the program: a histogram for each kind of collection. */
class PauseTimes {
  private readonly kinds = new Map<string, { readonly buckets: number[]; sum: number; count: number }>();
  private readonly observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail, duration } = entry as typeof entry & { readonly detail: { readonly kind: number } };
      this.add(collections[detail.kind] ?? 'other', duration / MILLISECONDS);
    }
  });

  constructor() {
    this.observer.observe({ entryTypes: ['gc'] });
  }

  metric(): Metric {
    const samples: Sample[] = [];
    for (const [kind, { buckets, sum, count }] of this.kinds) {
      for (const [i, limit] of [...PAUSE_BUCKETS, Infinity].entries()) {
        const le = limit === Infinity ? '+Inf' : String(limit);
        samples.push({ suffix: '_bucket', labels: { le, kind }, value: buckets[i] ?? count });
      }
      samples.push(
        { suffix: '_sum', labels: { kind }, value: sum },
        { suffix: '_count', labels: { kind }, value: count },
      );
    }
    return {
      name: 'nodejs_gc_duration_seconds',
      help: 'Pauses of the garbage collector, by kind.',
      kind: 'histogram',
      samples,
    };
  }

  stop(): void {
    this.observer.disconnect();
  }

  /** A bucket counts all that took no longer than its limit. */
  private add(kind: string, seconds: number): void {
    const known = this.kinds.get(kind) ?? { buckets: PAUSE_BUCKETS.map(() => 0), sum: 0, count: 0 };
    this.kinds.set(kind, known);
    known.sum += seconds;
    known.count++;
    for (const [i, limit] of PAUSE_BUCKETS.entries()) {
      if (seconds <= limit) known.buckets[i] = (known.buckets[i] as number) + 1;
    }
  }
}
