/**
 * Changes of one group that follow one another in the order, as the records of one frame VIEWS: the run. It is delivered
 * when something else is, and at the end of a turn. The records stand side by side and are the same bytes for everybody;
 * a session that joined in the run, or leaves in it, gets a head of its own and its part of them.
 */
import { Buffer } from 'node:buffer';
import { ByteWriter } from '../../lib/util/bytes.js';
import {
  type ChangeCause,
  VIEWS_HEAD_BYTES,
  encodeViewsHead,
  writeViewRecord,
} from '../../lib/wire/extension/view-changes.js';
import type { GroupId } from '../../lib/wire/group-id.js';
import type { Group, LocalSession } from './group.js';

/** Records of many runs share one buffer of this size; a run ends with it. */
const SLAB_BYTES = 64 * 1024;

/** More than the longest record. */
const RECORD_BYTES = 256;

/** Where the part of a session begins. */
interface Beginning {
  readonly at: number;
  /** Records before it. */
  readonly count: number;
}

export class ViewRuns {
  private group: Group | null = null;
  private firstId: GroupId = [0, 0, 0];
  private count = 0;
  private slab = Buffer.allocUnsafeSlow(0);
  /** Of the run, with room for its head. */
  private start = 0;
  private end = 0;
  /** Those who have joined in the run. */
  private readonly joined = new Map<LocalSession, Beginning>();

  /** @param begun called when there is something to deliver at the end of the turn */
  constructor(private readonly begun: () => void) {}

  /** A change of this group comes next, and has not been made yet: the run of another one ends here, and one that is full. */
  turnTo(group: Group): void {
    if (this.group === null) return;
    if (this.group !== group || this.end + RECORD_BYTES > SLAB_BYTES) this.close();
  }

  /** Whether all changes of the group have to be added. */
  isOpen(group: Group): boolean {
    return this.group === group;
  }

  /** The session gets what stands in the run of the group from here on, and not what stands before. */
  begin(group: Group, session: LocalSession): void {
    if (this.group === group) this.joined.set(session, { at: this.end, count: this.count });
  }

  /** The session is about to leave the group: it gets its part now. */
  finish(group: Group, session: LocalSession): void {
    if (this.group !== group) return;
    if (!session.leaving) this.deliverPart(group, session, this.beginningOf(session));
    this.joined.delete(session);
  }

  /**
   * The group has changed by one member.
   * @param index place of the member in the list; the one that it had
   * @param returned the private group that a member which comes had before
   * @pre `turnTo` was called with the group before the change
   */
  add(
    group: Group,
    cause: ChangeCause,
    name: string,
    index: number,
    subject: string | null,
    returned: string | null = null,
  ): void {
    const writer = new ByteWriter('LE', 64);
    writeViewRecord(writer, { cause, index, name, returned, subject });
    const record = writer.finish();
    if (this.group === null) this.open(group);
    this.slab.set(record, this.end);
    this.end += record.length;
    this.count++;
  }

  /** Delivers the run. Due before anything else is delivered. */
  close(): void {
    const { group, slab, start, end } = this;
    if (group === null) return;
    this.group = null;
    let isHeaded = false;
    for (const session of group.local) {
      if (!session.isCompact || session.leaving) continue;
      const beginning = this.joined.size > 0 ? this.joined.get(session) : undefined;
      if (beginning) {
        this.deliverPart(group, session, beginning);
        continue;
      }
      if (!isHeaded) slab.set(this.head(group, { at: start + VIEWS_HEAD_BYTES, count: 0 }), start);
      isHeaded = true;
      session.outlet.deliver(slab, start, end, 1, true);
    }
    this.joined.clear();
  }

  private open(group: Group): void {
    if (this.end + VIEWS_HEAD_BYTES + RECORD_BYTES > this.slab.length) {
      this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.end = 0;
    }
    this.group = group;
    this.firstId = group.id;
    this.count = 0;
    this.start = this.end;
    this.end += VIEWS_HEAD_BYTES;
    this.begun();
  }

  private beginningOf(session: LocalSession): Beginning {
    return this.joined.get(session) ?? { at: this.start + VIEWS_HEAD_BYTES, count: 0 };
  }

  private deliverPart(group: Group, session: LocalSession, beginning: Beginning): void {
    if (beginning.count === this.count) return;
    const head = this.head(group, beginning);
    session.outlet.deliver(head, 0, head.length, 1, true);
    session.outlet.deliver(this.slab, beginning.at, this.end, 0, true);
  }

  /** Of the records from there on: what it says of the list is what it is after the last of them. */
  private head({ name, members, hash }: Group, { at, count }: Beginning): Buffer {
    const [daemon, time, counter] = this.firstId;
    const head = {
      id: [daemon, time, (counter + count) | 0],
      changes: this.count - count,
      members: members.length,
      hash: hash.value,
    } as const;
    return encodeViewsHead(name, head, this.end - at);
  }
}
