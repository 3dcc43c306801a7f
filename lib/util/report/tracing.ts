/** `tracing` of `#report` in Node: an operation is what a tracing channel publishes. */
import { tracingChannel } from 'node:diagnostics_channel';
import { isTraceparent, TRACEPARENT_LENGTH } from '../traceparent.js';
import type { TracedOperation, Tracing } from './traced.js';

/** @param name of the channels, as in `ssp-toolkit:call` @param warn says what a subscriber has done wrong */
export function tracingOf<Message extends TracedOperation>(
  name: string,
  warn: (text: string, type: string) => void,
): Tracing<Message> {
  const channel = tracingChannel<unknown, Message>(name);
  let hasWarned = false;
  const within = <T>(message: Message, operation: () => T): T => {
    const { run, traceparent } = message;
    if (traceparent !== undefined && !isTraceparent(traceparent)) {
      // An operation does not fail because a subscriber does.
      message.traceparent = undefined;
      if (!hasWarned) warn(`${name}: ${NOT_A_TRACEPARENT}, got ${shown(traceparent)}`, 'SspTracingWarning');
      hasWarned = true;
    }
    return run ? run(operation) : operation();
  };
  return {
    get isHeard() {
      return channel.hasSubscribers;
    },
    follow: (message, operation) => channel.tracePromise(() => within(message, operation), message),
    followNow: (message, operation) => channel.traceSync(() => within(message, operation), message),
  };
}

const NOT_A_TRACEPARENT = `expected a traceparent of ${TRACEPARENT_LENGTH} characters`;

/** Characters of a mistake in a warning. */
const MAX_SHOWN = 100;

const shown = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value.slice(0, MAX_SHOWN)) : typeof value;
