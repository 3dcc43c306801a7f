/** Connects to one of several daemons, the first time and after each loss: the machine with mailboxes and timers. */
import { errorOf, type SspError } from '../../errors.js';
import { connectCode, type DialFailure, type FailureFacts } from '../../mailbox/dial-failure.js';
import type { ExtensionOffer } from '../../mailbox/extension.js';
import { Mailbox, type MailboxOptions } from '../../mailbox/mailbox.js';
import type { Platform } from '../../mailbox/platform.js';
import { DeadlineTimer } from '../../util/deadline-timer.js';
import { type Deferred, deferred, onAbort } from '../../util/deferred.js';
import {
  codeText,
  CONNECTION_CLOSED,
  COULD_NOT_CONNECT,
  ILLEGAL_SPREAD,
  REJECT_AUTH,
} from '../../wire/codes.js';
import { type Continues, type DialEnd, type DialLimits, ResumeMachine } from './machine.js';
import { isComeback } from './resumable-session.js';
import type { Finder, Place } from './place.js';

/** What all attempts have in common. */
export type DialPlan = Omit<MailboxOptions, 'spreadName' | 'address' | 'platform' | 'extension'> & {
  readonly platform: Platform;
  readonly finder: Finder;
  /** Whether an attempt that failed so ends the search, and the connection that was lost. */
  readonly isFinal?: (error: Error) => boolean;
  /** Why a connection that was accepted does not count all the same; null for nothing. */
  readonly refusal?: (mailbox: Mailbox) => Error | null;
  /** Whether another attempt proves again who this is: a session that is not permitted any more may be permitted then. */
  readonly renews?: boolean;
  /** What one attempt wants of the extension. */
  readonly offer: () => ExtensionOffer;
  /** What a connection that was accepted continues. */
  readonly continues: (mailbox: Mailbox) => Continues;
};

/** What bounds the search. */
export interface DialBounds extends DialLimits {
  /** Whether addresses that daemons tell are tried, too. */
  readonly discover: boolean;
}

/** An accepted connection, and where it goes. */
export interface Dialled {
  readonly mailbox: Mailbox;
  readonly place: Place;
}

interface Failed {
  readonly place: Place;
  readonly failure: DialFailure;
}

/** Looking for a daemon has ended without one. */
class DialEnded extends Error {
  constructor(readonly why: DialEnd) {
    super(why);
  }
}

export class Dialler {
  private readonly machine: ResumeMachine<Place>;
  private readonly timer: DeadlineTimer;
  /** Of the attempts that are under way. */
  private readonly stops = new Map<number, AbortController>();
  /** Accepted, until the machine has said what becomes of them. */
  private readonly accepted = new Map<number, Mailbox>();
  /** What went wrong since the search began, for its error. */
  private failures: Failed[] = [];
  private search: Deferred<Dialled> | null = null;
  /** Where the connection is, or was until it was lost. */
  private place: Place | null = null;
  /** Whether the answers that are there are looked at before a time counts as over. */
  private isLooking = false;

  constructor(
    places: readonly Place[],
    private readonly bounds: DialBounds,
    private readonly plan: DialPlan,
  ) {
    const { clock } = plan.platform;
    this.machine = new ResumeMachine(places, bounds, () => this.random(), {
      dial: (attempt, place) => void this.attempt(attempt, place),
      abandon: (attempt) => this.stops.get(attempt)?.abort(),
      use: (attempt, place) => this.found(attempt, place),
      discard: (attempt) => discard(this.taken(attempt)),
      ended: (why) => this.search?.reject(new DialEnded(why)),
    });
    this.timer = new DeadlineTimer(clock, {
      dueAt: () => (this.isLooking ? Infinity : this.machine.dueAt()),
      ring: () => this.look(),
    });
  }

