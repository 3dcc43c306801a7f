/** OpenTelemetry for a program: subscribes to what the toolkit publishes about itself, until it is closed. */
import { errorOf } from '../../errors.js';
import { checkOptions } from '../../recipes/options.js';
import { holds } from '../../util/option-checks.js';
import { ILLEGAL_PARAM } from '../../wire/codes.js';
import { TOOLKIT_VERSION, versionText } from '../../wire/version.js';
import { type HostMeter, type HostModule, type HostTracer, loadHost } from './api.js';
import { Metrics } from './metrics.js';
import { answer, apply, call, join, lock, submit } from './operations.js';
import { Spans } from './spans.js';

/** The options of `instrument`; each has a default. */
export interface InstrumentOptions {
  /** Makes the spans; default: the one that `trace.getTracer('ssp-toolkit')` gives. */
  readonly tracer?: HostTracer | undefined;
  /** Makes the counters; default: the one that `metrics.getMeter('ssp-toolkit')` gives. */
  readonly meter?: HostMeter | undefined;
}

const has = (...methods: readonly string[]) =>
  holds(
    (value) =>
      methods.every((name) => typeof (Object(value) as Record<string, unknown>)[name] === 'function'),
    `must have the method ${methods.join(', ')}`,
  );

const OPTIONS = {
  tracer: has('startSpan'),
  meter: has('createCounter', 'createUpDownCounter', 'createHistogram'),
};

/** Whether a program is instrumented is one fact for all copies of this package: they publish on the same channels. */
const KEY = Symbol.for('ssp-toolkit/opentelemetry');
const everywhere = globalThis as unknown as Record<symbol, boolean | undefined>;

/**
 * From here on operations of this process are reported as spans and metrics of OpenTelemetry, and messages of recipes carry the trace that
 * they belong to. Call it before the first connection is made.
 * @throws IllegalParamError for a wrong option, and in a process that is instrumented already; Error that says what to
 * install where `@opentelemetry/api` is missing
 */
export async function instrument(options: InstrumentOptions = {}): Promise<Instrumentation> {
  checkOptions(OPTIONS, options);
  if (everywhere[KEY] === true)
    throw errorOf(ILLEGAL_PARAM, 'this process is instrumented already: close the first one');
  everywhere[KEY] = true;
  try {
    return new Instrumentation(await loadHost(), options);
  } catch (error) {
    everywhere[KEY] = false;
    throw error;
  }
}

/** What `instrument` has begun. */
export class Instrumentation implements Disposable {
  private parts: readonly { close(): void }[];

  /** @internal */
  constructor(host: HostModule, options: InstrumentOptions) {
    const name = ['ssp-toolkit', versionText(TOOLKIT_VERSION)] as const;
    const tracer = options.tracer ?? host.trace.getTracer(...name);
    const meter = options.meter ?? host.metrics.getMeter(...name);
    this.parts = [
      new Spans(host, tracer, join),
      new Spans(host, tracer, call),
      new Spans(host, tracer, answer),
      new Spans(host, tracer, submit),
      new Spans(host, tracer, apply),
      new Spans(host, tracer, lock),
      new Metrics(meter),
    ];
  }

  /** Ends it: spans of what is under way end here, and messages carry no trace any more. Does nothing the second time. */
  close(): void {
    if (this.parts.length === 0) return;
    for (const part of this.parts) part.close();
    this.parts = [];
    everywhere[KEY] = false;
  }

  /** As `close`. */
  [Symbol.dispose](): void {
    this.close();
  }
}
