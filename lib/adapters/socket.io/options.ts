/** What `createAdapter` takes. */
import type { Adapter } from 'socket.io-adapter';
import type { Connection } from '../../client/connection.js';
import type { ConnectOptions } from '../../client/options.js';
import type { Service } from '../../client/send.js';
import { errorOf } from '../../errors.js';
import { aBoolean, aText, integerFrom, oneOf, OptionChecks } from '../../util/option-checks.js';
import { ILLEGAL_PARAM } from '../../wire/codes.js';

/**
 * A connection of the caller, who closes it; or how to connect: then the adapter has a connection of its own, and closes it after the last
 * namespace.
 */
export type AdapterSource = Connection | ConnectOptions;

/** What `io.adapter` takes. */
export type AdapterFactory = (nsp: unknown) => Adapter;

/** Settings for clients that come back, at a server with `connectionStateRecovery`; each has a default. */
export interface RecoverySettings {
  /** Bytes of packets that each server keeps for one namespace, 200 more for each: an integer from 65,536 (64 KiB); default 64 MiB. */
  readonly bytes?: number | undefined;
  /**
   * Whether sessions survive the end of their server. Costs one message for each client that connects, and one for each change of its rooms.
   * Default false.
   */
  readonly crash?: boolean | undefined;
}

/** The options of `createAdapter`; each has a default. */
export interface AdapterOptions {
  /**
   * What the names of groups begin with, 1 to 100 characters; default `io`. The namespace `/chat` has the group `io/chat`. Servers
   * with the same prefix are one cluster.
   */
  readonly group?: string | undefined;
  /** `safe`: no client gets what another server may never get. Default `agreed`. */
  readonly service?: 'agreed' | 'safe' | undefined;
  /** Settings for clients that come back. */
  readonly recovery?: RecoverySettings | undefined;
}

const MAX_PREFIX = 100;
const MIN_BYTES = 64 * 1024;
const DEFAULT_BYTES = 64 * 1024 * 1024;

const check: OptionChecks = new OptionChecks((text) => errorOf(ILLEGAL_PARAM, text));

/** The options, with defaults. */
export interface CheckedOptions {
  readonly group: string;
  readonly service: Service;
  readonly recovery: { readonly bytes: number; readonly crash: boolean };
}

/** @throws IllegalParamError that says which option is wrong */
export function checkedOptions(options: AdapterOptions): CheckedOptions {
  check.all(options, {
    group: (value) =>
      aText(value) ??
      ((value as string).length >= 1 && (value as string).length <= MAX_PREFIX
        ? null
        : `must have 1 to ${MAX_PREFIX} characters`),
    service: oneOf('agreed', 'safe'),
    recovery: { bytes: integerFrom(MIN_BYTES), crash: aBoolean },
  });
  const { group = 'io', service = 'agreed', recovery = {} } = options;
  const { bytes = DEFAULT_BYTES, crash = false } = recovery;
  return { group, service, recovery: { bytes, crash } };
}
