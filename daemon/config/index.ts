/** The room of the `spread.conf` language: from a file's name to a plain, checked `Configuration`. */
import { networkInterfaces } from 'node:os';
import { parseConfiguration } from './configuration.js';
import { selectOwn, type Configuration } from './own.js';
import { resolveDaemons } from './resolve.js';
import { searchConfiguration } from './search.js';

export { parseConfiguration, type ParsedDaemon } from './configuration.js';
export { daemonId } from './daemon-id.js';
export { ConfigurationError } from './error.js';
export { findOwn, selectOwn, type Configuration } from './own.js';
export { resolveDaemons, type Lookup, type ResolvedConfiguration, type ResolvedDaemon } from './resolve.js';
export { searchConfiguration } from './search.js';

export interface LoadOptions {
  /** `-c`: tried before the usual places. */
  readonly file?: string | undefined;
  /** `-n`: the name of the own daemon. */
  readonly name?: string | undefined;
}

/**
 * Finds, reads and checks the configuration, and finds the own daemon in it.
 * @throws ConfigurationError for everything that keeps this daemon from starting
 */
export async function loadConfiguration({ file, name }: LoadOptions = {}): Promise<Configuration> {
  const found = await searchConfiguration(file);
  const resolved = await resolveDaemons(parseConfiguration(found.text, found.file));
  const own = selectOwn(resolved, { name, localAddresses: localAddresses() });
  return { ...own, warnings: [...found.warnings, ...own.warnings] };
}

/** Every address that an interface of this host has now. */
export const localAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address));
