/**
 * The recordings of real clients and a real daemon in `spec/fixtures/session`; its README describes the format.
 * Every spec that replays or decodes them reads them here.
 */
import { Buffer } from 'node:buffer';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `c2d` is client to daemon, `d2c` daemon to client. */
export type Direction = 'c2d' | 'd2c';

export interface Recording {
  readonly id: string;
  readonly scenario: string;
  readonly reference: string;
  readonly client: string;
  readonly daemon: string;
  readonly notes: readonly string[];
  readonly traces: readonly Trace[];
}

/** One connection. */
export interface Trace {
  readonly id: string;
  readonly client: 'C 5.0.1' | 'C 5.0.1 flush library' | 'Java 4.4.0' | 'hand-built bytes';
  readonly transport: 'tcp' | 'unix';
  readonly chunks: readonly Chunk[];
  readonly first_close_seen_from: 'client' | 'daemon' | 'none';
  readonly decoded: readonly Decoded[];
  /** What the client's program called; hand-built bytes have a description in its place. */
  readonly calls?: readonly Call[];
  readonly description?: string;
}

/** Bytes of one direction until the direction changes. `seq` orders the chunks of all traces of a file. */
export interface Chunk {
  readonly seq: number;
  readonly dir: Direction;
  readonly hex: string;
  /** Hand-built clients: sizes of the writes the chunk was sent in. */
  readonly segments?: readonly number[];
  /** So many bytes follow that are not stored; `elidedBytes` makes them. */
  readonly then_elided?: { readonly length: number; readonly sha256: string; readonly pattern: string };
  readonly continues?: boolean;
}

interface Unit {
  readonly dir: Direction;
  /** Place in the byte stream of the direction. */
  readonly offset: number;
  readonly length: number;
  /** Index of the chunk that holds the last byte. */
  readonly chunk: number;
}

export interface DecodedRequest extends Unit {
  readonly what: 'connect request';
  readonly version: string;
  readonly option: string;
  readonly membership_wanted: boolean;
  readonly priority: number;
  readonly name_length: number;
  readonly name: string;
}

export interface DecodedBadVersion extends Unit {
  readonly what: 'connect request (rejected version)';
  readonly version: readonly number[];
}

export interface DecodedGarbage extends Unit {
  readonly what: 'incomplete connect request' | 'incomplete or malformed frame';
}

export interface DecodedList extends Unit {
  readonly what: 'authentication method list';
  readonly list_length: number;
  readonly list: string;
}

export interface DecodedChoice extends Unit {
  readonly what: 'authentication choice';
  readonly methods: readonly string[];
}

export interface DecodedCredentials extends Unit {
  readonly what: 'password credentials';
  readonly username: string;
  readonly password: string;
}

export interface DecodedPasswordResult extends Unit {
  readonly what: 'password result';
  readonly value: number;
}

export interface DecodedAccept extends Unit {
  readonly what: 'accept';
  readonly code: number;
  readonly daemon_version: string;
  readonly private_group_length: number;
  readonly private_group: string;
}

export interface DecodedReject extends Unit {
  readonly what: 'reject';
  readonly code: number;
}

export interface DecodedFrame extends Unit {
  readonly what:
    | 'join request'
    | 'leave request'
    | 'disconnect request'
    | 'data message'
    | 'regular membership message'
    | 'transitional membership message'
    | 'self-leave notification'
    | 'reject message';
  readonly header_byte_order: 'little' | 'big';
  readonly type: string;
  readonly service: string;
  readonly name: string;
  readonly num_groups: number;
  readonly hint: string;
  readonly hint_byte_order: 'little' | 'big';
  readonly mess_type: number;
  readonly data_len: number;
  readonly groups: readonly string[];
  /** Data as latin1, when it is not long. */
  readonly data_text?: string;
  readonly membership?: DecodedMembership;
  /** Reject messages: the extra word. */
  readonly old_type?: string;
}

/** The group id alone in transitional messages. */
export interface DecodedMembership {
  readonly group_id: readonly [number, number, number];
  readonly num_vs_sets?: number;
  readonly offset_to_local_vs_set?: number;
  readonly local_vs_set_index?: number;
  readonly vs_sets?: readonly (readonly string[])[];
  readonly my_index?: number;
}

export type Decoded =
  | DecodedRequest
  | DecodedBadVersion
  | DecodedGarbage
  | DecodedList
  | DecodedChoice
  | DecodedCredentials
  | DecodedPasswordResult
  | DecodedAccept
  | DecodedReject
  | DecodedFrame;

/** One library call with its result; the `auth` calls have none. */
export interface Call {
  readonly call: string;
  readonly result?: CallResult;
}

/** `unchanged`: the library did not touch this output. */
export type Output<T> = T | 'unchanged';

/** Fields as the recorder printed them: C results first, then those that only Java has. */
export interface CallResult {
  readonly ret?: number;
  readonly private_group?: string;
  readonly service?: string;
  readonly sender?: string;
  /** Java prints one string, each name followed by a comma. */
  readonly groups?: readonly string[] | string;
  readonly num_groups?: Output<number>;
  readonly mess_type?: Output<number>;
  readonly endian_mismatch?: Output<number | boolean>;
  readonly memb_info?: {
    readonly ret: number;
    readonly gid: readonly [number, number, number];
    readonly changed_member: string;
    readonly num_vs_sets: number;
    readonly my_vs_set: { readonly num_members: number; readonly members_offset: number };
  };
  readonly vs?: {
    readonly ret: number;
    readonly my_index: number;
    readonly sets: readonly (readonly string[])[];
  };
  readonly body_hex?: string;
  readonly more?: number;
  readonly ok?: number;
  readonly ex?: string;
  readonly type?: number;
  readonly data?: string;
  readonly gid?: string;
  readonly joined?: string;
  readonly left?: string;
}

