/** The trace that a message belongs to: a tagged field after the others, on which nothing else depends. */
import { isTraceparent, TRACEPARENT_LENGTH } from '../../util/traceparent.js';
import type { FieldReader, FieldWriter } from './codec.js';

/** Tags from here on mean the same in the messages of all recipes; those below belong to a kind of message. */
const TRACEPARENT = 16;

/** After the last field that has no tag; nothing without a trace. */
export const writeTrace = <Writer extends FieldWriter>(writer: Writer, trace: string | undefined): Writer =>
  trace === undefined ? writer : writer.varint(TRACEPARENT).text(trace);

/**
 * After the last field that has no tag. What is not a trace is skipped like a field that this version does not know, so that members
 * with and without tracing take the same messages.
 */
export function readTrace(reader: FieldReader): string | undefined {
  let found: string | undefined;
  while (reader.left > 0) {
    const tag = reader.varint();
    const value = reader.data();
    if (tag !== TRACEPARENT || found !== undefined || value.length !== TRACEPARENT_LENGTH) continue;
    const text = value.toString();
    if (isTraceparent(text)) found = text;
  }
  return found;
}
