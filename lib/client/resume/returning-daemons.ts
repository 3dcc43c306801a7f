/** The daemons of a connection that comes back, one after the other. */
import type { Mailbox } from '../../mailbox/mailbox.js';
import { Daemons, Incoming } from '../incoming.js';
import type { Overlap } from './overlap.js';

/** Most names of before under which a connection is still reached. */
const MOST_NAMES = 4;

/** For a while after a loss, requests go to the newest one and others are read to their end. */
export class ReturningDaemons extends Daemons {
  /** From those that come then. */
  private readonly coming: Incoming[] = [];
  /** Ids of before, the newest first. */
  private names: readonly string[] = [];

  override get asked(): Incoming {
    return this.coming.at(-1) ?? this.taken;
  }

  /** Requests go to this daemon from here on. @param isSame whether the session continues there, which keeps its names */
  ask(mailbox: Mailbox, isSame: boolean): void {
    const { asked, names } = this;
    const isMoved = asked.own !== mailbox.privateGroup;
    if (!isSame) this.names = [];
    else if (isMoved)
      this.names = [asked.own, ...names.filter((name) => name !== mailbox.privateGroup)].slice(0, MOST_NAMES);
    const before = isSame ? asked : null;
    this.coming.push(new Incoming(mailbox, this.names, this.Groups, this.host(mailbox), before));
  }

  /** The last daemon is read to its end. @param overlap of what the next one brings */
  move(overlap: Overlap | null): void {
    const before = this.taken;
    this.taken = this.coming.shift() ?? before;
    this.taken.overlap = overlap;
    before.groups.moved();
    this.taken.groups.begin();
  }

  override end(error: Error): void {
    super.end(error);
    for (const { groups } of this.coming) groups.end(error);
  }
}
