/**
 * Whether this member is where nothing may be applied while others may continue. As long as a quorum of those that have
 * the state came along with it, nobody else can, whatever has to be agreed on.
 */
export class Separation {
  /** Members of the last primary component with its state that have come along since. */
  private previousMembers = new Set<string>();
  private parted = true;

  /** @param quorum null: each component continues by itself, and where two meet, one of them gives up */
  constructor(private readonly quorum: number | null) {}

  get isPartitioned(): boolean {
    return this.parted;
  }

  /** A primary component ends. */
  ended(holders: ReadonlySet<string>): void {
    if (this.quorum !== null && !this.parted) this.previousMembers = new Set(holders);
  }

  /** Only these came along. */
  cameAlong(members: readonly string[]): void {
    const along = new Set(members);
    this.previousMembers = new Set([...this.previousMembers].filter((name) => along.has(name)));
  }

  /** Others go on with another state. */
  lost(): void {
    this.previousMembers.clear();
  }

  /** An input is over. @param isEnding since the transitional signal, which alone tells nothing */
  update(isApplying: boolean, isEnding: boolean): void {
    if (isEnding && !isApplying && this.quorum !== null) return;
    this.parted = !isApplying && (this.quorum === null || this.previousMembers.size < this.quorum);
  }
}
