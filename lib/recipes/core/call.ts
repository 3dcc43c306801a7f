/**
 * A request to all members of a group, and what became of it at each. The request has a place in the order, and who is
 * a member there is asked: nobody else, and nobody is waited for that has left since. Answers come privately.
 */
import { Buffer } from 'node:buffer';
import { BodyWriter, readBody } from './codec.js';
import { MAX_PAYLOAD_BYTES } from './limits.js';
import type { DropReason, Sender, RecipeCore, RecipeView } from './port.js';

/** What became of a request at one member. */
export type RawOutcome =
  | { readonly kind: 'value'; readonly body: Buffer }
  /** Its handler failed: the message of the error. */
  | { readonly kind: 'error'; readonly message: string }
  /** It left, its connection ended, or the network broke between us. */
  | { readonly kind: 'left' }
  | { readonly kind: 'timeout' };

/** When a call is over: with the first value, with values of more than half of those asked, or when all are done. */
export type CallMode = 'first' | 'majority' | 'all';

export interface CallSink extends Sender {
  /** A request to this member, to be answered with `answer`. */
  request(from: string, ticket: Ticket, body: Buffer): void;
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
  /** Those asked, once the request has its place in the order. */
  asked: string[] | null;
  readonly outcomes: Map<string, RawOutcome>;
}

const REQUEST = 1;
export const ANSWER = 2;

const VALUE = 0;
const ERROR = 1;
/** The member answers no requests at all. */
const NO_HANDLER = 2;

export class CallCore implements RecipeCore {
  readonly needs = 'agreed';
  private readonly pending = new Map<number, PendingCall>();
  private present: readonly string[] = [];
  private calls = 0;

  /**
   * @param self id of this member
   * @param instance a number of this process that no other one has
   * @param answers whether this member answers requests
   */
  constructor(
    private readonly self: string,
    private readonly instance: number,
    private readonly answers: boolean,
    private readonly sink: CallSink,
  ) {}

  get dueAt(): number {
    let due = Infinity;
    for (const { deadline } of this.pending.values()) due = Math.min(due, deadline);
    return due;
  }

  /** Calls that are not over. */
  get open(): number {
    return this.pending.size;
  }

  /** Asks all. @returns the number that `done` will name */
  call(body: Uint8Array, mode: CallMode, timeout: number, now: number): number {
    const call = ++this.calls;
    this.pending.set(call, { mode, deadline: now + timeout, asked: null, outcomes: new Map() });
    const writer = new BodyWriter('call', REQUEST).number(this.instance).number(call);
    this.sink.send(writer.data(body).finish(), this.needs);
    return call;
  }

  /** Nobody waits for the call any more. */
  forget(call: number): void {
    this.pending.delete(call);
  }

  answer(ticket: Ticket, body: Uint8Array): void {
    if (body.length > MAX_PAYLOAD_BYTES)
      this.fail(ticket, `answer is ${body.length} bytes, limit is ${MAX_PAYLOAD_BYTES}`);
    else this.reply(ticket, VALUE, body);
  }

  fail(ticket: Ticket, message: string): void {
    this.reply(ticket, ERROR, Buffer.from(message.slice(0, MAX_ERROR_TEXT)));
  }

  view(view: RecipeView): void {
    this.present = view.members;
    const members = new Set(view.members);
    for (const [call, pending] of this.pending) {
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
    const message = readBody('call', body, (reader) => ({
      kind: reader.kind,
      instance: reader.number(),
      call: reader.number(),
      code: reader.kind === ANSWER ? reader.number() : VALUE,
      payload: reader.data(),
    }));
    if (!message || message.code > NO_HANDLER) return 'malformed';
    const { kind, instance, call, code, payload } = message;
    if (kind === ANSWER)
      return instance === this.instance ? this.answered(sender, call, code, payload) : 'unowed';
    if (kind !== REQUEST) return 'malformed';
    this.requested({ caller: sender, instance, call }, payload);
    return null;
  }

  left(): void {
    const calls = [...this.pending.keys()];
    this.pending.clear();
    for (const call of calls) this.sink.broken(call);
  }

  tick(now: number): void {
    for (const [call, pending] of this.pending) {
      if (pending.deadline > now) continue;
      for (const name of pending.asked ?? this.present) {
        if (!pending.outcomes.has(name)) pending.outcomes.set(name, { kind: 'timeout' });
      }
      this.finish(call, pending);
    }
  }

  private requested(ticket: Ticket, payload: Buffer): void {
    // Anybody can know the number: it tells this process from an earlier one of the name, and proves nothing.
    if (ticket.caller === this.self && ticket.instance === this.instance) {
      const pending = this.pending.get(ticket.call);
      if (pending) {
        pending.asked = [...this.present];
        this.look(ticket.call, pending);
      }
    }
    // A member that hears of the request is asked, unless it has left and joined since: then it was told so already.
    if (this.answers) this.sink.request(ticket.caller, ticket, payload);
    else this.reply(ticket, NO_HANDLER, Buffer.alloc(0));
  }

  private answered(sender: string, call: number, code: number, payload: Buffer): DropReason | null {
    const pending = this.pending.get(call);
    // A call may be over before all have answered, and one that left may have answered before.
    if (!pending) return call >= 1 && call <= this.calls ? null : 'unowed';
    if (pending.outcomes.get(sender)?.kind === 'left') return null;
    if (!pending.asked?.includes(sender) || pending.outcomes.has(sender)) return 'unowed';
    if (code === NO_HANDLER) pending.asked = pending.asked.filter((name) => name !== sender);
    else if (code === VALUE) pending.outcomes.set(sender, { kind: 'value', body: payload });
    else pending.outcomes.set(sender, { kind: 'error', message: payload.toString() });
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
    if (satisfied || outcomes.size >= asked.length) this.finish(call, pending);
  }

  private finish(call: number, pending: PendingCall): void {
    this.pending.delete(call);
    this.sink.done(call, pending.outcomes, pending.asked ?? this.present);
  }

  private reply({ caller, instance, call }: Ticket, code: number, body: Uint8Array): void {
    const writer = new BodyWriter('call', ANSWER).number(instance).number(call).number(code);
    this.sink.sendTo(caller, writer.data(body).finish());
  }
}

/** Longest message of an error that travels, in characters. */
const MAX_ERROR_TEXT = 10_000;
