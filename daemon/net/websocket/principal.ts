/** Whom a token, or a check of one's own, shows a client to be. */
import type { IncomingHttpHeaders } from 'node:http';
import { isSubject, MAX_SUBJECT_BYTES } from '../../../lib/wire/extension/member.js';

/** Who a client is. */
export interface Principal {
  /** Its subject: 1 to 128 bytes of UTF-8. Members of its groups get to know it. */
  readonly sub: string;
  /** What else it is, for rules of permissions: `role:NAME`. At most 64. */
  readonly roles?: readonly string[];
  /** Seconds since 1970 at which its session ends; without it the session has no end. */
  readonly exp?: number;
  /** All claims of the token; not used by the daemon. */
  readonly claims?: object;
}

/** An upgrade to a WebSocket, for a check of one's own. */
export interface UpgradeRequest {
  /** What the client shows: of a subprotocol `ssp.bearer.`, or of `Authorization: Bearer`. Null for nothing. */
  readonly token: string | null;
  /** Path and query, as the client sent them. */
  readonly url: string;
  /** All headers, with names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** IP address of the client. */
  readonly address: string;
}

/**
 * Finds out who a client is, in 5 seconds at most; null refuses it with 401, as an error does.
 * Called before the upgrade, for at most 256 clients at a time.
 */
export type Verify = (request: UpgradeRequest) => Principal | null | Promise<Principal | null>;

const MAX_ROLES = 64;

/** What keeps claims from being a principal, in words; null for nothing. */
export function principalFault({
  sub,
  roles = [],
  exp,
}: { [K in keyof Principal]?: unknown }): string | null {
  if (typeof sub !== 'string' || !isSubject(sub)) {
    return `expected a subject (sub) of 1 to ${MAX_SUBJECT_BYTES} bytes`;
  }
  const isList = Array.isArray(roles) && roles.length <= MAX_ROLES;
  if (!isList || !roles.every((role) => typeof role === 'string' && isSubject(role))) {
    return `expected at most ${MAX_ROLES} texts as roles, each of 1 to ${MAX_SUBJECT_BYTES} bytes`;
  }
  return exp === undefined || Number.isFinite(exp) ? null : 'expected a number as end (exp)';
}

/** What rules of permissions call the client. @param principal null without a token */
export const principalNames = (principal: Principal | null): string[] =>
  principal === null
    ? ['web']
    : ['web', `web:${principal.sub}`, ...(principal.roles ?? []).map((role) => `role:${role}`)];
