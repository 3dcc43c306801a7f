/** The package that the adapter extends: the user's own, so that there is one copy of it. */
import type * as Host from 'socket.io-adapter';

export type HostModule = typeof Host;

/**
 * Loads it.
 * @throws Error that says what to install
 */
export async function loadHost(
  load: () => Promise<unknown> = () => import('socket.io-adapter'),
): Promise<HostModule> {
  let host: Partial<HostModule>;
  try {
    const module = (await load()) as Partial<HostModule> & { readonly default?: Partial<HostModule> };
    // A module of CommonJS, whose names a loader may not have found.
    host = module.ClusterAdapter ? module : (module.default ?? module);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw bare('install socket.io-adapter to use ssp-toolkit/socket.io');
  }
  if (typeof host.ClusterAdapter !== 'function')
    throw bare('expected socket.io-adapter 2.5.5 or newer, got one without ClusterAdapter');
  return host;
}

/** The sentence says everything: where it was thrown, and why, would only hide it. */
function bare(message: string): Error {
  const error = new Error(message);
  error.stack = `Error: ${message}`;
  return error;
}
