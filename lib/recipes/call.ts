/** Asking a whole group, and getting what became of it at each member. */
import { Buffer } from '#buffer';
import { aFunction, aSignal, oneOf, timeFrom } from '../util/option-checks.js';
import type { Connection } from '../client/connection.js';
import { InvalidValueError } from '../client/typed/errors.js';
import { errorOf } from '../errors.js';
import { type Deferred, abortable, deferred } from '../util/deferred.js';
import { aSchema } from '../util/schema.js';
import type { StandardSchema, ValueIssue } from '../util/standard-schema.js';
import { ILLEGAL_PARAM, MESSAGE_TOO_LONG } from '../wire/codes.js';
import { CallCore, type CallMode, type RawOutcome, type Ticket } from './core/call.js';
import { CALL_TIMEOUT_MS, MAX_CALLS, MAX_PAYLOAD_BYTES } from './core/limits.js';
import { type End, GroupBinding } from './group-binding.js';
import { checkOptions } from './options.js';
import { Recipe, type RecipeEvents } from './recipe.js';
import { check, SchemaReader, validText } from './schemas.js';
import { followAnswer, followCall, type NoteAnswer } from './tracing.js';

/**
 * Answers a request. What it returns has to be something that JSON can hold; what it throws becomes the outcome `error`
 * with the message of the error.
 */
export type CallHandler<Request, Answer> = (
  request: Request,
  info: {
    /** Id of the member that asks, `#bob#d1`. */
    readonly from: string;
    /** Aborted when this member leaves the group or loses its connection: the answer is not wanted any more. */
    readonly signal: AbortSignal;
  },
) => Answer | Promise<Answer>;

/** The options of `groupRpc`. */
export interface GroupRpcOptions<Request, Answer> {
  /** Without one this member asks only, and is not asked. */
  readonly handler?: CallHandler<Request, Answer> | undefined;
  /** Gives up joining. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The options of `groupRpc` with schemas, which all members have alike. Each reads an input, as it is asked or answered, and makes of
 * it what the other side gets.
 */
export interface TypedRpcOptions<
  Request,
  RequestInput = Request,
  Answer = unknown,
  AnswerInput = Answer,
> extends GroupRpcOptions<Request, AnswerInput> {
  /** Each must answer at once. */
  readonly schema: {
    /** Of requests. One that the member who is asked does not accept becomes the outcome `error`. */
    readonly request: StandardSchema<RequestInput, Request>;
    /** Of answers. One that the caller does not accept becomes the outcome `invalid`. */
    readonly answer: StandardSchema<AnswerInput, Answer>;
  };
}

/** The options of `GroupRpc.call`; each has a default. */
export interface CallOptions {
  /** When it is over: `first` value, values of a `majority` of those asked, or `all` done; default `all`. */
  readonly mode?: CallMode | undefined;
  /** Milliseconds that the members have to answer, at least 1; default 5000. */
  readonly timeoutMs?: number | undefined;
  /** Gives up. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of a call at one member. */
export type CallOutcome<Answer> =
  | {
      /** The member has answered. */
      readonly kind: 'value';
      /** What its handler returned. */
      readonly value: Answer;
    }
  | {
      /** The member has answered with what the schema does not accept. Only with a schema. */
      readonly kind: 'invalid';
      /** What is wrong: at least one issue, at most 100. */
      readonly issues: readonly ValueIssue[];
    }
  | {
      /** The handler of the member has thrown. */
      readonly kind: 'error';
      /** The message of the error that its handler threw. */
      readonly message: string;
    }
  | {
      /** The member has left or ended. */
      readonly kind: 'left';
    }
  | {
      /** The member has not answered within the time limit. */
      readonly kind: 'timeout';
    };

/** What became of a call. */
export interface CallResult<Answer> {
  /** By id. With `first` and `majority`, members that had not answered yet are missing. */
  readonly outcomes: ReadonlyMap<string, CallOutcome<Answer>>;
  /** The values alone, in the order of their members. */
  readonly values: readonly Answer[];
  /** Whether there are as many values as the mode wants: one, more than half, or one of everybody asked; never without any. */
  readonly satisfied: boolean;
}

const OPTIONS = { handler: aFunction, signal: aSignal, schema: { request: aSchema, answer: aSchema } };
const CALL_OPTIONS = { mode: oneOf('first', 'majority', 'all'), timeoutMs: timeFrom(1), signal: aSignal };

/**
 * Joins the group, to ask its members and to answer them.
 * @throws IllegalParamError, and what `Connection.join` throws
 */
export async function groupRpc<Request, RequestInput, Answer, AnswerInput>(
  connection: Connection,
  group: string,
  options: TypedRpcOptions<Request, RequestInput, Answer, AnswerInput>,
): Promise<GroupRpc<RequestInput, Answer>>;
export async function groupRpc<Request = unknown, Answer = unknown>(
  connection: Connection,
  group: string,
  options?: GroupRpcOptions<Request, Answer>,
): Promise<GroupRpc<Request, Answer>>;
export async function groupRpc(
  connection: Connection,
  group: string,
  options: GroupRpcOptions<unknown, unknown> & { readonly schema?: Schemas } = {},
): Promise<GroupRpc<unknown, unknown>> {
  checkOptions(OPTIONS, options);
  return await GroupRpc.open(connection, group, options);
}

/** Of requests and answers, as they are checked. */
interface Schemas {
  readonly request?: StandardSchema | undefined;
  readonly answer?: StandardSchema | undefined;
}

interface AwaitedCall<Answer> {
  readonly mode: CallMode;
  readonly result: Deferred<CallResult<Answer>>;
  readonly note: NoteAnswer | undefined;
}

type Ask<Answer> = (traceparent?: string, note?: NoteAnswer) => Promise<CallResult<Answer>>;

/** Asks all members of a group, and answers them. Made by `groupRpc`. */
export class GroupRpc<Request, Answer> extends Recipe<RecipeEvents> {
  private core!: CallCore;
  private readonly waiting = new Map<number, AwaitedCall<Answer>>();
  private readonly leaving = new AbortController();
  private readonly requests: SchemaReader<unknown>;
  private readonly answers: SchemaReader<Answer>;

