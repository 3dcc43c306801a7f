/** What a client sees, as the recordings tell it and as our library does: so that the two can be compared. */
import type { ReceivedMessage } from '../../lib/mailbox/received-message.js';
import { type GroupId, readGroupId } from '../../lib/wire/group-id.js';
import { readMembershipBody, readVsSet } from '../../lib/wire/membership.js';
import { type DecodedFrame, framesOf, type Trace } from '../support/recordings.js';

/** The marker of the byte order in service words [session 4.2]. */
const MARKER = 0x80000080;

export interface ClientLog {
  readonly service: number;
  /** Sender, or group of a membership message. */
  readonly name: string;
  /** Destinations or members. */
  readonly groups: readonly string[];
  readonly text: string;
  readonly id: GroupId | null;
  /** The order of the sets has no meaning [daemon 2.7.2]: they are in the order of their text. */
  readonly sets: readonly string[];
  readonly own: string;
}

const noMembership = { text: '', id: null, sets: [], own: '' };

const seenOfFrame = ({ type, name, groups, membership, data_text: text = '' }: DecodedFrame): ClientLog => {
  const base = { ...noMembership, service: Number(type) & ~MARKER, name, groups };
  if (!membership) return { ...base, text };
  const id: GroupId = [membership.group_id[0] | 0, membership.group_id[1], membership.group_id[2]];
  const sets = (membership.vs_sets ?? []).map(String);
  return { ...base, id, sets: sets.toSorted(), own: sets[membership.local_vs_set_index ?? 0] ?? '' };
};

/** What the recorded client got. */
export const recordedSights = (trace: Trace): ClientLog[] => framesOf(trace, 'd2c').map(seenOfFrame);

export function seenOf(arrival: ReceivedMessage): ClientLog {
  const { kind, service, name, body, little } = arrival;
  const base = { ...noMembership, service, name, groups: arrival.names() };
  if (kind === 'transition') return { ...base, id: readGroupId(body, 0, little) };
  if (kind !== 'view') return { ...base, text: body.toString('latin1') };
  const { id, sets, ownSet } = readMembershipBody(body, 0, body.length, little);
  const names = sets.map((set) => String(readVsSet(body, 0, set)));
  return { ...base, id, sets: names.toSorted(), own: names[ownSet] ?? '' };
}

export const idsOf = (sights: readonly ClientLog[]): GroupId[] =>
  sights.flatMap(({ id }) => (id ? [id] : []));