/** The specs run compiled, from `build` or another folder; the sources and fixtures are found from package.json. */
export const repositoryRoot: string = (() => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder) throw new Error(`no package.json above ${import.meta.url}`);
    folder = above;
  }
  return folder;
})();

/** Bits of a service word that the recorder of the flush library left out of its names. */
const UNNAMED_BITS = 0x09000000;

const folder = join(repositoryRoot, 'spec', 'fixtures', 'session');

/** All recordings, by name. */
export const recordings: readonly Recording[] = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .toSorted()
  .map((file): Recording => JSON.parse(readFileSync(join(folder, file), 'utf8'), inOneForm));

/**
 * Recordings of the flush library have data as digits, signed words in group ids, another place for that of a
 * transitional signal, and what the frames of that layer say.
 */
function inOneForm(key: string, value: unknown): unknown {
  if (key === 'group_id') return (value as number[]).map((word) => word >>> 0);
  if (typeof value !== 'object' || value === null || !('what' in value)) return value;
  if (value.what === 'self leave message') return { ...value, what: 'self-leave notification' };
  if ('data_hex' in value) {
    const { data_hex: data, flush: _, ...unit } = value as unknown as FlushUnit;
    const unnamed = Number(unit.type) & UNNAMED_BITS;
    const service = unnamed === 0 ? unit.service : `${unit.service}|0x${unnamed.toString(16)}`;
    return { ...unit, service, data_text: Buffer.from(data, 'hex').toString('latin1') };
  }
  if (!('group_id' in value)) return value;
  const { group_id: id, ...unit } = value;
  return { ...unit, membership: { group_id: id } };
}

type FlushUnit = DecodedFrame & { readonly data_hex: string; readonly flush?: object };

/** Every connection with its name for test titles, `recording/trace`. */
export const allTraces: readonly {
  readonly id: string;
  readonly recording: Recording;
  readonly trace: Trace;
}[] = recordings.flatMap((each) =>
  each.traces.map((trace) => ({ id: `${each.id}/${trace.id}`, recording: each, trace })),
);

export function recording(id: string): Recording {
  const found = recordings.find((each) => each.id === id);
  if (!found) throw new Error(`no recording ${id}`);
  return found;
}

export function traceOf(recordingId: string, traceId: string): Trace {
  const found = recording(recordingId).traces.find(({ id }) => id === traceId);
  if (!found) throw new Error(`no trace ${traceId} in recording ${recordingId}`);
  return found;
}

/** The bytes that a recording leaves out: at index i stands (7 i + (i >> 8)) mod 256. */
export function elidedBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (7 * i + (i >> 8)) & 0xff;
  return bytes;
}

/** All bytes of a chunk, the elided ones included. */
export const chunkBytes = (chunk: Chunk): Buffer =>
  Buffer.concat([Buffer.from(chunk.hex, 'hex'), elidedBytes(chunk.then_elided?.length ?? 0)]);

/** The byte stream of one direction. */
export const streamOf = (trace: Trace, dir: Direction): Buffer =>
  Buffer.concat(trace.chunks.filter((chunk) => chunk.dir === dir).map(chunkBytes));

/** The decoded units of one direction, in the order of their bytes. */
export const decodedOf = (trace: Trace, dir: Direction): Decoded[] =>
  trace.decoded.filter((unit) => unit.dir === dir);

/** The bytes of one decoded unit. */
export const unitBytes = (trace: Trace, unit: Decoded): Buffer =>
  streamOf(trace, unit.dir).subarray(unit.offset, unit.offset + unit.length);

export const isDecodedFrame = (unit: Decoded): unit is DecodedFrame => 'header_byte_order' in unit;

/** The decoded frames of one direction. */
export const framesOf = (trace: Trace, dir: Direction): DecodedFrame[] =>
  decodedOf(trace, dir).filter(isDecodedFrame);

/** The private group that the session was given; empty when it was refused. */
export const privateGroupOf = (trace: Trace): string => firstOf(trace, 'accept')?.private_group ?? '';

/** Units of the handshake that were whole. */
type HandshakeUnit = Exclude<Decoded, DecodedFrame | DecodedGarbage>;

/** The first unit of a kind in a handshake, if the trace has one. */
export const firstOf = <W extends HandshakeUnit['what']>(
  trace: Trace,
  what: W,
): Extract<HandshakeUnit, { what: W }> | undefined =>
  trace.decoded.find((unit): unit is Extract<HandshakeUnit, { what: W }> => unit.what === what);

/** Bytes in front of the first frame: the handshake of one direction. */
export const handshakeLength = (trace: Trace, dir: Direction): number =>
  decodedOf(trace, dir)
    .filter((unit) => !isDecodedFrame(unit) && unit.what !== 'incomplete or malformed frame')
    .reduce((length, unit) => Math.max(length, unit.offset + unit.length), 0);
