/**
 * Frames LIST of a group. The encoding of each chunk of members is kept until the chunk changes, so that a list costs
 * little more than copying it.
 */
import type { Buffer } from 'node:buffer';
import { ByteWriter } from '../../lib/util/bytes.js';
import type { Chunk } from '../../lib/util/member-list.js';
import {
  type ListCause,
  MAX_LIST_PART_BYTES,
  encodeList,
  writeListBlock,
} from '../../lib/wire/extension/list.js';
import type { Group, LocalSession, Member } from './group.js';
import type { Subjects } from './subjects.js';

/** Head of a part. */
const HEAD_BYTES = 48;

/** Why the list is sent: a cause, or that it was asked for. */
export type ListReason = Exclude<ListCause, 'none'> | 'answer';

/** A chunk as it stands in a part. */
interface EncodedChunk {
  readonly bytes: Buffer;
  readonly withSubjects: boolean;
}

/** Delivers the list of the group as it is now, or only its head to one who gets lists on demand. */
export function deliverList(
  group: Group,
  session: LocalSession,
  reason: ListReason,
  subjects: Subjects,
  ownIndex = indexOf(group, session),
): void {
  const isBare = reason !== 'answer' && group.onDemand?.has(session) === true;
  const parts = isBare ? [] : partsOf(group, subjects);
  const count = Math.max(1, parts.length);
  for (let i = 0; i < count; i++) {
    const chunks = parts[i] ?? [];
    const head = {
      id: group.id,
      cause: reason === 'answer' ? 'none' : reason,
      first: i === 0,
      last: i === count - 1,
      answer: reason === 'answer',
      afterGap: reason === 'join' && session.resume?.isBehindGap === true,
      withSubjects: chunks[0]?.withSubjects ?? false,
      members: group.members.length,
      ownIndex,
      hash: group.hash.value,
      messages: reason === 'join' && session.resume !== null ? group.messages : null,
    } as const;
    const frame = encodeList(group.name, head, ...chunks.map(({ bytes }) => bytes));
    session.outlet.deliver(frame, 0, frame.length, 1);
  }
}

function indexOf(group: Group, { member }: LocalSession): number | null {
  const index = member ? group.members.indexOf(member) : -1;
  return index < 0 ? null : index;
}

/** Chunks side by side of one form, up to the size of a part. */
function partsOf({ members }: Group, subjects: Subjects): EncodedChunk[][] {
  const parts: EncodedChunk[][] = [];
  let part: EncodedChunk[] = [];
  let bytes = 0;
  for (const chunk of members.chunks) {
    const encoded = encodingOf(chunk, subjects);
    const fits = HEAD_BYTES + bytes + encoded.bytes.length <= MAX_LIST_PART_BYTES;
    if (part.length === 0 || !fits || part[0]?.withSubjects !== encoded.withSubjects) {
      part = [];
      bytes = 0;
      parts.push(part);
    }
    part.push(encoded);
    bytes += encoded.bytes.length;
  }
  return parts;
}

function encodingOf(chunk: Chunk<Member>, subjects: Subjects): EncodedChunk {
  if (chunk.kept === null) chunk.kept = encode(chunk.items, subjects);
  return chunk.kept as EncodedChunk;
}

/** Members of one daemon stand side by side, and are a block. */
function encode(members: readonly Member[], subjects: Subjects): EncodedChunk {
  const withSubjects = subjects.size > 0 && members.some(({ privateGroup }) => subjects.has(privateGroup));
  const writer = new ByteWriter('LE', 12 * members.length + 32);
  for (let from = 0; from < members.length;) {
    const { place } = members[from] as Member;
    let to = from + 1;
    while (members[to]?.place === place) to++;
    const block = members.slice(from, to);
    const names = block.map(({ privateGroup }) => privateGroup.slice(1, privateGroup.indexOf('#', 1)));
    const stated = withSubjects ? block.map(({ privateGroup }) => subjects.of(privateGroup)) : null;
    writeListBlock(writer, place.daemon, names, stated);
    from = to;
  }
  return { bytes: writer.finish(), withSubjects };
}
