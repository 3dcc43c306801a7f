/**
 * Notices that Corosync hangs, before the others can have replaced this daemon. CPG says nothing of it: its events stop,
 * as they do on an idle ring and while a ring is formed. So Corosync is asked, and the answer comes from its own process
 * and not from the ring. An event is an answer too, if it was not there at a moment after the question: Corosync has
 * handed it over since. What had waited before proves nothing. Pure: time comes in as a number.
 *
 * The others form a ring without a hung Corosync once they have missed the token for `token`, and have then waited for
 * its consent for `consensus`, which is 1.2 x token. They may have seen the token for the last time 0.18 x token before
 * Corosync stopped, so the earliest time is 2 x token after the stop. A question `token / 4` after the last moment at
 * which Corosync is known to have lived, which waits for its answer for `1.25 x token`, is over 1.5 x token after the
 * stop at the latest, and a Corosync that stops for less than its token timeout is never taken for hung.
 */

import type { ViewsOptions } from '../views/ports.js';

/** Milliseconds; the value that docs/operate/cluster.md recommends. It holds until Corosync has said its own. */
export const DEFAULT_TOKEN = 1000;

/** Questions within a token timeout, where no event answers them. */
const QUESTIONS = 4;
/** A question is asked after this many token timeouts in any case: with its answer comes the token timeout, which can change. */
const RENEWAL = 10;
/** An answer may take this many token timeouts. */
const PATIENCE = 1.25;
/** A look that comes this many milliseconds late means that this process was busy or stopped, and may have missed an answer. */
const LATE = 50;

/** Milliseconds after which a daemon that stood still may have been excluded: the others heard it a heartbeat before. */
export const stallLimit = (options: Pick<ViewsOptions, 'silenceTimeout' | 'heartbeat'>): number =>
  options.silenceTimeout - 2 * options.heartbeat;

export class Watchdog {
  /** Corosync's token timeout. */
  token = DEFAULT_TOKEN;
  /** `look` has given Corosync up, and no answer has come since. */
  isOverdue = false;
  private isOn = false;
  /** Whether this Corosync has said its token timeout: until then events put no question off. */
  private isTokenKnown = false;
  private askAt = Infinity;
  /** The last question. */
  private askedAt = 0;
  /** Only what shows life after this moment is news. */
  private aliveAt = 0;
  private hungAt = Infinity;
  private seenAt = Infinity;

  /** @param limit `stallLimit` */
  constructor(private readonly limit: number) {}

  /** When `look` is to be called. */
  get dueAt(): number {
    return Math.min(this.askAt, this.hungAt);
  }

  /** A connection to Corosync is there. */
  begin(now: number): void {
    this.isOn = true;
    this.isTokenKnown = false;
    this.isOverdue = false;
    this.askAt = now;
    this.askedAt = now;
    this.aliveAt = now;
    this.hungAt = Infinity;
    this.seenAt = now;
  }

  /** It is not watched any more. */
  end(): void {
    this.isOn = false;
    this.isOverdue = false;
    this.askAt = Infinity;
    this.hungAt = Infinity;
  }

  /**
   * The question is on its way: from now on silence is Corosync's. It may take a quarter of the timeout to say so.
   * @param asked when `look` asked for it
   */
  begun(asked: number, now: number): void {
    if (!this.isOn || this.askAt !== Infinity || asked !== this.askedAt) return;
    this.hungAt = Math.max(asked, now - this.token / QUESTIONS) + PATIENCE * this.token;
  }

  /**
   * @param token Corosync's token timeout, as it says
   * @param asked when `look` asked for the question
   */
  answered(token: number, asked: number, now: number): void {
    if (!this.isOn) return;
    if (token > 0) this.token = token;
    this.isTokenKnown = true;
    this.alive(asked, now);
  }

  /**
   * Corosync has lived after a moment.
   * @param since one at which no event waited, of those that come now; or that of a question which is answered
   */
  alive(since: number, now: number): void {
    if (!this.isOn || !this.isTokenKnown || since < this.aliveAt) return;
    this.aliveAt = since;
    this.isOverdue = false;
    this.hungAt = Infinity;
    const renewal = this.askedAt + RENEWAL * this.token;
    this.askAt = Math.max(now, Math.min(since + this.token / QUESTIONS, renewal));
  }

  /** It could not be asked; later again. */
  postpone(now: number): void {
    if (!this.isOn) return;
    this.hungAt = Infinity;
    this.askAt = now + this.token;
  }

  /** @returns what is due: to ask Corosync, or to give it up */
  look(now: number): 'ask' | 'hung' | null {
    if (now >= this.hungAt) {
      this.isOverdue = now - this.hungAt <= LATE;
      this.hungAt = this.isOverdue ? Infinity : now + this.token / QUESTIONS;
      return this.isOverdue ? 'hung' : null;
    }
    if (now < this.askAt) return null;
    this.askAt = Infinity;
    this.askedAt = now;
    this.aliveAt = now;
    return 'ask';
  }

  /**
   * To be called at the begin of every turn, before anything else, and at its end.
   * @returns for how many milliseconds this process stood still, if the others may have excluded it meanwhile; else 0
   */
  stalled(now: number): number {
    const gap = now - this.seenAt;
    this.seenAt = now;
    return gap > this.limit ? gap : 0;
  }
}
