/** A daemon of bytes that grants compact views, and their frames of a group `g` to its one client `#a#d1`. */
import { Buffer } from 'node:buffer';
import { fieldWriter } from '../../lib/wire/extension/frame.js';
import { FEATURE_COMPACT_VIEWS, FEATURE_LISTS_ON_DEMAND } from '../../lib/wire/extension/features.js';
import { encodeList, type ListHead, writeListBlock } from '../../lib/wire/extension/list.js';
import { encodeViews, type ViewRecord, writeViewRecord } from '../../lib/wire/extension/view-changes.js';
import { encodeWelcome } from '../../lib/wire/extension/welcome.js';
import { ListHash } from '../../lib/util/list-hash.js';
import type { FakeDaemonScript } from '../support/fake-daemon.js';
import { A, ID } from './frames.js';

const WELCOME = encodeWelcome({
  verdict: 'new',
  features: FEATURE_COMPACT_VIEWS | FEATURE_LISTS_ON_DEMAND,
  sid: 0n,
  stable: 0,
  holdMs: 0,
  heartbeatMs: 0,
  windowMs: 0,
  position: { tag: 0n, index: 0, hash: 0n },
  token: Buffer.alloc(0),
  addresses: [],
});

export const COMPACT: FakeDaemonScript = {
  list: Buffer.from('\x0bNULL SSPX1 ', 'latin1'),
  accept: Buffer.concat([WELCOME, Buffer.from('01050001', 'hex'), Buffer.from('\x05#a#d1', 'latin1')]),
};

/** Bytes of HELLO, which the client sends with its choice. */
export const HELLO_BYTES = 22;

export function hashOf(members: readonly string[]): bigint {
  const hash = new ListHash();
  for (const member of members) hash.add(member);
  return hash.value;
}

/** @param subject of the first one */
export function listFrame(
  members: readonly string[],
  head: Partial<ListHead> = {},
  subject?: string,
): Buffer {
  const writer = fieldWriter();
  for (const member of head.members === undefined ? members : []) {
    const [, name, daemon] = member.split('#') as [string, string, string];
    const stated = member === members[0] ? (subject ?? null) : null;
    writeListBlock(writer, daemon, [name], subject === undefined ? null : [stated]);
  }
  return encodeList(
    'g',
    {
      id: ID,
      cause: 'join',
      first: true,
      last: true,
      answer: false,
      afterGap: false,
      withSubjects: subject !== undefined,
      members: members.length,
      ownIndex: members.indexOf(A),
      hash: hashOf(members),
      messages: null,
      ...head,
    },
    writer.finish(),
  );
}

/** A list on demand: no names. */
export const bareList = (members: readonly string[]): Buffer =>
  listFrame(members, { members: members.length });

export const answer = (members: readonly string[]): Buffer =>
  listFrame(members, { cause: 'none', answer: true });

/** @param after the list after the records @param at number of the first one among the views after the first */
export function views(
  records: readonly Partial<ViewRecord>[],
  after: readonly string[],
  at = 1,
  hash = hashOf(after),
): Buffer {
  const writer = fieldWriter();
  for (const record of records)
    writeViewRecord(writer, { cause: 'join', index: 0, name: '', returned: null, subject: null, ...record });
  const id = [ID[0], ID[1], ID[2] + at] as const;
  const head = { id, changes: records.length, members: after.length, hash };
  return encodeViews('g', head, writer.finish());
}
