/**
 * A request to all members of a group, and what became of it at each. The request has a place in the order, and who is
 * a member there is asked: nobody else, and nobody is waited for that has left since. Answers come privately.
 */
import { Buffer } from '#buffer';
import { BodyWriter, readBody } from './codec.js';
import { MAX_PAYLOAD_BYTES } from './limits.js';
import type { DropReason, Sender, RecipeCore, RecipeView } from './port.js';
import { ANSWER } from './private-kinds.js';
import { readTrace, writeTrace } from './trace.js';

/** What became of a request at one member. */
export type RawOutcome =
  | { readonly kind: 'value'; readonly body: Buffer }
  /** It has answered with what is no value here. */
  | { readonly kind: 'invalid'; readonly body: Buffer }
  /** Its handler failed: the message of the error. */
  | { readonly kind: 'error'; readonly message: string }
  /** It left, its connection ended, or the network broke between us. */
  | { readonly kind: 'left' }
  | { readonly kind: 'timeout' };

/** When a call is over: with the first value, with values of more than half of those asked, or when all are done. */
export type CallMode = 'first' | 'majority' | 'all';

export interface CallSink extends Sender {
  /** A request to this member, to be answered with `answer`. @param traceparent the trace that it belongs to */
  request(from: string, ticket: Ticket, body: Buffer, traceparent: string | undefined): void;
  /** Whether an answer counts as a value; default: each does. */
  isValue?(body: Buffer): boolean;
  /** A member has answered, and says in which trace. */
  traced?(call: number, member: string, traceparent: string): void;
  /** A call is over. Members that were still open at that time are missing. */
  done(call: number, outcomes: ReadonlyMap<string, RawOutcome>, asked: readonly string[]): void;
  /** The group was left before the call was over. */
  broken(call: number): void;
}

/** Says which request an answer belongs to. */
export interface Ticket {
  readonly caller: string;
  readonly instance: number;
  readonly call: number;
}

interface PendingCall {
  readonly mode: CallMode;
  readonly deadline: number;
  /** What was sent. */
  readonly request: Buffer;
  /** Whether nobody has heard it, and it is to be sent again. */
  isToAsk: boolean;
  /** Those asked, once the request has its place in the order. */
  asked: string[] | null;
  readonly outcomes: Map<string, RawOutcome>;
}

const REQUEST = 1;

const VALUE = 0;
const ERROR = 1;
/** The member answers no requests at all. */
const NO_HANDLER = 2;

export class CallCore implements RecipeCore {
  readonly needs = 'agreed';
  private readonly pending = new Map<number, PendingCall>();
  private present: readonly string[] = [];
  private calls = 0;
  /** Senders, not members, of requests like those that have no place yet: this member's may be among them. */
  private readonly unheardFrom = new Map<number, Set<string>>();
  /** When it looks which calls are over without those whose connections have ended. */
  private looksAt = Infinity;

  /**
   * @param self id of this member
   * @param instance a number of this process that no other one has
   * @param answers whether this member answers requests
   */
  constructor(
    private self: string,
    private readonly instance: number,
    private readonly answers: boolean,
    private readonly sink: CallSink,
  ) {}

  get dueAt(): number {
    let due = this.looksAt;
    for (const { deadline } of this.pending.values()) due = Math.min(due, deadline);
    return due;
  }

  /** Calls that are not over. */
  get open(): number {
    return this.pending.size;
  }

  /** Asks all. @param traceparent the trace that it belongs to @returns the number that `done` will name */
  call(body: Uint8Array, mode: CallMode, timeout: number, now: number, traceparent?: string): number {
    const call = ++this.calls;
    const writer = new BodyWriter('call', REQUEST).number(this.instance).number(call).data(body);
    const request = writeTrace(writer, traceparent).finish();
    const deadline = now + timeout;
    this.pending.set(call, { mode, deadline, request, isToAsk: false, asked: null, outcomes: new Map() });
    this.sink.send(request, this.needs);
    return call;
  }

  /** Nobody waits for the call any more. */
  forget(call: number): void {
    this.pending.delete(call);
  }

  /** @param traceparent the trace of what has answered */
  answer(ticket: Ticket, body: Uint8Array, traceparent?: string): void {
    if (body.length > MAX_PAYLOAD_BYTES)
      this.fail(ticket, `answer is ${body.length} bytes, limit is ${MAX_PAYLOAD_BYTES}`, traceparent);
    else this.reply(ticket, VALUE, body, traceparent);
  }

  fail(ticket: Ticket, message: string, traceparent?: string): void {
    this.reply(ticket, ERROR, Buffer.from(message.slice(0, MAX_ERROR_TEXT)), traceparent);
  }

  /** One that moves to another daemon goes and comes in two views, side by side: no call is over between them. */
  view(view: RecipeView, now: number): void {
    this.present = view.members;
    const members = new Set(view.members);
    if (view.cause === 'disconnect') this.looksAt = now;
    for (const [call, pending] of this.pending) {
      for (const { from, to } of view.returned ?? []) rename(pending, from, to);
      for (const name of pending.asked ?? []) {
        if (!members.has(name) && !pending.outcomes.has(name)) pending.outcomes.set(name, { kind: 'left' });
      }
      this.look(call, pending);
    }
  }

  transition(): void {
    // Who is lost stands in the view that follows.
  }

  message(sender: string, body: Buffer): DropReason | null {
    const message = messageOf(body);
    if (!message || message.code > NO_HANDLER) return 'malformed';
    const { kind, instance, call, payload, traceparent } = message;
    if (kind === ANSWER) return instance === this.instance ? this.answered(sender, message) : 'unowed';
    if (kind !== REQUEST) return 'malformed';
    this.requested({ caller: sender, instance, call }, payload, traceparent);
    return null;
  }

