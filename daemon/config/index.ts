/** The room of the `spread.conf` language: from a file's name to a plain, checked `Configuration`. */
import { networkInterfaces } from 'node:os';
import { parseConfiguration } from './configuration.js';
import { selectOwn, type Configuration } from './select-self.js';
import { addressesOfHost, resolveDaemons } from './resolve.js';
import { searchConfiguration } from './search.js';

export { parseConfiguration } from './configuration.js';
export type { ParsedDaemon } from './parsed.js';
export { daemonId } from './daemon-id.js';
export { ConfigurationError } from './error.js';
export { findOwn, selectOwn, type Configuration } from './select-self.js';
export { resolveDaemons, type Lookup, type ResolvedConfiguration, type ResolvedDaemon } from './resolve.js';
export { searchConfiguration } from './search.js';

export interface LoadOptions {
  /** `-c`: this file and no other. Without it the usual places. */
  readonly file?: string | undefined;
  /** `-n`: the name of the own daemon. */
  readonly name?: string | undefined;
  /** Another host that the file is read for; default this one. */
  readonly hostName?: string | undefined;
}

/**
 * Finds, reads and checks the configuration, and finds the own daemon in it.
 * @throws ConfigurationError for everything that keeps this daemon from starting
 */
export async function loadConfiguration({ file, name, hostName }: LoadOptions = {}): Promise<Configuration> {
  const found = await searchConfiguration(file);
  const resolved = await resolveDaemons(parseConfiguration(found.text, found.file));
  if (hostName === undefined) return selectOwn(resolved, { name, localAddresses: localAddresses() });
  const addresses = await addressesOfHost(hostName, resolved);
  return selectOwn(resolved, { name, localAddresses: addresses, hostName, isElsewhere: true });
}

/** Every address that an interface of this host has now. */
export const localAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address));