  /**
   * The first connect: each address once.
   * @throws the error of the address, or one for all of them; the signal's reason
   */
  async first(signal: AbortSignal | undefined, timeoutMs: number): Promise<Dialled> {
    const { clock } = this.plan.platform;
    const search = this.begin(() => this.machine.begin(clock.now()));
    let isLate = false;
    const expire = (): void => {
      isLate = true;
      this.machine.close();
    };
    const limit = timeoutMs > 0 ? clock.after(timeoutMs, expire) : null;
    const off = signal && onAbort(signal, () => this.machine.close());
    try {
      return await search;
    } catch (error) {
      if (!(error instanceof DialEnded)) throw error;
      signal?.throwIfAborted();
      throw isLate ? lateError(timeoutMs) : this.firstError();
    } finally {
      limit?.cancel();
      off?.();
    }
  }

  /**
   * Finds the way back after a loss.
   * @returns rejects with ConnectionClosedError when it has given up or `close` was called, AuthError when all daemons have
   * refused the credentials
   */
  async again(): Promise<Dialled> {
    const { clock } = this.plan.platform;
    try {
      return await this.begin(() => this.machine.lost(clock.now()));
    } catch (error) {
      if (!(error instanceof DialEnded)) throw error;
      const last = this.failures.at(-1);
      const cause = last && errorFrom(this.factsOf(last));
      if (error.why === 'auth' && cause) throw cause;
      throw errorOf(CONNECTION_CLOSED, 'no daemon accepts the connection', cause && { cause });
    }
  }

  /** The daemon in use tells of others. */
  tell(addresses: readonly string[]): void {
    this.machine.tell(this.placesOf(addresses));
  }

  /** The daemon in use may stay behind when it is lost. @param addresses others that it tells */
  avoid(addresses: readonly string[]): void {
    this.machine.avoid(this.placesOf(addresses));
  }

  /**
   * Makes a connection to another daemon, which continues the one in use as a whole, while that one is there.
   * @param addresses where the daemon in use wants the client to go
   * @returns null when nobody has one within that time, or the connection in use is lost meanwhile
   */
  async elsewhere(addresses: readonly string[], withinMs: number): Promise<Dialled | null> {
    const { clock } = this.plan.platform;
    if (this.machine.state !== 'open') return null;
    const places = this.placesOf(addresses);
    try {
      return await this.begin(() => this.machine.move(places, withinMs, clock.now()));
    } catch (error) {
      if (!(error instanceof DialEnded)) throw error;
      return null;
    }
  }

  /** Whether another attempt may be permitted what this one was not. */
  get renews(): boolean {
    return this.plan.renews === true;
  }

  /** Looks no further. */
  close(): void {
    this.machine.close();
    this.timer.stop();
  }

  private begin(start: () => void): Promise<Dialled> {
    this.failures = [];
    this.search?.reject(new DialEnded('stayed'));
    const search = (this.search = deferred<Dialled>());
    start();
    this.timer.update();
    return search.promise;
  }

  /** There is no use in looking further. */
  private endWith(error: Error): void {
    this.search?.reject(error);
    this.close();
  }

  /** This process may have been late itself: what has arrived comes before what is due. */
  private look(): void {
    const { clock } = this.plan.platform;
    this.isLooking = true;
    clock.soon(() => {
      this.isLooking = false;
      this.machine.tick(clock.now());
      this.timer.update();
    });
  }

  private async attempt(attempt: number, place: Place): Promise<void> {
    const stop = new AbortController();
    this.stops.set(attempt, stop);
    const { clock } = this.plan.platform;
    const made = place.isFinal ? await this.dial(attempt, place, stop.signal) : await this.expand(place);
    this.stops.delete(attempt);
    if (made instanceof Mailbox) {
      this.accepted.set(attempt, made);
      made.onLost = () => this.lost(attempt);
      this.machine.accepted(attempt, this.plan.continues(made), clock.now());
    } else if ('places' in made) {
      this.machine.expanded(attempt, made.places, clock.now());
    } else {
      // What comes of an attempt that nobody wants any more says nothing of the connection in use.
      if (!stop.signal.aborted) {
        // Beside a connection in use it ends nothing: that one stays.
        const isBeside = this.machine.state === 'moving';
        if (!isBeside && made.error && this.plan.isFinal?.(made.error) === true)
          return this.endWith(made.error);
        this.failures.push({ place, failure: made });
      }
      const isAbsent = made.during === 'connecting';
      const how = made.code === REJECT_AUTH ? 'auth' : isAbsent ? 'absent' : 'failed';
      this.machine.failed(attempt, how, clock.now());
    }
    this.timer.update();
  }

