/** `createAdapter`: what a program hands to `io.adapter`. */
import type { Adapter } from 'socket.io-adapter';
import { onConnection } from '../connection.js';
import { groupNameOf } from '../group-name.js';
import { adapterClass, type AdapterPlan } from './adapter.js';
import { loadHost } from './load-host.js';
import { type AdapterFactory, type AdapterOptions, type AdapterSource, checkedOptions } from './options.js';

/**
 * Makes several Socket.IO servers one: `io.adapter(await createAdapter(connection))`.
 *
 * At all servers, every broadcast, join, leave and disconnect of rooms takes effect in one order, those of the server itself included. Each namespace is a group.
 * Its adapter, `io.of('/').adapter`, emits `degraded` with an error when the connection is lost: from then on it reaches only the clients of
 * this server. It emits `restored` when it is back in the order.
 * @param source a connection, which the caller closes, or options of `connect`
 * @returns what `io.adapter` takes
 * @throws IllegalParamError that says which option is wrong, Error when socket.io-adapter is not installed, and what `connect` throws
 */
export async function createAdapter(
  source: AdapterSource,
  options: AdapterOptions = {},
): Promise<AdapterFactory> {
  const { group, service, recovery } = checkedOptions(options);
  const SspAdapter = adapterClass(await loadHost());
  return await onConnection(source, async (place) => {
    const open = new Set<object>();
    const plan: AdapterPlan = {
      connection: place.connection,
      groupOf: (namespace) => groupNameOf(group + namespace),
      service,
      recovery,
      opened: (adapter) => open.add(adapter),
      closed: async (adapter) => {
        if (open.delete(adapter) && open.size === 0) await place.release();
      },
    };
    // The host calls it with `new`, which an arrow function does not allow.
    return function (nsp: unknown): Adapter {
      return new SspAdapter(nsp, plan);
    };
  });
}
