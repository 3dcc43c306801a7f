/** What `connect` and `join` take. */
import { errorOf } from '../errors.js';
import type { ResumeOptions } from './resume/options.js';
import type { TlsOptions } from '../mailbox/transport.js';
import type { Secure } from './node-types.js';
import type { PayloadOptions } from './typed/payload.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';
import { OptionChecks } from '../util/option-checks.js';

/** The options of `connect`; each has a default. */
export interface ConnectOptions {
  /**
   * Where the daemon is: `4803@host`, `host:4803`, `[::1]:4803` or `tcp://host:4803` for TCP, `tls://host:4843` for TLS,
   * `4803` for the local socket `/tmp/4803`, `unix:/path` for one elsewhere. Default: the local socket of port 4803.
   */
  readonly address?: string | undefined;
  /**
   * Several daemons: the connection is made to the first that accepts, and after a loss it comes back to the first that
   * accepts then, as `resume` says. Each is an address as above, several of them with commas between, or
   * `srv:_sspd._tcp.example.org`: those that DNS lists. Of a host with several addresses each one counts.
   */
  readonly addresses?: readonly string[] | undefined;
  /**
   * Whether the connection comes back when it is lost: groups, loops and listeners live on, and the event `gap` says where
   * something is missing. Default: true with `addresses`, else false. False with `addresses`: only the first connect tries
   * them all.
   */
  readonly resume?: boolean | ResumeOptions | undefined;
  /** `send` resolves at once while fewer bytes than this are unsent; default 1 MiB. */
  readonly sendHighWater?: number | undefined;
  /** Name of the connection, 1 to 10 characters from `$` to `~`, one of its kind at the daemon; default: the daemon makes one up. */
  readonly name?: string | undefined;
  /** Milliseconds for connection and handshake; 0, the default, is no limit. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds without a sign of life from the daemon's machine that end the connection; default 15000, least 1000. */
  readonly silenceTimeoutMs?: number | undefined;
  /** Proves who we are with the method PWORD; the protocol carries 8 bytes of the password. Default: the method NULL. */
  readonly auth?:
    | {
        /** 1 to 32 bytes, Latin-1. */
        readonly user: string;
        /** Latin-1; the protocol carries the first 8 bytes. */
        readonly password: string;
      }
    | undefined;
  /** For `tls://`: whom to believe, and what to show. */
  readonly tls?: TlsOptions | undefined;
  /** Gives up the attempt. Has no effect on the connection once it is there. */
  readonly signal?: AbortSignal | undefined;
}

/** How a group is joined that is view-synchronous: what is sent in a view is delivered in that view. */
export interface ViewSynchrony {
  /**
   * Who answers when the members change: `auto`, the default, this library, which holds what is sent meanwhile until the
   * next view; `manual`, the program, which gets the event `flush-request`.
   */
  readonly flush?: 'auto' | 'manual' | undefined;
  /** Milliseconds after which a view that is not agreed on is reported by the event `stalled`; default 5000. */
  readonly stalledAfterMs?: number | undefined;
}

/** The options of `Connection.join`. */
export interface JoinOptions {
  /**
   * Whether the group is view-synchronous, for which every member must join it so. Default false: a plain group.
   * True means `{ flush: 'auto' }`.
   */
  readonly viewSynchrony?: boolean | ViewSynchrony | undefined;
  /**
   * When the list of the members comes: `always`, the default; or `on-demand`, with `Group.list`, for a group of many
   * thousands that is not always listed. Until then `joined`, `left`, `size` and `myIndex` of a view are there, and
   * `members`, `cameWithMe` and `has` throw. A daemon without such lists always sends them; a page
   * needs a connection with `compactViews`.
   */
  readonly list?: 'always' | 'on-demand' | undefined;
  /**
   * Makes the group a secure one: encrypted end to end, with a fresh key for every view, for members that each of them
   * accepts. It is view-synchronous, too. Experimental: nobody outside the project has reviewed it.
   */
  readonly secure?: Secure | undefined;
  /** Gives up waiting for the first view. Has no effect on the membership once it is there. */
  readonly signal?: AbortSignal | undefined;
}

const check: OptionChecks = new OptionChecks((text) => errorOf(ILLEGAL_PARAM, text));
const SIGNAL = new Set(['signal']);
const JOIN = new Set(['signal', 'viewSynchrony', 'list', 'secure', 'schema', 'codec']);
const LISTS = new Set<unknown>([undefined, 'always', 'on-demand']);
/** Who may answer flush requests. */
const FLUSHES = new Set<unknown>([undefined, 'auto', 'manual']);
const VIEW_SYNCHRONY = new Set(['flush', 'stalledAfterMs']);

/** For calls that take nothing but a signal. @throws IllegalParamError that says which option is wrong */
export function signalOf(options: { readonly signal?: AbortSignal | undefined }): AbortSignal | undefined {
  if (options instanceof AbortSignal) throw errorOf(ILLEGAL_PARAM, 'pass a signal as `{ signal }`');
  check.keys(options, SIGNAL);
  const { signal } = options;
  check.signal(signal);
  return signal;
}

/** What `Connection.join` does with its options. */
export interface CheckedJoin {
  readonly signal: AbortSignal | undefined;
  /** Null: a plain group. */
  readonly synchrony: ViewSynchrony | null;
  /** Null: not a secure group. */
  readonly secure: Secure | null;
  /** Whether the list of the members comes when it is asked for. */
  readonly onDemand: boolean;
  /** Null: messages are bytes. What is in it is checked by the part that reads it. */
  readonly values: PayloadOptions | null;
}

/** @param hasLists whether the connection can have lists on demand @throws IllegalParamError that says which option is wrong */
export function checkedJoin(options: JoinOptions & PayloadOptions, hasLists: boolean): CheckedJoin {
  if (options instanceof AbortSignal) throw errorOf(ILLEGAL_PARAM, 'pass a signal as `{ signal }`');
  check.keys(options, JOIN);
  const { signal, secure } = options;
  check.signal(signal);
  const synchrony = checkedSynchrony(options.viewSynchrony);
  if (!LISTS.has(options.list)) throw errorOf(ILLEGAL_PARAM, "list must be 'always' or 'on-demand'");
  const onDemand = options.list === 'on-demand';
  if (onDemand && !hasLists)
    throw errorOf(ILLEGAL_PARAM, "list: 'on-demand' needs a connection with compactViews");
  if (onDemand && (synchrony !== null || secure !== undefined))
    throw errorOf(ILLEGAL_PARAM, "list: 'on-demand' is for groups without viewSynchrony and secure");
  const { schema, codec } = options;
  const values = schema === undefined && codec === undefined ? null : { schema, codec };
  if (secure === undefined) return { signal, synchrony, secure: null, onDemand, values };
  if (options.viewSynchrony === false) throw errorOf(ILLEGAL_PARAM, 'secure implies viewSynchrony');
  // The secure group itself answers flush requests, by its own rules.
  return { signal, synchrony: { ...synchrony, flush: 'manual' }, secure, onDemand, values };
}

function checkedSynchrony(given: boolean | ViewSynchrony | undefined): ViewSynchrony | null {
  if (given === undefined || given === false) return null;
  if (given === true) return {};
  if (typeof given !== 'object') throw errorOf(ILLEGAL_PARAM, 'viewSynchrony must be a boolean or an object');
  check.keys(given, VIEW_SYNCHRONY);
  if (!FLUSHES.has(given.flush)) throw errorOf(ILLEGAL_PARAM, "flush must be 'auto' or 'manual'");
  check.time(given.stalledAfterMs, 'stalledAfterMs');
  return given;
}
