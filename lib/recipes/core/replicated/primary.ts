/** Going on with a state: who learns that a quorum is together, and what follows from it. */
import type { Gate } from './gate.js';
import type { Lineup } from './lineup.js';
import type { Replica } from './replica.js';
import type { Standing } from './standing.js';

export class Primary {
  constructor(
    private readonly self: string,
    private readonly gate: Gate,
    private readonly lineup: Lineup,
    private readonly standing: Standing,
    private readonly replica: Replica,
  ) {}

  /** It is known whose state goes on. @param isAsked whether the others were asked */
  goOn(members: readonly string[], isAsked: boolean): void {
    this.gate.decided(this.lineup.hasQuorum, isAsked);
    if (this.gate.isPrimary) this.standing.advance();
    this.promote();
    this.welcome(members);
  }

  /** All begin with the first state. */
  begin(members: readonly string[]): void {
    this.goesOn();
    this.welcome(members);
  }

  /** The same as `goOn` has told those who did not have to ask. */
  goesOn(): void {
    this.gate.decided(this.lineup.hasQuorum, false);
    this.promote();
  }

  /** One more has the state. */
  grown(members: readonly string[]): void {
    const { gate, lineup } = this;
    if (!gate.isPrimary && !gate.isWaiting && lineup.hasQuorum) {
      this.standing.advance();
      gate.isPrimary = true;
      this.welcome(members);
    }
    this.promote();
  }

  private promote(): void {
    if (!this.gate.isPrimary) return;
    this.lineup.promote();
    this.standing.votes ||= this.lineup.isVoter(this.self);
  }

  /** The state is told who is there, when it is known whose state it is. */
  private welcome(members: readonly string[]): void {
    if (!this.gate.isPrimary) this.replica.interrupt();
    // Behind the transitional signal, too: others may have been told before it, and have acted on it.
    else this.gate.input({ kind: 'present', members });
  }
}
