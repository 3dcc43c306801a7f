/** The C declarations (`cpg.h`, `cmap.h`, `poll.h`, `socket.h`, `string.h`), and how koffi calls them. */
import type { LibraryHandle, TypeObject } from 'koffi';
import { TransportError } from './errors.js';
import type { CmapLibrary, CpgLibrary, Koffi, RawCallbacks, Registered } from './library.js';

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
    throw new TransportError('NO_LIBRARY', advice, null, { cause });
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
