/**
 * libcpg, and a few functions of the C library, as functions of JavaScript [corosync 2]. koffi is an
 * optional dependency and is loaded here only, when somebody asks: a daemon that runs alone never does.
 */
import type { Buffer } from 'node:buffer';
import type { LibraryHandle, TypeObject } from 'koffi';
import { TransportError } from './errors.js';

/** The name, not a path: the loader of the system looks for it. */
export const CPG_LIBRARY = 'libcpg.so.4';

/** The same for Corosync's table of settings and figures. */
const CMAP_LIBRARY = 'libcmap.so.4';

/** What a callback gets for a pointer. */
export type Pointer = bigint | null;
export type CInteger = number | bigint;
export type Handle = CInteger;

/** The three callbacks of model V1, as the library calls them. */
export interface RawCallbacks {
  deliver(handle: Handle, group: Pointer, node: number, pid: number, data: Pointer, length: CInteger): void;
  /** Member, left and joined lists, each with its length. */
  confchg(handle: Handle, group: Pointer, members: Pointer, count: CInteger, ...others: unknown[]): void;
  ring(
    handle: Handle,
    id: { readonly nodeid: number; readonly seq: CInteger },
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
    throw new TransportError('ERR_SSP_COROSYNC_NO_KOFFI', advice, null, { cause });
  }
}

// The C declarations (`cpg.h`, `cmap.h`, `poll.h`, `socket.h`, `string.h`), and how koffi calls them.

/** `cpg_dispatch` puts 1 MiB on its stack [corosync 2.1]. */
const SYNC_STACK = 8 * 1024 * 1024;
/** `CPG_MAX_NAME_LENGTH`. */
const GROUP_NAME_ROOM = 128;

export function bind(koffi: Koffi, path: string): CpgLibrary {
  widenStack(koffi);
  const cpg = open(koffi, path);
  const libc = koffi.load(null);
  const { struct, pointer, out, inout, array } = koffi;
  const groupName = pointer(struct({ length: 'uint32_t', value: array('char', GROUP_NAME_ROOM, 'String') }));
  const iovec = pointer(struct({ base: 'void *', length: 'size_t' }));
  const modelData = pointer(
    struct({ model: 'int', deliver: 'void *', confchg: 'void *', ring: 'void *', flags: 'uint' }),
  );
  const ringId = struct({ nodeid: 'uint32_t', seq: 'uint64_t' });
  const list = ['void *', 'size_t'];
  const types = {
    deliver: koffi.proto('void', ['uint64_t', 'void *', 'uint32_t', 'uint32_t', ...list]),
    confchg: koffi.proto('void', ['uint64_t', 'void *', ...list, ...list, ...list]),
    ring: koffi.proto('void', ['uint64_t', ringId, 'uint32_t', 'void *']),
  };
  const initialize = cpg.func('cpg_model_initialize', 'int', [
    out(pointer('uint64_t')),
    'int',
    modelData,
    'void *',
  ]);
  return {
    initialize: async (handle, model, data) => await request(initialize)(handle, model, data, null),
    localGet: request(cpg.func('cpg_local_get', 'int', ['uint64_t', out(pointer('uint32_t'))])),
    join: request(cpg.func('cpg_join', 'int', ['uint64_t', groupName])),
    leave: request(cpg.func('cpg_leave', 'int', ['uint64_t', groupName])),
    finalize: request(cpg.func('cpg_finalize', 'int', ['uint64_t'])),
    fdGet: cpg.func('cpg_fd_get', 'int', ['uint64_t', out(pointer('int'))]),
    dispatch: cpg.func('cpg_dispatch', 'int', ['uint64_t', 'int']),
    mcast: cpg.func('cpg_mcast_joined', 'int', ['uint64_t', 'int', iovec, 'uint']),
    poll: request(libc.func('poll', 'int', ['void *', 'ulong', 'int'])),
    shutdown: libc.func('shutdown', 'int', ['int', 'int']),
    getpeername: libc.func('getpeername', 'int', ['int', 'void *', inout(pointer('uint32_t'))]),
    memcpy: libc.func('memcpy', 'void *', ['void *', 'void *', 'size_t']),
    address: koffi.address,
    register: (callbacks) => register(koffi, callbacks, types),
  };
}

export function bindCmap(koffi: Koffi, path: string): CmapLibrary {
  const cmap = open(koffi, path);
  const { pointer, out } = koffi;
  return {
    initialize: request(cmap.func('cmap_initialize', 'int', [out(pointer('uint64_t'))])),
    getUint32: request(
      cmap.func('cmap_get_uint32', 'int', ['uint64_t', 'const char *', out(pointer('uint32_t'))]),
    ),
    fdGet: cmap.func('cmap_fd_get', 'int', ['uint64_t', out(pointer('int'))]),
    finalize: request(cmap.func('cmap_finalize', 'int', ['uint64_t'])),
  };
}

/**
 * A program with a daemon inside may have loaded koffi before, and then nothing can be set any more; koffi's own
 * 2 MiB are enough too, as measured [corosync 2.1], only with less room.
 */
function widenStack(koffi: Koffi): void {
  if ((koffi.config().sync_stack_size ?? 0) >= SYNC_STACK) return;
  try {
    koffi.config({ sync_stack_size: SYNC_STACK });
  } catch {
    // As said.
  }
}

function open(koffi: Koffi, path: string): LibraryHandle {
  try {
    return koffi.load(path);
  } catch (cause) {
    const advice = `${path} cannot be loaded, which Engine = corosync needs: apt install corosync (or libcpg4 and libcmap4 alone)`;
    throw new TransportError('ERR_SSP_COROSYNC_NO_LIBRARY', advice, null, { cause });
  }
}

/** The same function in a thread of koffi's. */
const request =
  (call: ReturnType<LibraryHandle['func']>) =>
  async (...args: unknown[]): Promise<number> =>
    await new Promise((resolve, reject) => {
      call.async(...args, (error: Error | null, status: number) => {
        if (error) reject(error);
        else resolve(status);
      });
    });

function register(
  koffi: Koffi,
  callbacks: RawCallbacks,
  types: Readonly<Record<keyof RawCallbacks, TypeObject>>,
): Registered {
  const one = (name: keyof RawCallbacks): bigint =>
    koffi.register(callbacks[name], koffi.pointer(types[name]));
  const pointers = { deliver: one('deliver'), confchg: one('confchg'), ring: one('ring') };
  return {
    ...pointers,
    unregister: () => {
      for (const pointer of Object.values(pointers)) koffi.unregister(pointer);
    },
  };
}
