/** A request as the server holds it: the right to answer it, once [channels 17.3]. */
import { Buffer } from 'node:buffer';
import { checkedBody, checkNumber } from './check.js';
import type { TimerEntry } from '../util/timer-queue.js';
import { IllegalParamError } from '../errors.js';
import { AlreadyRepliedError, ClientGoneError } from './errors.js';
import type { Message } from './protocol/message.js';

export interface RequestHost {
  readonly maxBody: number;
  /** Why nothing can be answered any more, or null. */
  ended(): Error | null;
  reply(request: ServerRequest, status: number, body: Uint8Array): Promise<void>;
  fail(request: ServerRequest, word: string, text: string): Promise<void>;
  drop(request: ServerRequest): void;
}

/** Without blanks and control characters. */
const WORD = /^[^\s\p{Cc}]+$/u;

/** Longest word and text of a refusal, together. */
const MAX_REFUSAL = 4096;

/** A request as its server holds it: answer it once, at any time. */
export class ServerRequest {
  /** Tells it from the other events. */
  readonly kind = 'request';
  /** @internal Whether the application has it. */
  isHeld = false;
  /** @internal When its time is over, if it has an end. */
  due: TimerEntry | null = null;
  /** @internal */
  readonly id: number;
  /** @internal Longest reply body that the client wants. */
  readonly limit: number;
  /** The number that the client gave, signed 32-bit. */
  readonly type: number;
  /** Up to `maxBody` bytes; empty for none. */
  readonly body: Uint8Array;
  private isReplied = false;
  private isCancelled = false;
  private isClientGone = false;
  private abort: AbortController | null = null;

  /** @internal Made by the channel. */
  constructor(
    private readonly host: RequestHost,
    { id, limit, word, body }: Message,
    private readonly client: { readonly name: string },
    /**
     * When the client's `timeoutMs` is over and nobody waits for the answer any more: milliseconds since 1970 by the clock
     * of this machine, as `Date.now()`, counted from the arrival. Undefined when it has no such limit.
     */
    readonly deadline: number | undefined,
  ) {
    this.id = id;
    this.limit = limit;
    this.type = word;
    // A copy: the buffer is shared with other messages, and the application may keep the request.
    this.body = Buffer.from(body);
  }

  /** Id of the client, also when it has returned under another one. */
  get from(): string {
    return this.client.name;
  }

  /** Whether nobody waits for the answer any more: the client gave up, left or died, or the deadline has passed. */
  get cancelled(): boolean {
    return this.isCancelled;
  }

  /** Fires when nobody waits for the answer any more. */
  get signal(): AbortSignal {
    this.abort ??= new AbortController();
    if (this.isCancelled) this.abort.abort();
    return this.abort.signal;
  }

  /**
   * Answers. In any order with other requests, from anywhere, at any time while the client is there.
   * @param status signed 32-bit number, @param body default none
   * @throws AlreadyRepliedError, ClientGoneError, BodyTooLongError, IllegalParamError, NotAttachedError when the channel
   * is closed, ConnectionClosedError
   */
  reply(status: number, body?: Uint8Array): Promise<void> {
    return handled(async () => {
      checkNumber(status, 'status');
      const bytes = checkedBody(body, this.host.maxBody);
      this.begin();
      await this.host.reply(this, status, bytes);
    });
  }

  /**
   * Refuses: the client's call rejects with a `RefusedError` whose `refusal` is the word.
   * @param word such as NOT_SOLD: without blanks and control characters
   * @param text a sentence for people; word and text have at most 4096 characters together
   * @throws as `reply`
   */
  fail(word: string, text = ''): Promise<void> {
    return handled(async () => {
      if (typeof word !== 'string' || !WORD.test(word) || typeof text !== 'string') {
        throw new IllegalParamError('a refusal must be a word such as NOT_SOLD, and a text that is a string');
      }
      const length = word.length + text.length;
      if (length > MAX_REFUSAL)
        throw new IllegalParamError(`expected a refusal of at most ${MAX_REFUSAL} characters, got ${length}`);
      this.begin();
      await this.host.fail(this, word, text);
    });
  }

  /**
   * Gives up the right to answer. The client learns nothing of it: it continues waiting until its own time is up, its signal
   * fires or the server ends. For a request that somebody else answers in another way, or whose client is better off
   * with a timeout than with a refusal.
   * @throws AlreadyRepliedError, ClientGoneError, NotAttachedError when the channel is closed, ConnectionClosedError
   */
  drop(): Promise<void> {
    return handled(async () => {
      this.begin();
      this.host.drop(this);
    });
  }

  /** @internal Nobody waits for it. @param isGone whether the client cannot be answered at all */
  cancel(isGone: boolean): void {
    this.isClientGone ||= isGone;
    if (this.isCancelled) return;
    this.isCancelled = true;
    this.abort?.abort();
  }

  private begin(): void {
    if (this.isReplied) throw new AlreadyRepliedError();
    if (this.isClientGone) throw new ClientGoneError(this.from);
    const ended = this.host.ended();
    if (ended) throw ended;
    this.isReplied = true;
  }
}

/** A rejection that nobody looks at is no reason to end the program: the server continues without that client. */
function handled(work: () => Promise<void>): Promise<void> {
  const promise = work();
  promise.catch(() => undefined);
  return promise;
}
