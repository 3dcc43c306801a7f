/** Changes of a modelled group as frames: plain ones, and compact ones of the extension. */
import { Buffer } from 'node:buffer';
import { fieldWriter } from '../../../lib/wire/extension/frame.js';
import { encodeList, type ListCause, writeListBlock } from '../../../lib/wire/extension/list.js';
import { type ComeRecord, encodeNetwork, type MemberRange } from '../../../lib/wire/extension/network.js';
import { encodeViews, writeViewRecord } from '../../../lib/wire/extension/view-changes.js';
import { ListHash } from '../../../lib/util/list-hash.js';
import type { GroupId } from '../../../lib/wire/group-id.js';
import { encodeRegularMembership } from '../../../lib/wire/membership.js';
import { nameField } from '../../../lib/wire/name.js';
import {
  CAUSED_BY_DISCONNECT,
  CAUSED_BY_JOIN,
  CAUSED_BY_LEAVE,
  CAUSED_BY_NETWORK,
} from '../../../lib/wire/service.js';
import type { Random } from '../../support/random.js';
import { daemonOf, type ModelChange, type NetworkChange, type OneChange, OWN } from './group-model.js';

export const GROUP = 'g';

const CAUSES = { join: CAUSED_BY_JOIN, leave: CAUSED_BY_LEAVE, disconnect: CAUSED_BY_DISCONNECT } as const;

const fields = (names: readonly string[]): Buffer[] => names.map(nameField);

/** What a plain member gets. */
export function plainFrame(change: ModelChange): Buffer {
  const { id, members } = change;
  if (change.kind === 'network') {
    const { sets, ownSet } = change;
    return encodeRegularMembership(GROUP, CAUSED_BY_NETWORK, fields(members), id, sets.map(fields), ownSet);
  }
  return encodeRegularMembership(
    GROUP,
    CAUSES[change.cause],
    fields(members),
    id,
    [fields([change.name])],
    0,
  );
}

/** The first view of a plain member. */
export const plainFirst = (id: GroupId, members: readonly string[]): Buffer =>
  plainFrame({ kind: 'one', cause: 'join', name: OWN, index: 0, id, members });

export function hashOf(names: readonly string[]): bigint {
  const hash = new ListHash();
  for (const name of names) hash.add(name);
  return hash.value;
}

/** What is said wrongly. */
export interface Lie {
  readonly hash?: bigint;
  /** Added to the place of the last record. */
  readonly shift?: number;
}

/** A run of changes as one frame. */
export function viewsFrame(changes: readonly OneChange[], { hash = 0n, shift = 0 }: Lie = {}): Buffer {
  const [first, last] = [changes[0], changes.at(-1)] as [OneChange, OneChange];
  const writer = fieldWriter();
  for (const change of changes) {
    const { cause, name } = change;
    const index = change.index + (change === last ? shift : 0);
    writeViewRecord(writer, { cause, index, name, returned: null, subject: null });
  }
  const { members } = last;
  const head = { id: first.id, changes: changes.length, members: members.length };
  return encodeViews(GROUP, { ...head, hash: hashOf(members) ^ hash }, writer.finish());
}

export interface NetworkPlan {
  /** Whether one who is in both lists and did not come along is among those who went and came. */
  readonly isWhole: boolean;
  /** Whether a list follows. */
  readonly isListed: boolean;
  readonly hash: bigint;
}

export function networkFrame(change: NetworkChange, { isWhole, isListed, hash }: NetworkPlan): Buffer {
  const { before, members, sets, ownSet } = change;
  const own = sets[ownSet] as readonly string[];
  const hasStayed = (name: string): boolean =>
    before.includes(name) && members.includes(name) && (!isWhole || own.includes(name));
  const come = members.flatMap((name, index): ComeRecord[] =>
    hasStayed(name) ? [] : [{ index, name, returned: null, subject: null }],
  );
  return encodeNetwork({
    group: GROUP,
    id: change.id,
    reordered: isListed,
    members: members.length,
    hash: hashOf(members) ^ hash,
    gone: before.filter((name) => !hasStayed(name)),
    // Their order says nothing.
    come: come.toReversed(),
    sets: sets.map((set) => rangesOf(set, members)),
    ownSet,
  });
}

/** The names are in the order of the list. */
function rangesOf(names: readonly string[], members: readonly string[]): MemberRange[] {
  const ranges: { first: number; count: number }[] = [];
  for (const name of names) {
    const [place, last] = [members.indexOf(name), ranges.at(-1)];
    if (last && last.first + last.count === place) last.count++;
    else ranges.push({ first: place, count: 1 });
  }
  // The order of the ranges says nothing.
  return ranges.toReversed();
}

export interface ListPlan {
  readonly id: GroupId;
  readonly cause: ListCause;
  readonly answer?: boolean;
  /** Whether it has no names. */
  readonly isBare?: boolean;
  readonly hash?: bigint;
}

/** A list in parts by chance. */
export function listFrames(members: readonly string[], plan: ListPlan, random: Random): Buffer[] {
  const { id, cause, answer = false, isBare = false, hash = 0n } = plan;
  const pieces: (readonly string[])[] = [];
  const listed = isBare ? [] : members;
  for (let at = 0; at < listed.length;) {
    const count = 1 + random.below(Math.max(2, listed.length));
    pieces.push(listed.slice(at, at + count));
    at += count;
  }
  if (pieces.length === 0) pieces.push([]);
  return pieces.map((names, k) =>
    encodeList(
      GROUP,
      {
        id,
        cause,
        answer,
        first: k === 0,
        last: k === pieces.length - 1,
        afterGap: false,
        withSubjects: false,
        members: members.length,
        ownIndex: members.indexOf(OWN),
        hash: hashOf(members) ^ hash,
        messages: null,
      },
      blocksOf(names),
    ),
  );
}

function blocksOf(names: readonly string[]): Buffer {
  const writer = fieldWriter();
  for (let at = 0; at < names.length;) {
    const daemon = daemonOf(names[at] as string);
    let end = at;
    while (end < names.length && daemonOf(names[end] as string) === daemon) end++;
    writeListBlock(
      writer,
      daemon,
      names.slice(at, end).map((name) => name.split('#')[1] as string),
    );
    at = end;
  }
  return Buffer.from(writer.finish());
}
