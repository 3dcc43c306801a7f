/** The events of a replay as the frames that a session gets. */
import { Buffer } from 'node:buffer';
import { ByteWriter } from '../../lib/util/bytes.js';
import { encodeGap, type GapReason } from '../../lib/wire/extension/gap.js';
import { encodeList, MAX_LIST_PART_BYTES, writeListBlock } from '../../lib/wire/extension/list.js';
import { encodeNetwork } from '../../lib/wire/extension/network.js';
import { encodeMark, type Mark } from '../../lib/wire/extension/position.js';
import { encodeViews, writeViewRecord } from '../../lib/wire/extension/view-changes.js';
import type { GroupId } from '../../lib/wire/group-id.js';
import { encodeSelfLeave, encodeTransition } from '../../lib/wire/membership.js';
import { parsePrivateGroup } from '../../lib/wire/name.js';
import type { GroupList, ListedMember } from './past-list.js';
import type { ListReason, ReplaySink } from './replay-ports.js';
import type { MemberChange, NetworkChange } from './ring-entry.js';

/** Head of a part of a list, and what a block and a member take at most. */
const HEAD_BYTES = 48;
const BLOCK_BYTES = 32;
const MEMBER_BYTES = 160;

/** Where the frames go, and for whom they are. */
export interface ReplayOutlet {
  readonly isFull: boolean;
  /** The bytes belong to the receiver. @param frames 0 for what is no message */
  deliver(bytes: Buffer, start: number, end: number, frames: number): void;
  /** Whether the client gets lists of the group when it asks for them. */
  isOnDemand(group: string): boolean;
  /** Whether that is a private group of the client. */
  isOwn(name: string): boolean;
  /** Milliseconds that the client was away. */
  readonly awayMs: number;
  /** A group has a gap. @returns the reason that the client gets */
  lost(reason: GapReason): GapReason;
}

export class ReplayFrames implements ReplaySink {
  constructor(private readonly outlet: ReplayOutlet) {}

  get isFull(): boolean {
    return this.outlet.isFull;
  }

  mark(mark: Mark): void {
    this.send(encodeMark(mark), 0);
  }

  data(bytes: Buffer, start: number, end: number, frames: number): void {
    this.outlet.deliver(bytes, start, end, frames);
  }

  /** A record of one that went has no subject. */
  member({ group, id, members, hash, record }: MemberChange): void {
    const writer = new ByteWriter('LE', 64);
    writeViewRecord(writer, record);
    this.send(encodeViews(group, { id, changes: 1, members, hash }, writer.finish()), 1);
  }

  network({ view }: NetworkChange, isListed: boolean): void {
    // Who has no list cannot know the own place when others go and come: the head of a list tells it.
    const reordered = view.reordered || this.outlet.isOnDemand(view.group);
    this.send(encodeNetwork({ ...view, reordered, ownSet: isListed ? view.ownSet : null }), 1);
  }

  list({ group, id, hash, members, messages }: GroupList, reason: ListReason): void {
    const { outlet } = this;
    const own = members.findIndex(({ name }) => outlet.isOwn(name));
    const withSubjects = members.some(({ subject }) => subject !== null);
    const parts = outlet.isOnDemand(group) ? [Buffer.alloc(0)] : partsOf(members, withSubjects);
    for (const [i, part] of parts.entries()) {
      const head = {
        id,
        cause: reason === 'order' ? 'network' : 'join',
        first: i === 0,
        last: i === parts.length - 1,
        answer: false,
        afterGap: reason === 'gap',
        withSubjects: withSubjects && part.length > 0,
        members: members.length,
        ownIndex: own < 0 ? null : own,
        hash,
        messages: reason === 'order' ? null : messages,
      } as const;
      this.send(encodeList(group, head, part), 1);
    }
  }

  signal(group: string, id: GroupId): void {
    this.send(encodeTransition(group, id), 1);
  }

  left(group: string): void {
    this.send(encodeSelfLeave(group), 1);
  }

  gap(group: string, reason: GapReason): void {
    const { awayMs } = this.outlet;
    this.send(encodeGap({ group, reason: this.outlet.lost(reason), missed: null, awayMs }), 0);
  }

  isOnDemand(group: string): boolean {
    return this.outlet.isOnDemand(group);
  }

  private send(frame: Buffer, frames: number): void {
    this.outlet.deliver(frame, 0, frame.length, frames);
  }
}

/** Members of one daemon that stand side by side are a block; a block may continue in the next part. */
function partsOf(members: readonly ListedMember[], withSubjects: boolean): Buffer[] {
  const parts: Buffer[] = [];
  let writer = new ByteWriter('LE', 1024);
  for (let from = 0; from < members.length;) {
    const daemon = daemonOf(members[from] as ListedMember);
    const room = Math.floor((MAX_LIST_PART_BYTES - HEAD_BYTES - BLOCK_BYTES - writer.length) / MEMBER_BYTES);
    if (room < 1) {
      parts.push(writer.finish());
      writer = new ByteWriter('LE', 1024);
      continue;
    }
    let to = from + 1;
    while (to < members.length && to - from < room && daemonOf(members[to] as ListedMember) === daemon) to++;
    const block = members.slice(from, to);
    const names = block.map(({ name }) => parsePrivateGroup(name)?.name ?? '');
    writeListBlock(writer, daemon, names, withSubjects ? block.map(({ subject }) => subject) : null);
    from = to;
  }
  parts.push(writer.finish());
  return parts;
}

const daemonOf = ({ name }: ListedMember): string => parsePrivateGroup(name)?.daemon ?? '';