  private async dial(attempt: number, place: Place, signal: AbortSignal): Promise<Mailbox | DialFailure> {
    const { offer, continues: _, finder: __, isFinal: ___, ...plan } = this.plan;
    const options = { ...plan, spreadName: place.text, address: place.address ?? undefined };
    const progressed = (): void => this.machine.progressed(attempt, this.plan.platform.clock.now());
    const mailbox = await Mailbox.dial({ ...options, extension: offer(), signal, progressed });
    if (!(mailbox instanceof Mailbox)) return mailbox;
    const isOpen = mailbox.state === 'open';
    const refusal = isOpen ? (this.plan.refusal?.(mailbox) ?? null) : null;
    if (isOpen && refusal === null) return mailbox;
    if (isOpen) discard(mailbox);
    return { code: CONNECTION_CLOSED, during: 'handshake', error: refusal ?? mailbox.cause };
  }

  private async expand(place: Place): Promise<{ readonly places: readonly Place[] } | DialFailure> {
    try {
      return {
        places: await this.plan.finder.lookUp(place, this.plan.platform.resolver, () => this.random()),
      };
    } catch (error) {
      return { code: connectCode(error as Error), error: error as Error, during: 'connecting' };
    }
  }

  private found(attempt: number, place: Place): void {
    const mailbox = this.taken(attempt);
    this.place = place;
    if (mailbox) this.search?.resolve({ mailbox, place });
  }

  private placesOf(addresses: readonly string[]): readonly Place[] {
    return this.bounds.discover && this.place ? this.plan.finder.told(addresses, this.place) : [];
  }

  private taken(attempt: number): Mailbox | undefined {
    const mailbox = this.accepted.get(attempt);
    this.accepted.delete(attempt);
    if (mailbox) mailbox.onLost = null;
    return mailbox;
  }

  /** A connection that does not count yet is gone. */
  private lost(attempt: number): void {
    this.accepted.delete(attempt);
    this.machine.failed(attempt, 'failed', this.plan.platform.clock.now());
    this.timer.update();
  }

  /** From 0 up to 1. */
  private random(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.plan.platform.random(4);
    return (((a * 256 + b) * 256 + c) * 256 + d) / 2 ** 32;
  }

  /** The error of the only address; else one that says what each of them has answered. */
  private firstError(): SspError {
    const all = this.failures.map((each) => this.factsOf(each));
    const [first] = all;
    if (!first) return errorOf(CONNECTION_CLOSED);
    if (all.length === 1 || all.every(({ code }) => code === REJECT_AUTH)) return errorFrom(first);
    const detail = all.map((facts) => textOf(facts)).join('; ');
    return errorOf(COULD_NOT_CONNECT, detail, { cause: first.cause ?? errorFrom(first) });
  }

  private factsOf({ place, failure }: Failed): FailureFacts {
    if (place.service === null)
      return this.plan.platform.explain(failure, { ...this.plan, spreadName: place.text });
    const { code, error } = failure;
    return { code, detail: `no daemon is known for ${place.text}: ${error?.message ?? ''}`, cause: error };
  }
}

/** Closes a connection that does not count. In a session that is about to return nothing has happened yet, and nothing is to. */
export function discard(mailbox: Mailbox | undefined): void {
  const welcome = mailbox?.extension?.welcome;
  if (welcome && isComeback(welcome)) mailbox?.kill();
  else void mailbox?.disconnect();
}

const errorFrom = ({ code, detail, cause }: FailureFacts): SspError =>
  errorOf(code, detail, cause && { cause });

/** Of a daemon that refused, also why. */
const textOf = ({ code, detail }: FailureFacts): string =>
  code === COULD_NOT_CONNECT || code === ILLEGAL_SPREAD || code === CONNECTION_CLOSED
    ? detail
    : `${detail}: ${codeText(code)}`;

const lateError = (timeoutMs: number): SspError => {
  const text = `no daemon accepted the connection within ${timeoutMs} ms`;
  return errorOf(COULD_NOT_CONNECT, text, { cause: Object.assign(new Error(text), { code: 'ETIMEDOUT' }) });
};
