/**
 * Whether an HTTP request may become a WebSocket. All is decided before the upgrade: a client that is refused there waits longer
 * and longer before it tries again; one that is accepted and then closed comes back at once.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Clock } from '../../../lib/util/clock.js';
import { deferred } from '../../../lib/util/deferred.js';
import { Origins } from '../../../lib/util/origin.js';
import { isLocalName } from '../local-name.js';
import { addressKey } from '../peer.js';
import type { PenaltyBox } from './penalty-box.js';
import { type Principal, principalFault, type Verify } from './principal.js';
import { readOffer, SUBPROTOCOL } from './token.js';
import { LEEWAY, TokenFault, type TokenKeys } from './token-keys.js';

/** Checks of tokens that run at one time, and milliseconds for each. */
export const MAX_CHECKS = 256;
export const CHECK_TIMEOUT = 5_000;
/** Checks that were given up after that time and still run, at most: then no other one begins, so at most the sum of both runs. */
export const MAX_HUNG_CHECKS = 256;
/** Seconds after which a client may ask again that was refused for want of room. */
const RETRY_AFTER = 5;

/** What a refusal is counted as. */
export type RefusalReason =
  | 'request'
  | 'origin'
  | 'no-token'
  | 'token'
  | 'expired'
  | 'penalty'
  | 'sockets'
  | 'sessions'
  | 'checks'
  | 'hung-checks'
  | 'stopping';

export class Refusal {
  constructor(
    readonly status: number,
    readonly reason: RefusalReason,
    /** The body of the answer, and for the log. */
    readonly text: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {}
}

/** A client that may come in. */
export interface Granted {
  /** Null without a token. */
  readonly principal: Principal | null;
  readonly client: ClientAddress;
  /** Who it is for the penalty box. */
  readonly key: string;
}

export interface ClientAddress {
  /** IP address. */
  readonly address: string;
  /** Null behind a proxy, which does not tell it. */
  readonly port: number | null;
}

export interface UpgradeRules {
  readonly behindProxy: boolean;
  readonly origins: readonly string[];
  /** Whether a client without a token may come in. */
  readonly anonymous: boolean;
  /** Whether only programs of this machine reach it, and no proxy: pages have to call it by its address then, or bring a token. */
  readonly isLocal: boolean;
  /** Replaces the keys. */
  readonly verify: Verify | null;
}

export class UpgradeChecks {
  /** Another one after a reload. */
  keys: TokenKeys | null;
  private readonly origins: Origins;
  private running = 0;
  /** Checks that were given up and have not ended. */
  private hung = 0;

  constructor(
    private readonly rules: UpgradeRules,
    keys: TokenKeys | null,
    private readonly penalties: PenaltyBox,
    private readonly clock: Clock,
  ) {
    this.keys = keys;
    this.origins = new Origins(rules.origins);
  }

  /** Whether the request may become a WebSocket, as far as it depends on what the client sends. */
  async check(request: IncomingMessage): Promise<Granted | Refusal> {
    const { headers, method } = request;
    const offer = readOffer(headers);
    if (method !== 'GET' || !offer.speaks) {
      return new Refusal(400, 'request', `expected GET with the subprotocol ${SUBPROTOCOL}`);
    }
    if (!this.origins.allows(headers.origin, headers.host)) {
      return new Refusal(403, 'origin', 'pages of this origin may not connect (WebSocketOrigins)');
    }
    if (offer.isMalformed)
      return unauthorized('token', 'expected a token of at most 4096 visible ASCII characters');
    const client = clientOf(request, this.rules.behindProxy);
    const found = await this.principalOf(request, client, offer.token);
    if (found instanceof Refusal) return found;
    if (found === null && this.rules.isLocal && headers.origin !== undefined && !isLocalName(headers.host))
      return new Refusal(403, 'origin', 'without a token, expected an address or localhost as Host');
    const key = `${addressKey({ remoteAddress: client.address })} ${found === null ? '' : found.sub}`;
    const left = this.penalties.leftOf(key);
    if (left === 0) return { principal: found, client, key };
    const retry = String(Math.ceil(left / 1000));
    return new Refusal(429, 'penalty', 'too soon after a connection that had to be closed', {
      'retry-after': retry,
    });
  }

