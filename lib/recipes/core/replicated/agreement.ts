/** The round of statements in a view, again and again until it can be decided whose state continues (rules 2, 3 and 13). */
import { equalGroupIds } from '../../../wire/group-id.js';
import type { RecipeView } from '../port.js';
import { StatementRound } from '../statement-round.js';
import type { Statement, Tag } from './messages.js';

export class Agreement {
  /** When those who have said nothing have been waited for long enough. */
  dueAt = Infinity;
  /** Whether others go on with another state beside this member. */
  isContested = false;
  private current: RecipeView | null = null;
  private number = 0;
  private round: StatementRound<Statement> | null = null;
  /** Members that said nothing in the last round. */
  private silent = new Set<string>();

  constructor(
    private self: string,
    private readonly needed: number,
    private readonly silenceTimeoutMs: number,
  ) {}

  /** What is said now carries this; null before the first view. */
  get tag(): Tag | null {
    return this.current && { view: this.current.id, round: this.number };
  }

  /** Members that are known to say nothing. */
  get silence(): string[] {
    return [...this.silent];
  }

  /** What was said in another round counts no more. */
  isNow({ view, round }: Tag): boolean {
    return this.current !== null && round === this.number && equalGroupIds(view, this.current.id);
  }

  /** After a loss: whatever was said counts no more. */
  rejoined(self: string): void {
    this.self = self;
    this.silent.clear();
    this.current = null;
    this.end();
  }

  newView(view: RecipeView): void {
    const along = new Set(view.cameWithMe);
    this.silent = new Set([...this.silent].filter((name) => along.has(name)));
    this.current = view;
    this.number = 0;
    this.round = null;
    this.dueAt = Infinity;
  }

  /** @param isAgain whether there was a round in this view that decided nothing that lasts */
  begin(isAgain: boolean, now: number): void {
    if (isAgain) this.number++;
    this.isContested = false;
    this.round = new StatementRound(this.current?.members ?? [], this.needed);
    this.dueAt = now + this.silenceTimeoutMs;
  }

  /** It has said something, be it late: the next round waits for it. */
  heard(name: string): void {
    this.silent.delete(name);
  }

  /** @returns whether all that is said is said */
  stated(sender: string, statement: Statement, silent: readonly string[], now: number): boolean {
    this.heard(sender);
    const { round } = this;
    if (!round) return false;
    if (round.state(sender, statement, silent)) return true;
    if (this.dueAt === Infinity) this.dueAt = now + this.silenceTimeoutMs;
    return false;
  }

  /** @returns whether all that is said is said */
  settle(sender: string): boolean {
    return this.round?.settle(sender) === true;
  }

  /** All statements of the round, by member, in the order of the view. */
  get statements(): ReadonlyMap<string, Statement> {
    const { round } = this;
    return new Map(round?.speakers.map((name) => [name, round.statement(name) as Statement]));
  }

  /** What was said does not decide it: the next statement may. */
  continueFrom(): void {
    this.dueAt = Infinity;
    this.round?.reopen();
  }

  decided(): void {
    this.silent = new Set(this.round?.others);
    this.end();
  }

  end(): void {
    this.round = null;
    this.dueAt = Infinity;
  }

  /** @returns whether the others should be told not to wait any longer */
  tick(now: number): boolean {
    if (now < this.dueAt) return false;
    this.dueAt = now + this.silenceTimeoutMs;
    const { round } = this;
    return round !== null && round.canSettle && round.statement(this.self) !== undefined;
  }
}
