/** Library and daemon versions and what depends on them [session 3.8]. */

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/**
 * What we announce on both sides: the version whose protocol this is. Old clients refuse daemons below 3 [session 3.7].
 */
export const PROTOCOL_VERSION: Version = { major: 5, minor: 0, patch: 1 };

/** The version of this toolkit; the same as in package.json, which a spec checks. */
export const TOOLKIT_VERSION: Version = { major: 0, minor: 1, patch: 0 };

/** One number to compare versions by. */
export const versionNumber = ({ major, minor, patch }: Version): number =>
  major * 10_000 + minor * 100 + patch;

/** The oldest library a daemon accepts. */
export const OLDEST_CLIENT = 30_100;
/** From here on the request and the accept carry a patch version. */
export const FIRST_WITH_PATCH = 31_500;
/** From here on there is a method list and a choice. */
export const FIRST_WITH_METHODS = 31_600;
/** Versions are signed bytes to the reference: 128 and above are no version. */
export const MAX_VERSION_BYTE = 127;

export const versionText = ({ major, minor, patch }: Version): string => `${major}.${minor}.${patch}`;
