/** Spans of the operations of one tracing channel, from their beginning to their end. */
import { tracingChannel } from 'node:diagnostics_channel';
import { SspError } from '../../errors.js';
import { spanContextOf, traceparentOf } from './context.js';
import { type Attributes, type HostContext, type HostModule, type HostSpan, STATUS_ERROR } from './api.js';
import type { HostTracer } from './api.js';
import type { Operation, Spanned } from './operations.js';

/** Follows them, until `close`. */
export class Spans<Message extends Operation> {
  /** Spans that have not ended, by the message of their operation. */
  private readonly ongoing = new Map<object, HostSpan>();
  private readonly channel;
  private readonly subscribers;

  constructor(
    private readonly host: HostModule,
    private readonly tracer: HostTracer,
    private readonly how: Spanned<Message>,
  ) {
    const end = (message: Message): void => this.end(message);
    this.subscribers = {
      start: (message: Message): void => this.start(message),
      error: (message: Message): void => this.failed(message),
      end: how.isSync === true ? end : nothing,
      asyncStart: nothing,
      asyncEnd: how.isSync === true ? nothing : end,
    };
    this.channel = tracingChannel<unknown, Message>(how.channel);
    this.channel.subscribe(this.subscribers);
  }

  /** What is still under way ends here. */
  close(): void {
    this.channel.unsubscribe(this.subscribers);
    for (const span of this.ongoing.values()) span.end();
    this.ongoing.clear();
  }

  private start(message: Message): void {
    const { host, how, tracer } = this;
    const around = this.contextOf(message);
    if (around === null) return;
    const { name, kind } = how;
    const span = tracer.startSpan(name, { kind, attributes: this.attributesOf(message) }, around);
    this.ongoing.set(message, span);
    message.traceparent = traceparentOf(span.spanContext());
    if (how.isParent !== true) return;
    const within = host.trace.setSpan(around, span);
    message.run = (operation) => host.context.with(within, operation);
  }

  /**
   * Where the span belongs. What another member has begun is not part of what happens to be current here, such as the span in
   * which the connection was made.
   */
  private contextOf(message: Message): HostContext {
    const { host, how } = this;
    if (!how.parentOf) return host.context.active();
    const parent = spanContextOf(how.parentOf(message));
    if (parent) return host.trace.setSpanContext(host.ROOT_CONTEXT, parent);
    return how.needsParent === true ? null : host.ROOT_CONTEXT;
  }

  private attributesOf(message: Message): Attributes {
    const { operation, type, begun } = this.how;
    const { group, id, members } = message;
    return {
      'messaging.system': 'ssp',
      'messaging.operation.name': operation,
      ...(type !== undefined && { 'messaging.operation.type': type }),
      'messaging.destination.name': group,
      'messaging.client.id': id,
      'ssp.view.members': members,
      ...begun?.(message),
    };
  }

  private failed(message: Message): void {
    const { error } = message;
    const span = this.ongoing.get(message);
    const cause = error instanceof Error ? error : String(error);
    span?.recordException(cause);
    span?.setStatus({ code: STATUS_ERROR, message: typeof cause === 'string' ? cause : cause.message });
    span?.setAttributes({ 'error.type': errorType(error) });
  }

  private end(message: Message): void {
    const span = this.ongoing.get(message);
    if (!span) return;
    this.ongoing.delete(message);
    const attributes = this.how.ended?.(message, span);
    if (attributes) span.setAttributes(attributes);
    span.end();
  }
}

const nothing = (): void => undefined;

/** The code of an error of this toolkit, as they are few; else the name of its class. */
export function errorType(error: unknown): string {
  if (error instanceof SspError) return error.code;
  return error instanceof Error ? error.name : typeof error;
}
