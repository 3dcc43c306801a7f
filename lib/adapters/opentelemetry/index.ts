/**
 * The module `ssp-toolkit/opentelemetry`: spans and metrics of OpenTelemetry, with traces that go from member to member.
 * @module
 */
export { instrument, type Instrumentation, type InstrumentOptions } from './instrument.js';
export type {
  Attributes,
  AttributeValue,
  HostCounter,
  HostHistogram,
  HostMeter,
  HostSpan,
  HostSpanContext,
  HostTracer,
  InstrumentDescription,
} from './api.js';
