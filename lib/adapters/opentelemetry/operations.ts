/** Which operations of the toolkit become spans, and what a span says of them: names and numbers, never what is sent. */
import type { JoinReport } from '../../mailbox/diagnostics.js';
import type { CallResult } from '../../recipes/call.js';
import type {
  AnswerReport,
  ApplyReport,
  CallReport,
  LockReport,
  Origin,
  SubmitReport,
} from '../../recipes/tracing.js';
import type { TracedOperation } from '../../util/report/traced.js';
import { spanContextOf } from './context.js';
import { type Attributes, type HostSpan, SpanKind } from './api.js';

/** The message of any operation; once it is over it has what came of it. */
export type Operation = TracedOperation & Origin & { readonly error?: unknown };

/** How operations of one channel become spans. */
export interface Spanned<Message extends Operation> {
  readonly channel: string;
  /** Of the spans. */
  readonly name: string;
  readonly kind: number;
  /** What the operation is called in `messaging.operation.name`. */
  readonly operation: string;
  /** `send` or `process`, where it is one of these. */
  readonly type?: string;
  /** Whether it is over when it returns. */
  readonly isSync?: boolean;
  /** Whether other spans are made within it. */
  readonly isParent?: boolean;
  /** Of what another member has begun: the trace to which that belongs. */
  readonly parentOf?: (message: Message) => string | undefined;
  /** Whether there is a span only where that is known. */
  readonly needsParent?: boolean;
  readonly begun?: (message: Message) => Attributes;
  readonly ended?: (message: Message, span: HostSpan) => Attributes;
}

export const join: Spanned<JoinReport> = {
  channel: 'ssp-toolkit:join',
  name: 'ssp join',
  kind: SpanKind.client,
  operation: 'join',
  ended: ({ members }) => ({ 'ssp.view.members': members }),
};

export const call: Spanned<CallReport & { readonly result?: CallResult<unknown> }> = {
  channel: 'ssp-toolkit:call',
  name: 'ssp call',
  kind: SpanKind.client,
  operation: 'call',
  type: 'send',
  begun: ({ mode }) => ({ 'ssp.call.mode': mode }),
  ended: ({ answers, result }, span) => {
    for (const { member, traceparent } of answers) {
      const context = spanContextOf(traceparent);
      if (context) span.addLink({ context, attributes: { 'ssp.sender': member } });
    }
    if (!result) return {};
    return { 'ssp.call.values': result.values.length, 'ssp.call.satisfied': result.satisfied };
  },
};

export const answer: Spanned<AnswerReport> = {
  channel: 'ssp-toolkit:answer',
  name: 'ssp answer',
  kind: SpanKind.server,
  operation: 'answer',
  type: 'process',
  isParent: true,
  parentOf: ({ parent }) => parent,
  begun: ({ sender }) => ({ 'ssp.sender': sender }),
};

export const submit: Spanned<SubmitReport> = {
  channel: 'ssp-toolkit:submit',
  name: 'ssp submit',
  kind: SpanKind.producer,
  operation: 'submit',
  type: 'send',
  begun: ({ bytes }) => ({ 'messaging.message.body.size': bytes }),
};

/** Each member applies every command: a span for those of a trace is enough. */
export const apply: Spanned<ApplyReport> = {
  channel: 'ssp-toolkit:apply',
  name: 'ssp apply',
  kind: SpanKind.consumer,
  operation: 'apply',
  type: 'process',
  isSync: true,
  isParent: true,
  parentOf: ({ parent }) => parent,
  needsParent: true,
  begun: ({ sender, index }) => ({ 'ssp.sender': sender, 'ssp.index': index }),
};

export const lock: Spanned<LockReport> = {
  channel: 'ssp-toolkit:lock',
  name: 'ssp lock.acquire',
  kind: SpanKind.internal,
  operation: 'lock.acquire',
  isParent: true,
  ended: ({ token }): Attributes => (token > 0 ? { 'ssp.token': token } : {}),
};
