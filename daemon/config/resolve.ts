/** Daemons that the file gives by name alone get their addresses [daemon 4.2]. */
import { lookup as systemLookup } from 'node:dns/promises';
import { canonicalAddress, familyOf, isMulticast, isUnspecified, type Family } from './address.js';
import type { ParsedConfiguration, ParsedDaemon } from './parsed.js';
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

/**
 * What is known of another host from here: the addresses of daemons that are named like it, with or without its
 * domain, and those that its name is looked up to.
 * @throws ConfigurationError when there are none
 */
export async function addressesOfHost(
  hostName: string,
  { file, family, daemons }: ResolvedConfiguration,
  lookup: Lookup = systemLookup,
): Promise<string[]> {
  const names = new Set([hostName, shortName(hostName)].map((name) => name.toLowerCase()));
  const named = daemons.filter(({ host, name }) =>
    [host, name].some((each) => names.has(each.toLowerCase())),
  );
  const found = await lookup(hostName, { family, all: true }).catch(() => []);
  const addresses = [...named.map(({ address }) => address), ...found.map(({ address }) => address)];
  if (addresses.length > 0) return addresses;
  throw new ConfigurationError(
    `no daemon is named like the host ${show(hostName)}, and no IPv${family} address is found for it`,
    file,
  );
}

const shortName = (hostName: string): string => hostName.split('.', 1)[0] ?? hostName;
