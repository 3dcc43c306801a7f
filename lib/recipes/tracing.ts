/**
 * What recipes do, for those who follow it by the tracing channels of `node:diagnostics_channel`. Each channel publishes `start`, `end`,
 * `asyncStart`, `asyncEnd` and `error` with one message for each operation. Without subscribers no message is made, and nothing is sent
 * that would not be sent else.
 *
 * | channel | an operation is |
 * |---|---|
 * | `ssp-toolkit:call` | `GroupRpc.call`, until it has its result |
 * | `ssp-toolkit:answer` | a handler of `groupRpc` at a member that is asked |
 * | `ssp-toolkit:submit` | `Replicated.submit`, until the command is applied here; a map, a counter, a lock and a barrier submit, too |
 * | `ssp-toolkit:apply` | a command that is applied, at each member; over when it returns |
 * | `ssp-toolkit:lock` | `Lock.acquire`, until the lock is held |
 */
import { tracing } from '#report';
import type { TracedOperation } from '../util/report/traced.js';
import type { CallMode } from './core/call.js';
import type { StateMachine } from './core/replicated/replica.js';
import type { GroupBinding } from './group-binding.js';

/** Where an operation happens. */
export interface Origin {
  /** Of the member. */
  readonly id: string;
  readonly group: string;
  /** Number of members of the present view. */
  readonly members: number;
}

/** The place of a recipe in its group. */
type Located = Pick<GroupBinding, 'self' | 'group'>;

const originOf = ({ self, group }: Located): Origin => ({
  id: self,
  group: group.name,
  members: group.view.size,
});

export interface CallReport extends TracedOperation, Origin {
  readonly mode: CallMode;
  /** Members that have answered in a trace of their own. */
  readonly answers: { readonly member: string; readonly traceparent: string }[];
}

export interface AnswerReport extends TracedOperation, Origin {
  /** Id of the member that asks. */
  readonly sender: string;
  /** Of the call. */
  readonly parent: string | undefined;
}

export interface SubmitReport extends TracedOperation, Origin {
  /** Of the command. */
  readonly bytes: number;
  /** Milliseconds until it was over; 0 before. */
  durationMs: number;
}

export interface ApplyReport extends TracedOperation, Origin {
  /** Id of the member that submitted it. */
  readonly sender: string;
  /** Commands applied before. */
  readonly index: number;
  /** Of the submit. */
  readonly parent: string | undefined;
}

export interface LockReport extends TracedOperation, Origin {
  /** The fencing token; 0 before the lock is held. */
  token: number;
}

const calls = tracing<CallReport>('ssp-toolkit:call');
const answers = tracing<AnswerReport>('ssp-toolkit:answer');
const submits = tracing<SubmitReport>('ssp-toolkit:submit');
const applies = tracing<ApplyReport>('ssp-toolkit:apply');
const locks = tracing<LockReport>('ssp-toolkit:lock');

/** Notes that a member has answered in a trace. */
export type NoteAnswer = (member: string, traceparent: string) => void;

/** @param call is given the trace to send with the request, and takes those of the answers */
export function followCall<T>(
  at: Located,
  mode: CallMode,
  call: (traceparent?: string, note?: NoteAnswer) => Promise<T>,
): Promise<T> {
  if (!calls.isHeard) return call();
  const message: CallReport = { ...originOf(at), mode, answers: [] };
  const note: NoteAnswer = (member, traceparent) => void message.answers.push({ member, traceparent });
  return calls.follow(message, () => call(message.traceparent, note));
}

/** @param parent of the call @param answer is given the trace to send with the answer, before it does anything else */
export function followAnswer<T>(
  at: Located,
  sender: string,
  parent: string | undefined,
  answer: (traceparent?: string) => Promise<T>,
): Promise<T> {
  if (!answers.isHeard) return answer();
  const message: AnswerReport = { ...originOf(at), sender, parent };
  return answers.follow(message, () => answer(message.traceparent));
}

/** @param now milliseconds of a clock @param submit is given the trace to send with the command */
export function followSubmit<T>(
  at: Located,
  bytes: number,
  now: () => number,
  submit: (traceparent?: string) => Promise<T>,
): Promise<T> {
  if (!submits.isHeard) return submit();
  const message: SubmitReport = { ...originOf(at), bytes, durationMs: 0 };
  const begin = now();
  return submits.follow(message, async () => {
    try {
      return await submit(message.traceparent);
    } finally {
      message.durationMs = now() - begin;
    }
  });
}

/** A machine whose commands can be followed. */
export const followed = (at: Located, machine: StateMachine): StateMachine => ({
  ...machine,
  apply: (command, info, parent) => {
    if (!applies.isHeard) return machine.apply(command, info);
    return applies.followNow({ ...originOf(at), ...info, parent }, () => machine.apply(command, info));
  },
});

/** @param acquire resolves with what has the token */
export function followLock<T extends { readonly token: number }>(
  at: Located,
  acquire: () => Promise<T>,
): Promise<T> {
  if (!locks.isHeard) return acquire();
  const message: LockReport = { ...originOf(at), token: 0 };
  return locks.follow(message, async () => {
    const held = await acquire();
    message.token = held.token;
    return held;
  });
}