  lost(): void {
    // Calls wait until their time is over.
  }

  /** A request that was ordered before the return of its sender asks nobody. */
  unheard(sender: string, body: Buffer): boolean {
    const message = messageOf(body);
    if (message?.kind !== REQUEST || message.instance !== this.instance) return false;
    const { call } = message;
    if (this.pending.get(call)?.asked !== null) return false;
    const senders = this.unheardFrom.get(call) ?? new Set();
    this.unheardFrom.set(call, senders.add(sender));
    return true;
  }

  /** What was answered while this member was away is missing, unless it got all of it. */
  rejoined(self: string, isWhole: boolean): void {
    const before = this.self;
    this.self = self;
    const unheard = new Map(this.unheardFrom);
    this.unheardFrom.clear();
    for (const [call, pending] of this.pending) {
      // Others may know the number of this process: it is its own if it has come under this name.
      if (isWhole && unheard.get(call)?.has(self) === true) pending.isToAsk = true;
      if (isWhole) rename(pending, before, self);
      else
        for (const name of pending.asked ?? [])
          if (!pending.outcomes.has(name)) pending.outcomes.set(name, { kind: 'left' });
      this.look(call, pending);
    }
  }

  /** Answers come by themselves. */
  resumed(): void {
    for (const pending of this.pending.values()) {
      if (!pending.isToAsk) continue;
      pending.isToAsk = false;
      this.sink.send(pending.request, this.needs);
    }
  }

  left(): void {
    const calls = [...this.pending.keys()];
    this.pending.clear();
    this.looksAt = Infinity;
    for (const call of calls) this.sink.broken(call);
  }

  tick(now: number): void {
    const looks = this.looksAt <= now;
    if (looks) this.looksAt = Infinity;
    for (const [call, pending] of this.pending) {
      if (looks) this.look(call, pending);
      if (pending.deadline > now || !this.pending.has(call)) continue;
      for (const name of pending.asked ?? this.present) {
        if (!pending.outcomes.has(name)) pending.outcomes.set(name, { kind: 'timeout' });
      }
      this.finish(call, pending);
    }
  }

  private requested(ticket: Ticket, payload: Buffer, traceparent: string | undefined): void {
    // Anybody can know the number: it tells this process from an earlier one of the name, and proves nothing.
    if (ticket.caller === this.self && ticket.instance === this.instance) {
      const pending = this.pending.get(ticket.call);
      if (pending) {
        pending.asked = [...this.present];
        this.look(ticket.call, pending);
      }
    }
    // A member that hears of the request is asked, unless it has left and joined since: then it was told so already.
    if (this.answers) this.sink.request(ticket.caller, ticket, payload, traceparent);
    else this.reply(ticket, NO_HANDLER, Buffer.alloc(0));
  }

  private answered(sender: string, { call, code, payload, traceparent }: Answer): DropReason | null {
    const pending = this.pending.get(call);
    // A call may be over before all have answered, and one that left may have answered before.
    if (!pending) return call >= 1 && call <= this.calls ? null : 'unowed';
    if (pending.outcomes.get(sender)?.kind === 'left') return null;
    if (!pending.asked?.includes(sender) || pending.outcomes.has(sender)) return 'unowed';
    if (code === NO_HANDLER) pending.asked = pending.asked.filter((name) => name !== sender);
    else if (code === VALUE) {
      const isValue = this.sink.isValue?.(payload) ?? true;
      pending.outcomes.set(sender, { kind: isValue ? 'value' : 'invalid', body: payload });
    } else pending.outcomes.set(sender, { kind: 'error', message: payload.toString() });
    if (traceparent !== undefined) this.sink.traced?.(call, sender, traceparent);
    this.look(call, pending);
    return null;
  }

  private look(call: number, pending: PendingCall): void {
    const { asked, outcomes, mode } = pending;
    if (!asked) return;
    let values = 0;
    for (const { kind } of outcomes.values()) if (kind === 'value') values++;
    const satisfied =
      (mode === 'first' && values > 0) || (mode === 'majority' && values > Math.floor(asked.length / 2));
    const isDone = outcomes.size >= asked.length && this.looksAt === Infinity;
    if (satisfied || isDone) this.finish(call, pending);
  }

  private finish(call: number, pending: PendingCall): void {
    this.pending.delete(call);
    this.sink.done(call, pending.outcomes, pending.asked ?? this.present);
  }

  private reply(
    { caller, instance, call }: Ticket,
    code: number,
    body: Uint8Array,
    traceparent?: string,
  ): void {
    const writer = new BodyWriter('call', ANSWER).number(instance).number(call).number(code).data(body);
    this.sink.sendTo(caller, writeTrace(writer, traceparent).finish());
  }
}

const messageOf = (body: Buffer) =>
  readBody('call', body, (reader) => ({
    kind: reader.kind,
    instance: reader.number(),
    call: reader.number(),
    code: reader.kind === ANSWER ? reader.number() : VALUE,
    payload: reader.data(),
    traceparent: readTrace(reader),
  }));

type Answer = Pick<NonNullable<ReturnType<typeof messageOf>>, 'call' | 'code' | 'payload' | 'traceparent'>;

/** One that was asked has another id now, and may answer yet. */
function rename({ asked, outcomes }: PendingCall, from: string, to: string): void {
  const place = asked?.indexOf(from) ?? -1;
  if (!asked || place < 0) return;
  asked[place] = to;
  const outcome = outcomes.get(from);
  outcomes.delete(from);
  if (outcome && outcome.kind !== 'left') outcomes.set(to, outcome);
}

/** Longest message of an error that travels, in characters. */
const MAX_ERROR_TEXT = 10_000;
