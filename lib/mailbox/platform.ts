/**
 * What a connection has of the world outside: the way to its daemon, time, names, and randomness. A simulator passes others, in an
 * option that no type and no page of the package shows; recipes and channels find them at their connection.
 *
 * Cryptography has its own randomness, which nothing replaces.
 */
import { systemPlatform } from '#platform';
import type { Platform } from './platform/port.js';

export type { Platform } from './platform/port.js';
export { systemPlatform } from '#platform';

const PLATFORM = Symbol('platform');

/** Gives options, or a connection, a platform: for what is not given, the one of the machine. */
export function withPlatform<T extends object>(holder: T, platform: Partial<Platform>): T {
  const value = { ...systemPlatform, ...platform };
  return Object.defineProperty(holder, PLATFORM, { value, configurable: true });
}

/** Its platform; the one of the machine when it was given none, as a connection of another copy of this package. */
export const platformOf = (holder: unknown): Platform =>
  (Object(holder) as { readonly [PLATFORM]?: Platform })[PLATFORM] ?? systemPlatform;
