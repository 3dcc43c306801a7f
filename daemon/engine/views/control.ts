/** STATE, INSTALL and RESET [corosync 5.2.3, 5.2.4, 5.2.7, 5.2.9]. */
import { Buffer } from 'node:buffer';
import type { CpgAddress } from './ordered-transport.js';
import { ByteReader, ByteWriter } from '../../../lib/util/bytes.js';
import { FLAG_APART, FLAG_HAD_VIEW, PREFIX_BYTES, Type, versionText, writePrefix } from './message.js';

/** What a daemon has behind it: the view it was in, and what it delivered there. Tag 0: it never had a view. */
export interface PreviousView {
  readonly tag: bigint;
  readonly count: number;
  readonly hash: bigint;
}

export const NO_PAST: PreviousView = { tag: 0n, count: 0, hash: 0n };

/** Two that never had a view have nothing in common. */
export const equalPasts = (a: PreviousView, b: PreviousView): boolean =>
  a.tag !== 0n && a.tag === b.tag && a.count === b.count && a.hash === b.hash;

export interface State {
  readonly inc: bigint;
  readonly name: string;
  /** Names ring and members of the CPG group, so that only those who see the same agree on a view. */
  readonly key: bigint;
  /** Cuts of the sender so far: of two STATEs the later counts. */
  readonly attempt: number;
  readonly past: PreviousView;
  /** It was excluded for its report, and nobody is to wait for it. */
  readonly isApart: boolean;
}

/** The part of STATE that every version can read. */
export interface StateHead {
  readonly version: number;
  readonly hadView: boolean;
  readonly inc: bigint;
  readonly name: string;
}

export interface Entry extends CpgAddress {
  readonly inc: bigint;
  readonly name: string;
  readonly attempt: number;
  readonly past: PreviousView;
}

export const Reason = { silent: 1, name: 2, report: 3 } as const;

/** A process of the CPG group that is not in the view. */
export interface ExcludedProcess extends CpgAddress {
  readonly reason: number;
}

export interface Install {
  readonly key: bigint;
  /** Identity of the view for people. */
  readonly id: string;
  readonly members: readonly Entry[];
  readonly excluded: readonly ExcludedProcess[];
}

/** Not to be waited for in the round that follows. */
export interface Excluded extends CpgAddress {
  readonly reason: number;
  /** One line for people; empty when the reason says it all. */
  readonly why: string;
}

export interface Reset {
  readonly tag: bigint;
  readonly excluded: readonly Excluded[];
}

function begin(version: number, type: number, flags = 0): ByteWriter {
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
  writePrefix(prefix, version, type, flags);
  return new ByteWriter('LE').raw(prefix);
}

const writePast = (to: ByteWriter, { tag, count, hash }: PreviousView): ByteWriter =>
  to.u64(tag).u48(count).u64(hash);
const readPast = (from: ByteReader): PreviousView => ({
  tag: from.u64(),
  count: from.u48(),
  hash: from.u64(),
});
const readAddress = (from: ByteReader): CpgAddress => ({ node: from.u32(), pid: from.u32() });

export function encodeState(version: number, { inc, name, key, attempt, past, isApart }: State): Buffer {
  const flags = (past.tag === 0n ? 0 : FLAG_HAD_VIEW) | (isApart ? FLAG_APART : 0);
  const to = begin(version, Type.state, flags).u64(inc).latin1(name).u64(key).u32(attempt);
  return writePast(to, past).finish();
}

/** @throws Malformed */
export function readStateHead(bytes: Buffer, version: number, flags: number): StateHead {
  const from = new ByteReader(bytes, 'LE', PREFIX_BYTES);
  return { version, hadView: (flags & FLAG_HAD_VIEW) !== 0, inc: from.u64(), name: from.latin1() };
}

/** @throws Malformed */
export function readState(bytes: Buffer, flags: number): State {
  const from = new ByteReader(bytes, 'LE', PREFIX_BYTES);
  return {
    inc: from.u64(),
    name: from.latin1(),
    key: from.u64(),
    attempt: from.u32(),
    past: readPast(from),
    isApart: (flags & FLAG_APART) !== 0,
  };
}

export function encodeInstall(version: number, { key, id, members, excluded }: Install): Buffer {
  const to = begin(version, Type.install).u64(key).latin1(id).u16(members.length);
  for (const { node, pid, inc, name, attempt, past } of members) {
    writePast(to.u32(node).u32(pid).u64(inc).latin1(name).u32(attempt), past);
  }
  to.u16(excluded.length);
  for (const { node, pid, reason } of excluded) to.u32(node).u32(pid).u8(reason);
  return to.finish();
}

/** @throws Malformed */
export function readInstall(bytes: Buffer): Install {
  const from = new ByteReader(bytes, 'LE', PREFIX_BYTES);
  const key = from.u64();
  const id = from.latin1();
  const members = Array.from({ length: from.u16() }, (): Entry => {
    const address = readAddress(from);
    return { ...address, inc: from.u64(), name: from.latin1(), attempt: from.u32(), past: readPast(from) };
  });
  const excluded = Array.from({ length: from.u16() }, (): ExcludedProcess => ({
    ...readAddress(from),
    reason: from.u8(),
  }));
  return { key, id, members, excluded };
}

export function encodeReset(version: number, { tag, excluded }: Reset): Buffer {
  const to = begin(version, Type.reset).u64(tag).u16(excluded.length);
  for (const { node, pid, reason, why } of excluded) to.u32(node).u32(pid).u8(reason).latin1(why);
  return to.finish();
}

/** @throws Malformed */
export function readReset(bytes: Buffer): Reset {
  const from = new ByteReader(bytes, 'LE', PREFIX_BYTES);
  const tag = from.u64();
  const excluded = Array.from({ length: from.u16() }, (): Excluded => ({
    ...readAddress(from),
    reason: from.u8(),
    why: from.latin1(),
  }));
  return { tag, excluded };
}

/** For refusals: who speaks which version. */
export const versionClash = (own: string, version: number, theirs: StateHead): string =>
  `the daemon "${theirs.name}" speaks version ${versionText(theirs.version)} of the daemon protocol, this one ("${own}") version ${versionText(version)}; all daemons of a cluster need the same`;
