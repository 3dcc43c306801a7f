/** `#report` in Node. */
import type { TracedOperation, Tracing } from './traced.js';
import { tracingOf } from './tracing.js';

export { channel } from 'node:diagnostics_channel';

/** Says what somebody should look after. @param type as the name of a warning */
export const warn = (text: string, type: string): void => process.emitWarning(text, type);

/** Operations of one kind, as those can follow them who subscribe to its tracing channel. */
export const tracing = <Message extends TracedOperation>(name: string): Tracing<Message> =>
  tracingOf(name, warn);
