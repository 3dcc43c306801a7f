/**
 * What a connection has of the world outside: the way to its daemon, time, and randomness. A simulator passes others, in an
 * option that no type and no page of the package shows; recipes and channels find them at their connection.
 *
 * Cryptography has its own randomness, which nothing replaces.
 */
import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../util/clock.js';
import { openSocket } from './socket-transport.js';
import type { OpenTransport } from './transport.js';

export interface Platform {
  readonly open: OpenTransport;
  readonly clock: Clock;
  /** That many bytes by chance. */
  readonly random: (length: number) => Uint8Array;
}

/** The operating system's sockets, clock and randomness. */
export const nodePlatform: Platform = { open: openSocket, clock: systemClock, random: randomBytes };

const PLATFORM = Symbol('platform');

/** Gives options, or a connection, a platform: for what is not given, the one of Node. */
export function withPlatform<T extends object>(holder: T, platform: Partial<Platform>): T {
  const value = { ...nodePlatform, ...platform };
  return Object.defineProperty(holder, PLATFORM, { value, configurable: true });
}

/** Its platform; the one of Node when it was given none, as a connection of another copy of this package. */
export const platformOf = (holder: unknown): Platform =>
  (Object(holder) as { readonly [PLATFORM]?: Platform })[PLATFORM] ?? nodePlatform;
