/** A connection to the daemon of this machine: the one of the primary, or one that the processes run among themselves. */
import { connect } from '../../client/connect.js';
import type { Connection } from '../../client/connection.js';
import type { ConnectOptions } from '../../client/options.js';
import { ConnectionClosedError, CouldNotConnectError, errorOf } from '../../errors.js';
import { systemPlatform } from '../../mailbox/platform.js';
import { checkOptions } from '../../recipes/options.js';
import { holds } from '../../util/option-checks.js';
import { ILLEGAL_PARAM } from '../../wire/codes.js';
import { DAEMON_OPTIONS, type MachineDaemonOptions } from './daemon-options.js';
import { SharedHost } from './shared-host.js';
import { sharedPlace } from './shared-place.js';
import { ADDRESS_VARIABLE, checkSystem } from './system.js';

/** Milliseconds for the first connection, without `timeoutMs`. */
const FIRST_MS = 10_000;
/** Milliseconds between two attempts to connect, or to run the daemon; up to as much again by chance, so that processes differ. */
const PAUSE_MS = 25;

/** The options of `connectHere`. */
export interface HereOptions extends Omit<ConnectOptions, 'address' | 'addresses' | 'tls' | 'auth'> {
  /**
   * Name of the application, 1 to 31 letters, digits, `.`, `_` and `-`, the first of which is not `.`: processes of one user with the
   * same name share a daemon. Required unless `SSP_ADDRESS` is set.
   */
  readonly app?: string | undefined;
  /** Where the directories of the shared daemons are; default `$XDG_RUNTIME_DIR`, else the one for temporary files. */
  readonly dir?: string | undefined;
  /** Options of the daemon, where this process runs it. */
  readonly daemon?: MachineDaemonOptions | undefined;
}

/** A connection among the processes of one machine. */
export type MachineConnection = Connection & {
  /** It reaches processes of this machine, and of no other. */
  readonly scope: 'machine';
  /** Whether this process runs the daemon now. */
  readonly isHost: boolean;
};

const APP = holds(
  (value) => typeof value === 'string' && /^(?!\.)[\w.-]{1,31}$/.test(value),
  'must be 1 to 31 letters, digits, ".", "_" and "-", the first of which is not "."',
);
const OWN_OPTIONS = { app: APP, dir: DAEMON_OPTIONS.name, daemon: DAEMON_OPTIONS };

/**
 * Connects to the daemon of this machine: the one at `SSP_ADDRESS`, which `primaryDaemon` has put there; or the one that the
 * processes of `app` share. The first of those runs it, until its connection ends. Then another one runs a new one, and the
 * connections come back there: with a `gap` in each group, since the new daemon knows nothing.
 *
 * A connection to a shared daemon comes back unless `resume` is false, and is first tried for `timeoutMs`, 10 s by default; one to
 * `SSP_ADDRESS` comes back if `resume` says so.
 * @throws IllegalParamError for a wrong option, and without `app` where `SSP_ADDRESS` is not set; NotSupportedError on Windows;
 * CouldNotConnectError where somebody else may enter the directory; and what `connect` and `createDaemon` throw
 */
export async function connectHere(options: HereOptions = {}): Promise<MachineConnection> {
  const { app, dir, daemon, ...rest } = Object(options) as HereOptions;
  checkOptions(OWN_OPTIONS, { app, dir, daemon });
  checkSystem();
  const address = process.env[ADDRESS_VARIABLE];
  if (address) {
    const connection = await connect({ ...rest, addresses: [address], resume: rest.resume ?? false });
    return ofMachine(connection, () => false);
  }
  if (app === undefined)
    throw errorOf(
      ILLEGAL_PARAM,
      `expected the option app, or ${ADDRESS_VARIABLE} in the environment: start workers after primaryDaemon()`,
    );
  const place = await sharedPlace(app, dir);
  const host = SharedHost.use(place, daemon ?? {});
  try {
    const connection = await connectShared(host, {
      ...rest,
      addresses: [`unix:${place.socket}`],
      resume: rest.resume ?? true,
    });
    connection.on('reconnecting', () => void hostAgain(connection, host));
    connection.on('close', () => void host.release());
    return ofMachine(connection, () => host.isHost);
  } catch (error) {
    await host.release();
    throw error;
  }
}

/** Connects, or runs the daemon, until the one or the other has worked. */
async function connectShared(host: SharedHost, options: ConnectOptions): Promise<Connection> {
  const { clock } = systemPlatform;
  const { signal, timeoutMs = 0 } = options;
  const end = clock.now() + (timeoutMs || FIRST_MS);
  for (;;) {
    try {
      return await connect({ ...options, timeoutMs: Math.max(1, end - clock.now()) });
    } catch (error) {
      // The process that runs the daemon may end at any moment.
      const isAway = error instanceof CouldNotConnectError || error instanceof ConnectionClosedError;
      if (!isAway || signal?.aborted || clock.now() >= end) throw error;
    }
    const fault = await host.attempt().then(
      () => null,
      (error: unknown) => error,
    );
    if (host.isHost) continue;
    if (fault !== null && clock.now() + PAUSE_MS >= end) throw fault;
    await pause();
  }
}

/** After a loss: until the connection is back, or over. */
async function hostAgain(connection: Connection, host: SharedHost): Promise<void> {
  while (connection.state === 'reconnecting') {
    // What goes wrong shows at the connection, which finds no daemon.
    await host.attempt().catch(() => undefined);
    await pause();
  }
}

const pause = (): Promise<void> =>
  new Promise((resolve) => {
    const [chance = 0] = systemPlatform.random(1);
    systemPlatform.clock.after(PAUSE_MS * (1 + chance / 256), resolve);
  });

const ofMachine = (connection: Connection, isHost: () => boolean): MachineConnection =>
  Object.defineProperties(connection, {
    scope: { value: 'machine', enumerable: true },
    isHost: { get: isHost, enumerable: true },
  }) as MachineConnection;