  private constructor(private readonly schema: Schemas) {
    super();
    this.requests = new SchemaReader(schema.request);
    this.answers = new SchemaReader(schema.answer as StandardSchema<unknown, Answer> | undefined);
  }

  /** @internal */
  static async open<Request, Answer>(
    connection: Connection,
    group: string,
    options: GroupRpcOptions<Request, Answer> & { readonly schema?: Schemas },
  ): Promise<GroupRpc<Request, Answer>> {
    const { handler, signal, schema = {} } = options;
    const it = new GroupRpc<Request, Answer>(schema);
    const seat = await GroupBinding.join(connection, group, signal, it.owner);
    it.binding = seat;
    it.core = new CallCore(seat.self, seat.newInstance(), handler !== undefined, {
      send: seat.send.bind(seat),
      sendTo: seat.sendTo.bind(seat),
      request: (from, ticket, body, parent) =>
        void (handler && it.serve(handler, from, ticket, body, parent)),
      traced: (call, member, traceparent) => it.waiting.get(call)?.note?.(member, traceparent),
      ...(schema.answer && { isValue: (body: Buffer) => it.outcomeOf(body).kind === 'value' }),
      done: (call, outcomes, asked) => it.done(call, outcomes, asked),
      // The end of the seat, which follows, settles all that wait.
      broken: () => undefined,
    });
    seat.host(it.core);
    seat.checkPrivate();
    return it;
  }

  /**
   * Asks every member, this one included if it has a handler. Who is asked is decided by the place of the request in
   * the order of the group. Never waits for one who has left, nor longer than `timeoutMs`.
   * @throws IllegalParamError, InvalidValueError, MessageTooLongError, ConnectionClosedError when the group is left meanwhile, or the
   * signal's reason. What happens at single members is never thrown: it stands in the result.
   */
  async call(request: Request, options: CallOptions = {}): Promise<CallResult<Answer>> {
    checkOptions(CALL_OPTIONS, options);
    const ask: Ask<Answer> = (...trace) => this.ask(request, options, ...trace);
    return await followCall(this.binding, options.mode ?? 'all', ask);
  }

