/** The parts of `@opentelemetry/api` that are used, which keep what they are given. */
import type {
  Attributes,
  HostCounter,
  HostMeter,
  HostModule,
  HostSpan,
  HostSpanContext,
} from '../../lib/adapters/opentelemetry/api.js';

interface FakeContext {
  readonly span?: HostSpanContext;
}

export class FakeSpan implements HostSpan {
  readonly attributes: Attributes = {};
  readonly links: { readonly spanId: string; readonly attributes: Attributes | undefined }[] = [];
  readonly errors: (Error | string)[] = [];
  status: { readonly code: number; readonly message?: string } | null = null;
  ends = 0;

  constructor(
    readonly name: string,
    readonly kind: number | undefined,
    readonly parent: HostSpanContext | undefined,
    private readonly own: HostSpanContext,
  ) {}

  spanContext(): HostSpanContext {
    return this.own;
  }

  setAttributes(attributes: Attributes): void {
    Object.assign(this.attributes, attributes);
  }

  addLink({ context, attributes }: { context: HostSpanContext; attributes?: Attributes }): void {
    this.links.push({ spanId: context.spanId, attributes });
  }

  setStatus(status: { code: number; message?: string }): void {
    this.status = status;
  }

  recordException(exception: Error | string): void {
    this.errors.push(exception);
  }

  end(): void {
    this.ends++;
  }
}

const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;

/** A program with a tracer and a meter. */
export class FakeTelemetry {
  readonly spans: FakeSpan[] = [];
  /** What instruments were given, by their name. */
  readonly measured: Record<string, (readonly [value: number, attributes: Attributes | undefined])[]> = {};
  private current: FakeContext = {};

  readonly tracer = {
    startSpan: (
      name: string,
      { kind, attributes = {} }: { kind?: number; attributes?: Attributes } = {},
      around?: unknown,
    ): FakeSpan => {
      const parent = (around as FakeContext).span;
      const number = (this.spans.length + 1).toString(SPAN_DIGITS);
      const traceId = parent?.traceId ?? number.padStart(TRACE_DIGITS, '0');
      const own = { traceId, spanId: number.padStart(SPAN_DIGITS, '0'), traceFlags: 1 };
      const span = new FakeSpan(name, kind, parent, own);
      span.setAttributes(attributes);
      this.spans.push(span);
      return span;
    },
  };

  readonly meter: HostMeter = {
    createCounter: (name) => this.counter(name),
    createUpDownCounter: (name) => this.counter(name),
    createHistogram: (name) => {
      const counter = this.counter(name);
      return { record: (...measurement) => counter.add(...measurement) };
    },
  };

  readonly host: HostModule = {
    trace: {
      getTracer: () => this.tracer,
      setSpan: (_context, span): FakeContext => ({ span: span.spanContext() }),
      setSpanContext: (_context, span): FakeContext => ({ span }),
    },
    metrics: { getMeter: () => this.meter },
    context: {
      active: () => this.current,
      with: (context, act) => {
        const before = this.current;
        this.current = context as FakeContext;
        try {
          return act();
        } finally {
          this.current = before;
        }
      },
    },
    ROOT_CONTEXT: {},
  };

  /** Spans of that name, in the order of their beginning. */
  of(name: string): FakeSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  private counter(name: string): HostCounter {
    const values: (readonly [number, Attributes | undefined])[] = [];
    this.measured[name] = values;
    return { add: (value, attributes) => void values.push([value, attributes]) };
  }
}
