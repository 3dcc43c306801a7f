/** A request as the server holds it: the right to answer it, once (messip-channels.md 17.3). */
import { checkedBody, checkNumber } from './check.js';
import { AlreadyRepliedError, BadArgumentError, type ChannelError, ClientGoneError } from './errors.js';

export interface RequestHost {
  readonly maxBody: number;
  /** Why nothing can be answered any more, or null. */
  ended(): ChannelError | null;
  reply(request: ServerRequest, status: number, body: Uint8Array): Promise<void>;
  fail(request: ServerRequest, code: string, text: string): Promise<void>;
}

/** Longest word and text of a refusal, together. */
const MAX_REFUSAL = 4096;

export class ServerRequest {
  readonly kind = 'request';
  /** @internal Whether the application has it. */
  isHeld = false;
  /** @internal Whether it needs no answer any more. */
  isDone = false;
  private isReplied = false;
  private isCancelled = false;
  private isClientGone = false;
  private abort: AbortController | null = null;

  /** @internal Made by the channel. */
  constructor(
    private readonly host: RequestHost,
    /** @internal */
    readonly id: number,
    /** @internal Longest reply body that the client wants. */
    readonly limit: number,
    readonly type: number,
    readonly body: Uint8Array,
    /** Private name of the client. */
    readonly from: string,
  ) {}

  /** Whether nobody waits for the answer any more: the client gave up, left or died. */
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
   * @throws AlreadyRepliedError, ClientGoneError, BodyTooLongError, BadArgumentError, NotAttachedError when the channel
   * is closed, ConnectionLostError
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
   * Refuses: the client's call rejects with a ChannelError of that code.
   * @throws as `reply`
   */
  fail(code: string, text = ''): Promise<void> {
    return handled(async () => {
      if (typeof code !== 'string' || code === '' || code.includes('\0') || typeof text !== 'string') {
        throw new BadArgumentError('the code of a refusal is a word');
      }
      if (code.length + text.length > MAX_REFUSAL) throw new BadArgumentError('the refusal is too long');
      this.begin();
      await this.host.fail(this, code, text);
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

/** A rejection that nobody looks at is no reason to end the program: the server goes on without that client. */
function handled(work: () => Promise<void>): Promise<void> {
  const promise = work();
  promise.catch(() => undefined);
  return promise;
}
