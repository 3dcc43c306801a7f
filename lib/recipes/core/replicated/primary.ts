/** Going on with a state: who learns that a quorum is together, and what follows from it. */
import { Formation } from './formation.js';
import type { Gate } from './gate.js';
import type { Lineup } from './lineup.js';
import type { Replica } from './replica.js';
import type { Standing } from './standing.js';

export class Primary {
  private readonly formation: Formation | null;

  constructor(
    private readonly self: string,
    private readonly gate: Gate,
    private readonly lineup: Lineup,
    private readonly standing: Standing,
    private readonly replica: Replica,
    /** Tells all that this member would go on as one of the quorum of an epoch; null: any component goes on. */
    say: ((epoch: number) => void) | null,
  ) {
    this.formation = say && new Formation(self, lineup, standing, say);
  }

  /** It is known whose state goes on. @param isAsked whether the others were asked */
  goOn(members: readonly string[], isAsked: boolean): void {
    const { gate, lineup } = this;
    if (this.formation && lineup.hasQuorum) this.form(members);
    else {
      gate.decided(lineup.hasQuorum, isAsked || this.formation !== null);
      this.promote();
      this.welcome(members);
    }
  }

  /** All begin with the first state. */
  begin(members: readonly string[]): void {
    this.goesOn(members);
    if (!this.formation) this.welcome(members);
  }

  /** The same as `goOn` has told those who did not have to ask. */
  goesOn(members: readonly string[]): void {
    if (this.formation) {
      if (this.gate.isPrimary && this.lineup.hasQuorum) this.promote();
      else this.goOn(members, false);
      return;
    }
    this.gate.decided(this.lineup.hasQuorum, false);
    this.promote();
  }

  /** One more has the state. */
  grown(members: readonly string[]): void {
    const { gate, lineup } = this;
    if (!gate.isPrimary && !gate.isWaiting && lineup.hasQuorum) this.form(members);
    else {
      this.promote();
      this.look(members);
    }
  }

  newView(): void {
    this.formation?.newView();
  }

  said(sender: string, number: number, members: readonly string[]): void {
    this.formation?.said(sender, number);
    this.look(members);
  }

  private form(members: readonly string[]): void {
    this.gate.form();
    this.formation?.begin();
    this.look(members);
  }

  /** Whether the quorum stands. */
  private look(members: readonly string[]): void {
    const epoch = this.formation?.epoch ?? 0;
    if (!this.gate.isForming || epoch === 0) return;
    this.standing.advance(epoch);
    this.gate.decided(true, true);
    this.promote();
    this.welcome(members);
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
