/**
 * Whether a quorum stands behind going on in a view. That all of it is here is not enough: what says so may have reached
 * this member alone, behind the transitional signal or in a view that the others never came to, and they go on elsewhere.
 * So each of them says a number, above all that it has said before, and the epoch is the number that a quorum has said.
 * Of two quorums one member has said both numbers, so the epochs are different, and the later one is the greater: also
 * than one that only a few have seen come about.
 */
import type { Lineup } from './lineup.js';
import type { Standing } from './standing.js';

export class Formation {
  /** Who has said which number in this view. */
  private readonly words = new Map<number, Set<string>>();
  private own = 0;

  constructor(
    private readonly self: string,
    private readonly lineup: Lineup,
    private readonly standing: Standing,
    private readonly say: (number: number) => void,
  ) {}

  newView(): void {
    this.words.clear();
    this.own = 0;
  }

  /** The epoch that a quorum has said; 0: none yet. */
  get epoch(): number {
    const { lineup } = this;
    for (const [number, names] of this.words) if (lineup.isQuorum(names)) return number;
    return 0;
  }

  /** This member would go on. */
  begin(): void {
    if (this.own === 0) this.raise(0);
  }

  said(sender: string, number: number): void {
    const names = this.words.get(number) ?? new Set();
    this.words.set(number, names.add(sender));
    // Numbers are equal at those who have been together for long; else all say the greatest.
    if (this.own !== 0 && number > this.own) this.raise(number);
  }

  private raise(least: number): void {
    if (!this.lineup.isLive(this.self)) return;
    this.own = this.standing.promise(least);
    this.say(this.own);
  }
}
