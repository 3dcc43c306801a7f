/** The rounds of a replica: who says what at the begin of a view, until it can be decided whose state goes on. */
import { Round } from '../round.js';
import type { RecipeView } from '../port.js';
import type { Statement } from './messages.js';

export interface CensusSink {
  /** The round shall be settled without those who have said nothing. */
  settle(view: RecipeView['id']): void;
  /** All that is said is said. @returns whether that decides it */
  decide(round: Round<Statement>): boolean;
}

export class Census {
  dueAt = Infinity;
  /** Whether the last round has decided; without one nothing is. */
  isDecided = false;
  private round: Round<Statement> | null = null;
  private view: RecipeView['id'] | null = null;
  private silent = new Set<string>();
  private later: (() => void)[] = [];

  constructor(
    private readonly self: string,
    private readonly needed: number,
    private readonly patience: number,
    private readonly sink: CensusSink,
  ) {}

  /** Members that are known to say nothing. */
  get silence(): string[] {
    return [...this.silent];
  }

  /** A new view, with or without a round of its own. */
  newView(along: ReadonlySet<string>): void {
    this.later = [];
    this.silent = new Set([...this.silent].filter((name) => along.has(name)));
  }

  begin({ id, members }: RecipeView, now: number): void {
    this.isDecided = false;
    this.view = id;
    this.round = new Round(members, this.needed);
    this.dueAt = now + this.patience;
  }

  /** @returns whether the statement came behind the end of the round */
  stated(sender: string, statement: Statement, silent: readonly string[], now: number): boolean {
    this.silent.delete(sender);
    const { round } = this;
    if (!round || round.isOver) return round !== null;
    if (round.state(sender, statement, silent)) this.decide(round);
    else if (this.dueAt === Infinity) this.dueAt = now + this.patience;
    return false;
  }

  settle(sender: string): void {
    if (this.round?.settle(sender)) this.decide(this.round);
  }

  /** A round knows nothing of what happens while it lasts, so that comes behind it. */
  behind(act: () => void): void {
    if (this.round && !this.round.isOver) this.later.push(act);
    else act();
  }

  tick(now: number): void {
    if (now < this.dueAt) return;
    this.dueAt = Infinity;
    const { round, view } = this;
    if (!round || !view || round.isOver) return;
    this.dueAt = now + this.patience;
    if (round.canSettle && round.statement(this.self)) this.sink.settle(view);
  }

  end(): void {
    this.round = null;
    this.isDecided = false;
    this.dueAt = Infinity;
  }

  private decide(round: Round<Statement>): void {
    this.dueAt = Infinity;
    this.silent = new Set(round.others);
    this.isDecided = this.sink.decide(round);
    if (!this.isDecided) round.reopen();
    else for (const act of this.later.splice(0)) act();
  }
}
