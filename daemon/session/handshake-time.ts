/** The time of one handshake. It runs while something of the client is awaited, and stands while its password is checked. */
import type { Clock, Timer } from '../../lib/util/clock.js';
import type { Credentials } from '../../lib/wire/handshake/authentication.js';
import { LOGIN_WAIT, type SessionLimits } from './limits.js';
import type { Logins } from './logins.js';

interface HandshakeWorld {
  readonly clock: Clock;
  readonly limits: SessionLimits;
  readonly logins: Logins;
}

export class HandshakeTime {
  private deadline: Timer | null = null;
  /** Milliseconds that are left when the deadline is set, and since when it runs. */
  private left = 0;
  private from = 0;
  /** A password that waits for its check; gives it up. */
  private giveUpLogin: (() => void) | null = null;
  /** A wrong password waits for its answer. */
  private penalty: Timer | null = null;

  /** @param timeOut the time is up */
  constructor(
    private readonly world: HandshakeWorld,
    private readonly timeOut: () => void,
  ) {}

  /** It is its turn: the time begins. */
  begin(): void {
    this.left = this.world.limits.handshakeTimeoutMs;
    this.start();
  }

  /** Whether a password is being checked, or its answer waits. */
  get isVerifying(): boolean {
    return this.giveUpLogin !== null || this.penalty !== null;
  }

  /** The time that a check takes is the daemon's. @param answered called when the answer is due */
  verify(address: string, credentials: Credentials, answered: (isGood: boolean) => void): void {
    const { clock, limits, logins } = this.world;
    this.left -= clock.now() - this.from;
    this.deadline?.cancel();
    this.deadline = clock.after(LOGIN_WAIT, this.timeOut);
    const go = (isGood: boolean): void => {
      this.penalty = null;
      this.start();
      answered(isGood);
    };
    const answer = (isGood: boolean, delay: number): void => {
      this.giveUpLogin = null;
      this.deadline?.cancel();
      if (isGood) go(true);
      else this.penalty = clock.after(delay, () => go(false));
    };
    this.giveUpLogin = logins.enter({ address, credentials, answer }, limits.authFailureDelayMs);
  }

  /** The handshake is over. */
  end(): void {
    this.deadline?.cancel();
    this.penalty?.cancel();
    this.giveUpLogin?.();
    this.deadline = null;
    this.penalty = null;
    this.giveUpLogin = null;
  }

  private start(): void {
    this.from = this.world.clock.now();
    this.deadline = this.world.clock.after(Math.max(0, this.left), this.timeOut);
  }
}
