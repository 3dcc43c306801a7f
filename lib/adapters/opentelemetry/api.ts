/**
 * What is used of `@opentelemetry/api`, 1.9 and newer. Its types are not imported: whoever compiles against this toolkit, and the build
 * itself, needs it no more than the program that does not trace.
 */
import { bare, loadPackage } from '../missing-host.js';

/** Values of attributes. */
export type AttributeValue = string | number | boolean;
/** What is known of a span, a link or a measurement, by name. */
export type Attributes = Record<string, AttributeValue>;

/** A context of the host: what is current, and inherited. */
export type HostContext = unknown;

/** Names a span, of this process or another. */
export interface HostSpanContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** 8 bits; 1: it is sampled. */
  readonly traceFlags: number;
  /** Whether it is of another process. */
  readonly isRemote?: boolean;
}

/** A `Span` of `@opentelemetry/api`. */
export interface HostSpan {
  /** Identifies it to others. */
  spanContext(): HostSpanContext;
  /** Adds attributes. */
  setAttributes(attributes: Attributes): unknown;
  /** Refers to another span. */
  addLink(link: { context: HostSpanContext; attributes?: Attributes }): unknown;
  /** Sets its status. */
  setStatus(status: { code: number; message?: string }): unknown;
  /** Records an error. */
  recordException(exception: Error | string): void;
  /** Ends it. */
  end(): void;
}

/** A `Tracer` of `@opentelemetry/api`. */
export interface HostTracer {
  /** Begins a span. */
  startSpan(
    name: string,
    options?: { kind?: number; attributes?: Attributes },
    context?: HostContext,
  ): HostSpan;
}

/** A counter of `@opentelemetry/api`; with `UpDownCounter` one that goes down, too. */
export interface HostCounter {
  /** Adds to it. */
  add(value: number, attributes?: Attributes): void;
}

/** A histogram of `@opentelemetry/api`. */
export interface HostHistogram {
  /** Records a measurement. */
  record(value: number, attributes?: Attributes): void;
}

/** How an instrument is described. */
export interface InstrumentDescription {
  /** What it measures. */
  description?: string;
  /** As in UCUM: `s`, or a name in braces. */
  unit?: string;
}

/** A `Meter` of `@opentelemetry/api`. */
export interface HostMeter {
  /** Makes a counter of what only grows. */
  createCounter(name: string, options?: InstrumentDescription): HostCounter;
  /** Makes a counter of what comes and goes. */
  createUpDownCounter(name: string, options?: InstrumentDescription): HostCounter;
  /** Makes a histogram. */
  createHistogram(name: string, options?: InstrumentDescription): HostHistogram;
}

/** The module. */
export interface HostModule {
  readonly trace: {
    getTracer(name: string, version: string): HostTracer;
    setSpan(context: HostContext, span: HostSpan): HostContext;
    setSpanContext(context: HostContext, spanContext: HostSpanContext): HostContext;
  };
  readonly metrics: { getMeter(name: string, version: string): HostMeter };
  readonly context: {
    active(): HostContext;
    with<T>(context: HostContext, act: () => T): T;
  };
  readonly ROOT_CONTEXT: HostContext;
}

/** `SpanKind` of the host. */
export const SpanKind = { internal: 0, server: 1, client: 2, producer: 3, consumer: 4 } as const;
/** `SpanStatusCode.ERROR` of the host. */
export const STATUS_ERROR = 2;

/** Loads it. @throws Error that says what to install */
export async function loadHost(
  // The compiler does not look for a module whose name is any string, and bundlers find it.
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion
  load: () => Promise<unknown> = () => import('@opentelemetry/api' as string),
): Promise<HostModule> {
  const module = (await loadPackage(
    load,
    '@opentelemetry/api',
    'ssp-toolkit/opentelemetry',
  )) as Partial<HostModule> & { readonly default?: Partial<HostModule> };
  // A module of CommonJS, whose names a loader may not have found.
  const host = module.ROOT_CONTEXT ? module : (module.default ?? module);
  if (!host.ROOT_CONTEXT || typeof host.trace?.setSpanContext !== 'function' || !host.metrics)
    throw bare('expected @opentelemetry/api 1.9 or newer, got one without ROOT_CONTEXT or metrics');
  return host as HostModule;
}
