/** Made-up values of the extension, with the frames that they are written to. */
import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { encodeMove, encodePeers } from '../../../lib/wire/extension/addresses.js';
import {
  type DaemonFrame,
  encodeAliasEnd,
  encodeForget,
  encodeReturn,
  encodeSources,
  encodeSubject,
} from '../../../lib/wire/extension/daemon-frames.js';
import { encodeEnd } from '../../../lib/wire/extension/end.js';
import { fieldWriter } from '../../../lib/wire/extension/frame.js';
import { GAP_REASONS, encodeGap } from '../../../lib/wire/extension/gap.js';
import { encodePing, encodePong } from '../../../lib/wire/extension/heartbeat.js';
import type { Hello } from '../../../lib/wire/extension/hello.js';
import { encodeList, encodeListRequest, writeListBlock } from '../../../lib/wire/extension/list.js';
import { encodeNetwork } from '../../../lib/wire/extension/network.js';
import { encodeMark } from '../../../lib/wire/extension/position.js';
import type { ToClient, ToDaemon } from '../../../lib/wire/extension/read.js';
import { encodeAck, encodeNumber, encodeResume, encodeResumed } from '../../../lib/wire/extension/resume.js';
import type { Token } from '../../../lib/wire/extension/token.js';
import { encodeViews, writeViewRecord } from '../../../lib/wire/extension/view-changes.js';
import type { Welcome } from '../../../lib/wire/extension/welcome.js';
import { privateGroup } from '../../../lib/wire/name.js';
import { groupId, name } from '../arbitraries.js';

/** A value and its frame. */
interface Written<T> {
  readonly value: T;
  readonly frame: Buffer;
}

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u48 = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const known = fc.integer({ min: 0, max: 0xfffffffe });
const blob = (min: number, max: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((array) => Buffer.from(array));

const session = fc.tuple(name(10), name(19)).map(([own, daemon]) => privateGroup(own, daemon));
const group = name(31);
/** 1 to 128 bytes of UTF-8. */
const subject = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 128 }).filter((each) => {
  const { length } = Buffer.from(each);
  return length > 0 && length <= 128 && Buffer.from(each).toString() === each;
});
const addresses = fc.array(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 60 }), {
  maxLength: 4,
});

const markFields = { tag: u64, from: u16, to: fc.integer({ min: 0xffff, max: 2 ** 48 - 1 }), hash: u64 };
const mark = fc.record(markFields);

/** Values of HELLO. */
export const hello: fc.Arbitrary<Hello> = fc.record({
  features: u32,
  holdMs: u32,
  heartbeatMs: u32,
  attempt: u32,
  resume: fc.option(
    fc.record({
      token: blob(1, 128),
      position: fc.record({ ...markFields, events: u32, awayMs: u32 }),
    }),
  ),
});

/** Values of WELCOME. */
export const welcome: fc.Arbitrary<Welcome> = fc.record({
  verdict: fc.constantFrom('new', 'here', 'whole', 'gap', 'unknown'),
  features: u32,
  sid: u64,
  stable: u48,
  holdMs: u32,
  heartbeatMs: u32,
  windowMs: u32,
  position: fc.record({ tag: u64, index: u48, hash: u64 }),
  token: blob(0, 128),
  addresses,
});

/** Fields of a token. */
export const token: fc.Arbitrary<Token> = fc.record({
  keyId: u32,
  sid: u64,
  time: u32,
  name: name(10),
  daemon: name(19),
  principal: blob(8, 8),
});

const memberFields = { name: session, returned: fc.option(session), subject: fc.option(subject) };

const views = fc
  .record({
    group,
    id: groupId,
    members: u32,
    hash: u64,
    records: fc.array(
      fc.record({ cause: fc.constantFrom('join', 'leave', 'disconnect'), index: u32, ...memberFields }),
      { maxLength: 8 },
    ),
  })
  .map((value): Written<ToClient> => {
    const writer = fieldWriter();
    for (const record of value.records) writeViewRecord(writer, record);
    const head = { ...value, changes: value.records.length };
    return { value: { kind: 'views', ...value }, frame: encodeViews(value.group, head, writer.finish()) };
  });

const MEMBERS = 1000;
/** Up to four ranges that are apart. */
const set = fc.array(fc.nat(MEMBERS), { maxLength: 8 }).map((ends) => {
  const places = ends.toSorted((a, b) => a - b);
  const pairs = Array.from({ length: places.length >> 1 }, (_, i) => places.slice(2 * i, 2 * i + 2));
  return pairs.map(([first = 0, end = 0]) => ({ first, count: end - first }));
});

const network = fc
  .record({
    group,
    id: groupId,
    reordered: fc.boolean(),
    hash: u64,
    gone: fc.array(session, { maxLength: 6 }),
    come: fc.array(fc.record({ index: fc.nat(MEMBERS - 1), ...memberFields }), { maxLength: 6 }),
    sets: fc.array(set, { maxLength: 4 }),
    observer: fc.boolean(),
  })
  .map(({ observer, ...rest }): Written<ToClient> => {
    const ownSet = observer || rest.sets.length === 0 ? null : rest.sets.length - 1;
    const value = { ...rest, members: MEMBERS, ownSet };
    return { value: { kind: 'network', ...value }, frame: encodeNetwork(value) };
  });

const block = fc.tuple(name(19), fc.array(fc.tuple(name(10), fc.option(subject)), { maxLength: 5 }));

