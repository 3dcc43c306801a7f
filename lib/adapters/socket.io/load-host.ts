/** The package that the adapter extends: the user's own, so that there is one copy of it. */
import type * as Host from 'socket.io-adapter';
import { bare, loadPackage } from '../missing-host.js';

export type HostModule = typeof Host;

/**
 * Loads it.
 * @throws Error that says what to install
 */
export async function loadHost(
  load: () => Promise<unknown> = () => import('socket.io-adapter'),
): Promise<HostModule> {
  const module = (await loadPackage(
    load,
    'socket.io-adapter',
    'ssp-toolkit/socket.io',
  )) as Partial<HostModule> & {
    readonly default?: Partial<HostModule>;
  };
  // A module of CommonJS, whose names a loader may not have found.
  const host = module.ClusterAdapter ? module : (module.default ?? module);
  if (typeof host.ClusterAdapter !== 'function')
    throw bare('expected socket.io-adapter 2.5.5 or newer, got one without ClusterAdapter');
  return host;
}
