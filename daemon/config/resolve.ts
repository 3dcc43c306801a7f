/** Daemons that the file gives by name alone get their addresses (daemon-semantics.md 4.2). */
import { lookup as systemLookup } from 'node:dns/promises';
import { canonicalAddress, familyOf, isMulticast, isUnspecified, type Family } from './address.js';
import type { ParsedConfiguration, ParsedDaemon } from './configuration.js';
import { ConfigurationError, show } from './error.js';
import { checkAddresses } from './rules.js';

/** All addresses of a host, in the order of preference; `lookup` of `node:dns/promises` is one. */
export type Lookup = (
  host: string,
  options: { family: Family; all: true },
) => Promise<readonly { readonly address: string }[]>;

export interface ResolvedDaemon extends ParsedDaemon {
  readonly address: string;
}

export interface ResolvedConfiguration extends ParsedConfiguration {
  readonly daemons: readonly ResolvedDaemon[];
}

/**
 * Looks up what has no address yet, and checks the addresses again, now all of them.
 * @throws ConfigurationError at a name without a suitable address
 */
export async function resolveDaemons(
  parsed: ParsedConfiguration,
  lookup: Lookup = systemLookup,
): Promise<ResolvedConfiguration> {
  const { file, family } = parsed;
  const addressOf = async ({ address, host, position }: ParsedDaemon): Promise<string> => {
    if (address !== undefined) return address;
    try {
      const found = await lookup(host, { family, all: true });
      const suitable = found
        .map((one) => canonicalAddress(one.address))
        .find((one) => isSuitable(one, family));
      if (suitable !== undefined) return suitable;
    } catch (cause) {
      const problem = `no address found for ${show(host)}: ${cause instanceof Error ? cause.message : String(cause)}`;
      throw new ConfigurationError(problem.replaceAll(/\s+/g, ' '), file, position, { cause });
    }
    throw new ConfigurationError(`${show(host)} has no suitable IPv${family} address`, file, position);
  };
  const daemons = await Promise.all(
    parsed.daemons.map(async (daemon) => ({ ...daemon, address: await addressOf(daemon) })),
  );
  checkAddresses(daemons, file);
  return { ...parsed, daemons };
}

const isSuitable = (address: string, family: Family): boolean =>
  familyOf(address) === family && !isMulticast(address) && !isUnspecified(address);