const list = fc
  .record({
    group,
    blocks: fc.array(block, { maxLength: 4 }),
    head: fc.record({
      id: groupId,
      cause: fc.constantFrom('none', 'join', 'leave', 'disconnect', 'network'),
      first: fc.boolean(),
      last: fc.boolean(),
      answer: fc.boolean(),
      afterGap: fc.boolean(),
      withSubjects: fc.boolean(),
      members: fc.constant(MEMBERS),
      ownIndex: fc.option(fc.nat(MEMBERS - 1)),
      hash: u64,
      messages: fc.option(u48),
    }),
  })
  .map(({ group: of, blocks, head }): Written<ToClient> => {
    const writer = fieldWriter();
    for (const [daemon, members] of blocks) {
      const subjects = head.withSubjects ? members.map(([, each]) => each) : null;
      writeListBlock(
        writer,
        daemon,
        members.map(([own]) => own),
        subjects,
      );
    }
    const names = blocks.flatMap(([daemon, members]) => members.map(([own]) => privateGroup(own, daemon)));
    const subjects = head.withSubjects
      ? blocks.flatMap(([, members]) => members.map(([, each]) => each))
      : null;
    return {
      value: { kind: 'list', group: of, ...head, names, subjects },
      frame: encodeList(of, head, writer.finish()),
    };
  });

const gap = fc
  .record({
    group,
    reason: fc.constantFrom(...GAP_REASONS),
    missed: fc.option(known),
    awayMs: u32,
  })
  .map((value): Written<ToClient> => ({ value: { kind: 'gap', ...value }, frame: encodeGap(value) }));

const heartbeat = fc.tuple(fc.constantFrom('ping', 'pong'), u64).map(([kind, value]) => ({
  value: { kind, value },
  frame: (kind === 'ping' ? encodePing : encodePong)(value),
}));

const words: fc.Arbitrary<Written<ToClient>> = fc.oneof(
  mark.map((value) => ({ value: { kind: 'mark', ...value } as const, frame: encodeMark(value) })),
  u48.map((number) => ({ value: { kind: 'ack', number } as const, frame: encodeAck(number) })),
  u32.map((groups) => ({ value: { kind: 'resumed', groups } as const, frame: encodeResumed(groups) })),
  fc
    .record({ leftMs: u32, reason: fc.constantFrom('drain', 'alone', 'balance'), addresses })
    .map((value) => ({ value: { kind: 'move', ...value } as const, frame: encodeMove(value) })),
  addresses.map((value) => ({
    value: { kind: 'peers', addresses: value } as const,
    frame: encodePeers(value),
  })),
  fc
    .record({
      code: fc.constantFrom(
        'illegal',
        'slow',
        'too-many-groups',
        'stopping',
        'taken-over',
        'forgotten',
        'not-permitted',
        'parted',
      ),
      request: u48,
      view: u64,
      text: fc.string({ maxLength: 80 }),
    })
    .map((value) => ({ value: { kind: 'end', ...value } as const, frame: encodeEnd(value) })),
);

/** Frames of a daemon to its client. */
export const toClient: fc.Arbitrary<Written<ToClient>> = fc.oneof(
  views,
  network,
  list,
  gap,
  heartbeat,
  words,
);

/** Frames RESUME. */
export const resume: fc.Arbitrary<Written<ToDaemon>> = fc
  .record({
    next: u48,
    attempt: u32,
    more: fc.boolean(),
    groups: fc.array(
      fc.record({
        group,
        onDemand: fc.boolean(),
        signalled: fc.boolean(),
        had: fc.boolean(),
        wanted: fc.boolean(),
      }),
      { maxLength: 8 },
    ),
  })
  .map((value) => ({ value: { kind: 'resume', ...value } as const, frame: encodeResume(value) }));

/** Frames of a client to its daemon. */
export const toDaemon: fc.Arbitrary<Written<ToDaemon>> = fc.oneof(
  resume,
  heartbeat,
  u48.map((number) => ({ value: { kind: 'number', number } as const, frame: encodeNumber(number) })),
  group.map((of) => ({ value: { kind: 'list-request', group: of } as const, frame: encodeListRequest(of) })),
);

/** Frames that daemons put into the order. */
export const betweenDaemons: fc.Arbitrary<Written<DaemonFrame>> = fc.oneof(
  fc
    .array(fc.record({ sid: u64, first: u48, count: u16, at: u32 }), { maxLength: 8 })
    .map((runs) => ({ value: { kind: 'sources', runs } as const, frame: encodeSources(runs) })),
  fc
    .record({
      name: session,
      sid: u64,
      attempt: u32,
      last: u48,
      oldName: session,
      groups: fc.array(group, { maxLength: 8 }),
    })
    .map((value) => ({ value: { kind: 'return', ...value } as const, frame: encodeReturn(value) })),
  fc
    .record({ view: u64, index: u48, sids: fc.array(u64, { maxLength: 8 }) })
    .map((value) => ({ value: { kind: 'forget', ...value } as const, frame: encodeForget(value) })),
  session.map((of) => ({ value: { kind: 'alias-end', name: of } as const, frame: encodeAliasEnd(of) })),
  fc
    .record({ name: session, subject })
    .map((value) => ({ value: { kind: 'subject', ...value } as const, frame: encodeSubject(value) })),
);
