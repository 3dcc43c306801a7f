/**
 * libcpg, and a few functions of the C library, as functions of JavaScript [corosync 2]. koffi is an
 * optional dependency and is loaded here only, when somebody asks: a daemon that runs alone never does.
 */
import type { Buffer } from 'node:buffer';
import { bind, bindCmap } from './binding.js';
import { TransportError } from './errors.js';

/** The name, not a path: the loader of the system looks for it. */
export const CPG_LIBRARY = 'libcpg.so.4';

/** The same for Corosync's table of settings and figures. */
const CMAP_LIBRARY = 'libcmap.so.4';

/** What a callback gets for a pointer. */
export type Pointer = bigint | null;
export type Word = number | bigint;
export type Handle = Word;

/** The three callbacks of model V1, as the library calls them. */
export interface RawCallbacks {
  deliver(handle: Handle, group: Pointer, node: number, pid: number, data: Pointer, length: Word): void;
  /** Member, left and joined lists, each with its length. */
  confchg(handle: Handle, group: Pointer, members: Pointer, count: Word, ...others: unknown[]): void;
  ring(
    handle: Handle,
    id: { readonly nodeid: number; readonly seq: Word },
    count: number,
    nodes: Pointer,
  ): void;
}

export interface Iovec {
  readonly base: bigint;
  length: number;
}

/** Synchronous: never blocks. Promise: a request with a reply, answered as soon as Corosync does. */
export interface CpgLibrary {
  initialize(handle: [Handle], model: number, data: ModelData): Promise<number>;
  localGet(handle: Handle, node: [number]): Promise<number>;
  join(handle: Handle, group: GroupName): Promise<number>;
  leave(handle: Handle, group: GroupName): Promise<number>;
  finalize(handle: Handle): Promise<number>;
  fdGet(handle: Handle, descriptor: [number]): number;
  dispatch(handle: Handle, how: number): number;
  mcast(handle: Handle, guarantee: number, iovec: Iovec, count: number): number;
  /** Waits in a thread of its own until the descriptor in `pollfd` says something. */
  poll(pollfd: Uint8Array, count: number, timeout: number): Promise<number>;
  shutdown(descriptor: number, how: number): number;
  getpeername(descriptor: number, address: Buffer, length: [number]): number;
  memcpy(to: Buffer | Uint32Array, from: Pointer, length: number): unknown;
  address(buffer: Buffer): bigint;
  register(callbacks: RawCallbacks): Registered;
}

/** Requests with a reply, all of them, but for the descriptor. */
export interface CmapLibrary {
  initialize(handle: [Handle]): Promise<number>;
  getUint32(handle: Handle, key: string, value: [number]): Promise<number>;
  fdGet(handle: Handle, descriptor: [number]): number;
  finalize(handle: Handle): Promise<number>;
}

/** `cpg_model_v1_data_t`. */
export interface ModelData extends Pointers {
  readonly model: number;
  readonly flags: number;
}

interface Pointers {
  readonly deliver: bigint;
  readonly confchg: bigint;
  readonly ring: bigint;
}

export interface Registered extends Pointers {
  /** Not before the library is through with them. */
  unregister(): void;
}

/** `struct cpg_name`. */
export interface GroupName {
  readonly length: number;
  readonly value: string;
}

const loaded = new Map<string, CpgLibrary>();
const loadedCmap = new Map<string, CmapLibrary>();

/**
 * Loads koffi and the library; once each, unless it fails.
 * @throws TransportError that says what to install
 */
export async function loadLibrary(path = CPG_LIBRARY): Promise<CpgLibrary> {
  const known = loaded.get(path);
  if (known) return known;
  const koffi = await loadKoffi();
  // Another call may have been quicker.
  const library = loaded.get(path) ?? bind(koffi, path);
  loaded.set(path, library);
  return library;
}

/**
 * The library for the table, from the place where libcpg is.
 * @throws TransportError that says what to install
 */
export async function loadCmapLibrary(cpgPath = CPG_LIBRARY): Promise<CmapLibrary> {
  const path = cpgPath.replace(/[^/]*$/, CMAP_LIBRARY);
  const known = loadedCmap.get(path);
  if (known) return known;
  const koffi = await loadKoffi();
  const library = loadedCmap.get(path) ?? bindCmap(koffi, path);
  loadedCmap.set(path, library);
  return library;
}

export type Koffi = typeof import('koffi').default;

async function loadKoffi(): Promise<Koffi> {
  try {
    return (await import('koffi')).default;
  } catch (cause) {
    const advice = 'the package koffi is missing, which Engine = corosync needs: npm install koffi';
    throw new TransportError('NO_KOFFI', advice, null, { cause });
  }
}
