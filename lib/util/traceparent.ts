/** How a trace is named where its parts are in several processes: the field `traceparent` of W3C Trace Context. */

/** Its length: characters, and bytes. */
export const TRACEPARENT_LENGTH = 55;

/** Version, id of the trace, id of the span, flags; an id of zeros alone is none. */
const FORM = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

/** Whether it names a trace. */
export const isTraceparent = (value: unknown): value is string =>
  typeof value === 'string' && FORM.test(value);
