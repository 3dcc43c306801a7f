/** STATE, INSTALL and RESET (engine-corosync.md 5.2 steps 3, 4, 7 and 9). */
import { Buffer } from 'node:buffer';
import type { CpgAddress } from '../cpg.js';
import { Reader, Writer } from './bytes.js';
import { FLAG_HAD_VIEW, PREFIX_BYTES, Type, VIEWS_VERSION, writePrefix } from './message.js';

/** What a daemon has behind it: the view it was in, and what it delivered there. Tag 0: it never had a view. */
export interface Past {
  readonly tag: bigint;
  readonly count: number;
  readonly hash: bigint;
}

export const NO_PAST: Past = { tag: 0n, count: 0, hash: 0n };

/** Two that never had a view have nothing in common. */
export const equalPasts = (a: Past, b: Past): boolean =>
  a.tag !== 0n && a.tag === b.tag && a.count === b.count && a.hash === b.hash;

export interface State {
  readonly inc: bigint;
  readonly name: string;
  /** Names ring and members of the CPG group, so that only those who see the same agree on a view. */
  readonly key: bigint;
  /** Cuts of the sender so far: of two STATEs the later counts. */
  readonly attempt: number;
  readonly past: Past;
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
  readonly past: Past;
}

export const Reason = { silent: 1, name: 2 } as const;

/** A process of the CPG group that is not in the view. */
export interface LeftOut extends CpgAddress {
  readonly reason: number;
}

export interface Install {
  readonly key: bigint;
  /** Identity of the view for people. */
  readonly id: string;
  readonly members: readonly Entry[];
  readonly leftOut: readonly LeftOut[];
}

export interface Reset {
  readonly tag: bigint;
  /** Not to be waited for in the round that follows. */
  readonly exclude: CpgAddress | null;
}

function head(type: number, flags = 0): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES);
  writePrefix(bytes, type, flags);
  return bytes;
}

const writePast = (to: Writer, { tag, count, hash }: Past): Writer => to.u64(tag).u48(count).u64(hash);
const readPast = (from: Reader): Past => ({ tag: from.u64(), count: from.u48(), hash: from.u64() });
const readAddress = (from: Reader): CpgAddress => ({ node: from.u32(), pid: from.u32() });

export function encodeState({ inc, name, key, attempt, past }: State): Buffer {
  const to = new Writer().u64(inc).text(name).u64(key).u32(attempt);
  return writePast(to, past).finish(head(Type.state, past.tag === 0n ? 0 : FLAG_HAD_VIEW));
}

/** @throws ControlFault */
export function readStateHead(bytes: Buffer, version: number, flags: number): StateHead {
  const from = new Reader(bytes, PREFIX_BYTES);
  return { version, hadView: (flags & FLAG_HAD_VIEW) !== 0, inc: from.u64(), name: from.text() };
}

/** @throws ControlFault */
export function readState(bytes: Buffer): State {
  const from = new Reader(bytes, PREFIX_BYTES);
  return {
    inc: from.u64(),
    name: from.text(),
    key: from.u64(),
    attempt: from.u32(),
    past: readPast(from),
  };
}

export function encodeInstall({ key, id, members, leftOut }: Install): Buffer {
  const to = new Writer().u64(key).text(id).u16(members.length);
  for (const { node, pid, inc, name, attempt, past } of members) {
    writePast(to.u32(node).u32(pid).u64(inc).text(name).u32(attempt), past);
  }
  to.u16(leftOut.length);
  for (const { node, pid, reason } of leftOut) to.u32(node).u32(pid).u8(reason);
  return to.finish(head(Type.install));
}

/** @throws ControlFault */
export function readInstall(bytes: Buffer): Install {
  const from = new Reader(bytes, PREFIX_BYTES);
  const key = from.u64();
  const id = from.text();
  const members = Array.from({ length: from.u16() }, (): Entry => {
    const address = readAddress(from);
    return { ...address, inc: from.u64(), name: from.text(), attempt: from.u32(), past: readPast(from) };
  });
  const leftOut = Array.from({ length: from.u16() }, (): LeftOut => ({
    ...readAddress(from),
    reason: from.u8(),
  }));
  return { key, id, members, leftOut };
}

export function encodeReset({ tag, exclude }: Reset): Buffer {
  const to = new Writer().u64(tag).u8(exclude ? 1 : 0);
  if (exclude) to.u32(exclude.node).u32(exclude.pid);
  return to.finish(head(Type.reset));
}

/** @throws ControlFault */
export function readReset(bytes: Buffer): Reset {
  const from = new Reader(bytes, PREFIX_BYTES);
  return { tag: from.u64(), exclude: from.u8() === 1 ? readAddress(from) : null };
}

/** For refusals: who speaks which version. */
export const versionClash = (own: string, theirs: StateHead): string =>
  `the daemon "${theirs.name}" speaks version ${theirs.version} of the daemon protocol, this one ("${own}") version ${VIEWS_VERSION}`;
