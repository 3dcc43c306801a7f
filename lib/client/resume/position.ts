/**
 * Where the client stands: the last MARK, and what has come since. The stream may break anywhere, so the mark stands before
 * its events, and the client counts them.
 */
import type { Mark, Position } from '../../wire/extension/position.js';

/** The position of one who has none. */
const NOWHERE: Mark = { tag: 0n, from: 0, to: 0, hash: 0n };

export class StreamPosition {
  private mark: Mark | null = null;
  private events = 0;
  /** Events before the last mark. */
  private earlier = 0;
  /** Number of the marks so far. */
  private marks = 0;
  /** Groups that it follows, with the number of the mark behind which it joined. */
  private readonly joined = new Map<string, number>();
  /** Groups that it had at the mark and has left since. */
  private readonly leftSince = new Set<string>();
  /** Groups whose transitional signal has come, and no view since. */
  private readonly signalled = new Set<string>();

  /** The first position of WELCOME: as if it had come before everything. Daemons without a history give none. */
  began(mark: Mark): void {
    if (this.marks === 0 && mark.tag !== 0n) this.mark = mark;
  }

  /** A MARK has come. */
  marked(mark: Mark): void {
    this.mark = mark;
    this.earlier += this.events;
    this.events = 0;
    this.marks++;
    this.leftSince.clear();
  }

  /** Data frames have come. */
  data(frames = 1): void {
    this.events += frames;
  }

  /** Records of VIEWS, or NETWORK. */
  views(group: string, records = 1): void {
    this.events += records;
    this.signalled.delete(group);
  }

  /** A whole LIST. @param isEvent whether it is of the own join: that of a gap or an answer is not counted */
  list(group: string, isEvent: boolean): void {
    if (isEvent) this.events++;
    if (isEvent || !this.joined.has(group)) this.joined.set(group, this.marks);
    this.signalled.delete(group);
  }

  /** A self-leave. Behind a mark without payloads it is none of the order, and no replay brings it: it is not counted. */
  left(group: string): void {
    const isOrdered = this.mark === null || this.mark.from < this.mark.to;
    if (isOrdered) this.events++;
    if (isOrdered && (this.joined.get(group) ?? Infinity) < this.marks) this.leftSince.add(group);
    this.joined.delete(group);
    this.signalled.delete(group);
  }

  /** A transitional signal: a state, and no event. */
  signal(group: string): void {
    this.signalled.add(group);
  }

  /** A GAP: the position is void until the next MARK. */
  gap(group: string): void {
    this.mark = null;
    this.events = 0;
    this.leftSince.clear();
    this.joined.delete(group);
    this.signalled.delete(group);
  }

  /** What HELLO says. @param awayMs time since the loss */
  at(awayMs: number): Position {
    return { ...(this.mark ?? NOWHERE), events: this.events, awayMs };
  }

  /** Number of all events. */
  get count(): number {
    return this.earlier + this.events;
  }

  /** Groups whose transitional signal has come, and no view since. */
  get signals(): ReadonlySet<string> {
    return this.signalled;
  }

  /** The same, for a second stream that begins here. */
  copy(): StreamPosition {
    const copy = new StreamPosition();
    copy.mark = this.mark;
    copy.events = this.events;
    copy.marks = this.marks;
    for (const [group, mark] of this.joined) copy.joined.set(group, mark);
    for (const group of this.leftSince) copy.leftSince.add(group);
    for (const group of this.signalled) copy.signalled.add(group);
    return copy;
  }

  /** Whether it was in the group when the last mark came, also if it has left since. */
  had(group: string): boolean {
    const joined = this.joined.get(group);
    return this.leftSince.has(group) || (joined !== undefined && (joined < this.marks || this.mark === null));
  }

  hasSignal(group: string): boolean {
    return this.signalled.has(group);
  }

  /** The groups that RESUME names because of what has come: also those that it has and does not want any more. */
  get groups(): string[] {
    return [...new Set([...this.joined.keys(), ...this.leftSince])];
  }
}
