/** Spans of other processes: from the text that messages carry, and to it. */
import { isTraceparent } from '../../util/traceparent.js';
import type { HostSpanContext } from './api.js';

const VERSION = '00';
const HEX = 16;

/** The field of a span; undefined for one that does not count, such as those of a program without an SDK. */
export function traceparentOf({ traceId, spanId, traceFlags }: HostSpanContext): string | undefined {
  const flags = (traceFlags & 0xff).toString(HEX).padStart(2, '0');
  const text = `${VERSION}-${traceId}-${spanId}-${flags}`;
  return isTraceparent(text) ? text : undefined;
}

/** The span that a field names; null where there is no field, or it is not one. */
export function spanContextOf(traceparent: string | undefined): HostSpanContext | null {
  if (!isTraceparent(traceparent)) return null;
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  return { traceId, spanId, traceFlags: Number.parseInt(flags, HEX), isRemote: true };
}
