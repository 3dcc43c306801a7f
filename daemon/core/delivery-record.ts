/**
 * What this daemon delivers, noted for clients that come back: its history, and the ring with what came of each payload. Without
 * a ring nothing is noted, and whoever comes back has a gap.
 */
import type { Buffer } from 'node:buffer';
import type { Network } from '../../lib/wire/extension/network.js';
import type { ChangeCause } from '../../lib/wire/extension/view-changes.js';
import type { Group, Member } from './group.js';
import { BatchMarks } from './batch-marks.js';
import { DeliveryHistory } from './history.js';
import { Ring, type RingLimits } from './ring.js';

export class DeliveryRecord {
  readonly history = new DeliveryHistory();
  private readonly marks = new BatchMarks(this.history);
  /** Called before a batch ends: what belongs to it is to be delivered. */
  onBatchEnd: () => void = () => undefined;
  private isUnderWay = false;
  /** When the payload under way came. */
  private time = 0;
  /** Called when everything has come of a payload. */
  onDone: () => void = () => undefined;
  /** Milliseconds, rising. */
  now: () => number = () => 0;
  /** Whether somebody can come back; until then the last payload alone is kept. */
  isNeeded: () => boolean = () => true;
  /** Null: nothing is kept. */
  private kept: Ring | null = null;

  get ring(): Ring | null {
    return this.kept;
  }

  /** Whether views are noted, also of groups without members here. */
  get isOn(): boolean {
    return this.kept !== null;
  }

  /** From the next daemon view on. @param limits of the ring; without bytes there is none */
  keep(limits: RingLimits): void {
    this.kept = limits.bytes > 0 ? new Ring(this.history, limits) : null;
  }

  /** Tag of the daemon view in force. */
  get tag(): bigint {
    return this.history.tag;
  }

  /** The mark of the batch of events under way. */
  get current(): Buffer {
    return this.marks.current;
  }

  /** Ends the batch of a mark, if it is under way. @returns false when it cannot end yet */
  settle(mark: Buffer): boolean {
    return !this.marks.isOpen(mark) || this.endBatch();
  }

  /**
   * The batch of events under way ends here, if no payload is under way: what comes of one is in one batch.
   * @returns whether it has ended
   */
  endBatch(): boolean {
    if (this.isUnderWay) return false;
    this.onBatchEnd();
    this.marks.close();
    return true;
  }

  /** A daemon view begins. @param lineage what this daemon went through, as it comes into the view */
  begin(tag: bigint, daemons: readonly string[], lineage: bigint): void {
    this.onBatchEnd();
    this.marks.close();
    this.isUnderWay = false;
    this.history.begin(tag, daemons, lineage);
    this.marks.close();
    this.kept?.begin(daemons);
  }

  /** A payload in its place. @param bytes null for one of the exchange @param daemon that has sent it */
  payload(bytes: Buffer | null, daemon: string): void {
    this.history.add(daemon);
    this.isUnderWay = true;
    if (this.kept === null) return;
    this.time = this.now();
    this.kept.payload(bytes, this.time, this.isNeeded());
  }

  /** The frame of the payload under way that is looked at. */
  frame(at: number): void {
    if (this.kept !== null) this.kept.frame(at);
  }

  /** That frame is a repeat. */
  dropped(): void {
    this.kept?.drop();
  }

  /** That frame is one that its session does not want back. */
  discarded(sid: bigint): void {
    this.kept?.discard(sid);
  }

  /** That frame is put off until the end of the exchange, or comes too late for the last one. */
  putOff(): void {
    this.history.putOff();
    this.kept?.putOff();
  }

  /** Everything has come of the payload under way. */
  done(): void {
    this.isUnderWay = false;
    if (this.kept === null) return;
    this.kept.done(this.time, this.isNeeded());
    this.onDone();
  }

  /** The payload under way has completed the exchange. */
  exchanged(): void {
    this.onBatchEnd();
    this.marks.close();
    this.history.exchanged();
    this.kept?.exchanged();
  }

  /** @param index place in the list; the one it had of a member that went @param returned its former name, if it has returned */
  changed(
    { name: group, id, members, hash }: Group,
    cause: ChangeCause,
    { privateGroup: name }: Member,
    index: number,
    returned: string | null,
    subject: string | null,
  ): void {
    if (this.kept === null) return;
    const record = { cause, index, name, returned, subject };
    this.kept.change({ kind: 'member', group, id, members: members.length, hash: hash.value, record });
  }

  /** Somebody returned to a group that it is a member of. */
  shown({ name: group, id, members, hash }: Group, name: string): void {
    this.kept?.change({ kind: 'still-member', group, id, members: members.length, hash: hash.value, name });
  }

  /** Somebody left a group that it is not a member of. */
  leftInVain(group: string, name: string): void {
    this.kept?.change({ kind: 'not-member', group, name });
  }

  /** @param goneSubjects of those who are gone, in their order */
  network(view: Network, goneSubjects: readonly (string | null)[]): void {
    this.kept?.change({ kind: 'network', group: view.group, view, goneSubjects });
  }

  /** The order of the members has changed, without a view. */
  reordered({ name: group, id, hash }: Group): void {
    this.kept?.change({ kind: 'reordered', group, id, hash: hash.value });
  }

  signal({ name, id }: Group): void {
    if (this.kept !== null) this.kept.signal(name, id, this.now());
  }

  /** Signals of many groups are given, which takes slices: nobody reads what is noted before all of them are. */
  signalling(isUnderWay: boolean): void {
    if (this.kept === null) return;
    this.kept.signalling(isUnderWay);
    if (!isUnderWay) this.onDone();
  }

  /** Messages reach a session under other names from here on. @param before those until then */
  renamed(sid: bigint, names: readonly string[], before: readonly string[]): void {
    this.kept?.change({ kind: 'renamed', sid, names, before });
  }

  /** Requests of a session were ordered in another part of the network alone. */
  elsewhere(sid: bigint): void {
    this.kept?.change({ kind: 'elsewhere', sid });
  }
}