  private async ask(
    request: Request,
    { mode = 'all', timeoutMs = CALL_TIMEOUT_MS, signal }: CallOptions,
    traceparent?: string,
    note?: NoteAnswer,
  ): Promise<CallResult<Answer>> {
    signal?.throwIfAborted();
    if (this.hasEnded) throw this.closedError();
    const body = bytesOf(this.schema.request, request, 'the request');
    if (body.length > MAX_PAYLOAD_BYTES)
      throw errorOf(MESSAGE_TOO_LONG, `payload is ${body.length} bytes, limit is ${MAX_PAYLOAD_BYTES}`);
    if (this.waiting.size >= MAX_CALLS)
      throw errorOf(ILLEGAL_PARAM, `expected at most ${MAX_CALLS} calls in progress`);
    const result = deferred<CallResult<Answer>>();
    let call = 0;
    this.binding.input((now) => {
      call = this.core.call(body, mode, timeoutMs, now, traceparent);
      this.waiting.set(call, { mode, result, note });
    });
    try {
      return await abortable(result.promise, signal);
    } finally {
      this.waiting.delete(call);
      this.core.forget(call);
    }
  }

  protected override end(how: End): void {
    this.leaving.abort();
    super.end(how);
    for (const { result } of this.waiting.values()) result.reject(this.closedError());
    this.waiting.clear();
  }

  private done(call: number, raw: ReadonlyMap<string, RawOutcome>, asked: readonly string[]): void {
    const waiting = this.waiting.get(call);
    if (!waiting) return;
    const outcomes = new Map<string, CallOutcome<Answer>>();
    const values: Answer[] = [];
    for (const name of asked) {
      const outcome = raw.get(name);
      if (!outcome) continue;
      const read = 'body' in outcome ? this.outcomeOf(outcome.body) : outcome;
      outcomes.set(name, read);
      if (read.kind === 'value') values.push(read.value);
    }
    const majority = Math.floor(asked.length / 2) + 1;
    const needed = { first: 1, majority, all: Math.max(1, asked.length) }[waiting.mode];
    waiting.result.resolve({ outcomes, values, satisfied: values.length >= needed });
  }

  private outcomeOf(body: Buffer): CallOutcome<Answer> {
    let value: unknown;
    try {
      value = valueOf(body);
    } catch {
      return { kind: 'error', message: 'an answer that is not JSON' };
    }
    const read = this.answers.read(value, body);
    return read.isValid ? { kind: 'value', value: read.value } : { kind: 'invalid', issues: read.issues };
  }

  private async serve(
    handler: CallHandler<Request, Answer>,
    from: string,
    ticket: Ticket,
    body: Buffer,
    parent: string | undefined,
  ): Promise<void> {
    let own: string | undefined;
    try {
      const answer = await followAnswer(this.binding, from, parent, async (traceparent) => {
        own = traceparent;
        return await this.answerTo(handler, from, body);
      });
      this.core.answer(ticket, answer, own);
    } catch (error) {
      this.core.fail(ticket, error instanceof Error ? error.message : String(error), own);
    }
  }

  private async answerTo(handler: CallHandler<Request, Answer>, from: string, body: Buffer): Promise<Buffer> {
    const { signal } = this.leaving;
    const read = this.requests.read(valueOf(body));
    if (!read.isValid) throw new InvalidValueError(read.issues, 'the request');
    const answer = await handler(read.value as Request, { from, signal });
    return bytesOf(this.schema.answer, answer, 'the answer');
  }
}

/** Nothing at all travels as no bytes. @throws IllegalParamError, InvalidValueError */
function bytesOf(schema: StandardSchema | undefined, value: unknown, what: string): Buffer {
  if (value !== undefined) return Buffer.from(validText(schema, value, what));
  if (schema !== undefined) check(schema, value, what);
  return Buffer.alloc(0);
}

/** @throws SyntaxError */
const valueOf = (body: Buffer): unknown => (body.length === 0 ? undefined : JSON.parse(body.toString()));