  /** Null for a client without a token that may come in all the same. */
  private async principalOf(
    request: IncomingMessage,
    { address }: ClientAddress,
    token: string | null,
  ): Promise<Principal | Refusal | null> {
    const { verify, anonymous } = this.rules;
    if (verify !== null) {
      const asked = { token, url: request.url ?? '/', headers: request.headers, address };
      const found = await this.inTime(async () => this.checked(await verify(asked)));
      const isAnonymous = token === null && anonymous && found instanceof TokenFault;
      return isAnonymous ? null : refusalOr(found);
    }
    if (token === null) {
      return anonymous
        ? null
        : unauthorized('no-token', `expected a token, as the subprotocol ssp.bearer.<base64url>`);
    }
    const { keys } = this;
    if (keys === null) return unauthorized('token', 'no tokens are known here');
    return refusalOr(await this.inTime(() => keys.verify(token, this.clock.date())));
  }

  /** What a check of one's own says, checked itself. */
  private checked(found: Principal | null): Principal | TokenFault {
    if (typeof found !== 'object' || found === null)
      return new TokenFault('the check of the token refused it');
    const problem = principalFault(found);
    if (problem !== null) return new TokenFault(problem);
    const isOver = endOf(found, this.clock.date()) <= this.clock.date();
    return isOver ? new TokenFault('the token has expired', 'expired') : found;
  }

  /** Runs a check, if there are not too many, and waits for it, but not for long: nobody can stop one that hangs. */
  private async inTime<T>(check: () => Promise<T>): Promise<T | TokenFault | Refusal> {
    if (this.hung >= MAX_HUNG_CHECKS) {
      const text = `expected checks of tokens to end within ${CHECK_TIMEOUT} ms, and ${this.hung} have not ended since`;
      return retryLater('hung-checks', text);
    }
    if (this.running >= MAX_CHECKS) return busy('too many tokens are being checked');
    this.running++;
    const late = deferred<Refusal>();
    const found = check().catch(() => new TokenFault('the check of the token failed'));
    const timer = this.clock.after(CHECK_TIMEOUT, () => {
      this.hung++;
      void found.then(() => this.hung--);
      late.resolve(busy('the check of the token took too long'));
    });
    try {
      return await Promise.race([found, late.promise]);
    } finally {
      this.running--;
      timer.cancel();
    }
  }
}

const unauthorized = (reason: RefusalReason, text: string): Refusal =>
  new Refusal(401, reason, text, { 'www-authenticate': 'Bearer realm="sspd"' });

const busy = (text: string): Refusal => retryLater('checks', text);

/** There is no room now. */
export const retryLater = (reason: RefusalReason, text: string): Refusal =>
  new Refusal(503, reason, text, { 'retry-after': String(RETRY_AFTER) });

const refusalOr = (found: Principal | TokenFault | Refusal): Principal | Refusal =>
  found instanceof TokenFault ? unauthorized(found.reason, found.text) : found;

/**
 * When a session with this token ends, in milliseconds since 1970. One that is accepted by the leeway alone has its session for
 * as long: it is not accepted to be closed at once.
 */
export function endOf({ exp = Infinity }: Principal, now: number): number {
  const end = exp * 1000;
  return end > now ? end : end + LEEWAY * 1000;
}

/** Behind a proxy the client is the last one that the header names: the proxy has added it, all others anybody could have. */
export function clientOf(
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
  behindProxy: boolean,
): ClientAddress {
  const { remoteAddress = '', remotePort = null } = socket;
  const forwarded = behindProxy ? forwardedFor(headers) : null;
  return forwarded === null
    ? { address: remoteAddress, port: remotePort }
    : { address: forwarded, port: null };
}

/** Some proxies add the port. */
function forwardedFor(headers: IncomingHttpHeaders): string | null {
  const named = headers['x-forwarded-for'];
  const last = (typeof named === 'string' ? named : '').split(',').at(-1)?.trim() ?? '';
  const [, inBrackets, ipv4] = /^(?:\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/.exec(last) ?? [];
  const address = inBrackets ?? ipv4 ?? last;
  return isIP(address) === 0 ? null : address;
}
