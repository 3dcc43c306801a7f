/**
 * The round at the begin of a view: each member that takes part makes one statement, and when it is over all members
 * have the same statements, because messages come in one order. Members that say nothing (a client of another program
 * in the group) are waited for once: after a while somebody settles the round without them, and its statement in later
 * views names them as silent. All of it travels as messages, so the round ends at one place in the order.
 */

export class StatementRound<S> {
  private readonly members: ReadonlySet<string>;
  private readonly stated = new Map<string, S>();
  private readonly silent = new Set<string>();
  private settled = false;
  private over = false;

  /**
   * @param order members in the order of the view
   * @param needed fewer statements than this never end the round
   */
  constructor(
    readonly order: readonly string[],
    private readonly needed: number,
  ) {
    this.members = new Set(order);
  }

  get isOver(): boolean {
    return this.over;
  }

  /** Whether settling it would end it. */
  get canSettle(): boolean {
    return !this.over && this.stated.size >= this.needed;
  }

  /** Those who made a statement, in the order of the view. */
  get speakers(): string[] {
    return this.order.filter((member) => this.stated.has(member));
  }

  /** Members that did not, in the order of the view. */
  get others(): string[] {
    return this.order.filter((member) => !this.stated.has(member));
  }

  statement(member: string): S | undefined {
    return this.stated.get(member);
  }

  /**
   * A statement was delivered. @param silent members of which the speaker knows that they say nothing
   * @returns whether it ended the round
   */
  state(member: string, statement: S, silent: readonly string[]): boolean {
    if (this.over || !this.members.has(member) || this.stated.has(member)) return false;
    this.stated.set(member, statement);
    for (const name of silent) this.silent.add(name);
    return this.look();
  }

  /** A first statement that came after the end. @returns whether it was one */
  late(member: string, statement: S): boolean {
    if (!this.over || !this.members.has(member) || this.stated.has(member)) return false;
    this.stated.set(member, statement);
    return true;
  }

  /** Somebody does not want to wait any longer. @returns whether it ended the round */
  settle(member: string): boolean {
    if (!this.canSettle || !this.members.has(member)) return false;
    this.settled = true;
    return this.look();
  }

  /** What was stated decided nothing: it continues with the next statement. */
  reopen(): void {
    this.over = false;
    this.settled = false;
  }

  private look(): boolean {
    if (this.stated.size < this.needed) return false;
    this.over =
      this.settled || this.order.every((member) => this.stated.has(member) || this.silent.has(member));
    return this.over;
  }
}
