/** Numbers of Corosync's C interface (`corotypes.h`, `cpg.h`), as far as they are used. */
import { SspError, keepNames } from '../../../../lib/errors.js';

/** `cs_error_t`. */
export const CsStatus = {
  OK: 1,
  /** The connection is broken, or there is none to be had. */
  LIBRARY: 2,
  TRY_AGAIN: 6,
  ACCESS: 11,
  NOT_EXIST: 12,
  EXIST: 14,
} as const;

/** `CS_DISPATCH_ONE_NONBLOCKING`. */
export const DISPATCH_ONE_NONBLOCKING = 4;

/** `CPG_TYPE_AGREED`. */
export const TYPE_AGREED = 2;

export const MODEL_V1 = 1;
/** `CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF`: the first ring is reported too. */
export const DELIVER_INITIAL_RING = 1;

/** What can be wrong between this process and Corosync, each with a sentence that says what to do [corosync 7]. */
export type TransportErrorCode =
  /** The optional dependency koffi is not there. */
  | 'ERR_SSP_COROSYNC_NO_KOFFI'
  /** libcpg cannot be loaded. */
  | 'ERR_SSP_COROSYNC_NO_LIBRARY'
  /** Corosync does not answer at all. */
  | 'ERR_SSP_COROSYNC_NOT_RUNNING'
  /** Corosync knows neither this user nor this group. */
  | 'ERR_SSP_COROSYNC_DENIED'
  /** Corosync's shared memory is not to be seen from here. */
  | 'ERR_SSP_COROSYNC_NO_SHARED_MEMORY'
  /** A process with the same process id on the same node is in the group. */
  | 'ERR_SSP_COROSYNC_SAME_PID'
  /** Corosync keeps saying "try again". */
  | 'ERR_SSP_COROSYNC_BUSY'
  /** The connection was there, and is lost. */
  | 'ERR_SSP_COROSYNC_LOST'
  /** `close` was called while `open` was under way. */
  | 'ERR_SSP_COROSYNC_CLOSED'
  /** Anything else, with Corosync's number. */
  | 'ERR_SSP_COROSYNC_FAILED';

const passing: ReadonlySet<TransportErrorCode> = new Set([
  'ERR_SSP_COROSYNC_NOT_RUNNING',
  'ERR_SSP_COROSYNC_BUSY',
  'ERR_SSP_COROSYNC_LOST',
  'ERR_SSP_COROSYNC_FAILED',
]);

/** Corosync cannot be used, or cannot be used any more; `code` says what is wrong, the message what to do. */
export class TransportError extends SspError {
  declare readonly code: TransportErrorCode;

  constructor(
    code: TransportErrorCode,
    message: string,
    /** Corosync's own number (`cs_error_t`), if it gave one. */
    readonly status: number | null = null,
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }

  /** Whether it may be over soon without anybody doing anything about this process. */
  get isPassing(): boolean {
    return passing.has(this.code);
  }
}

keepNames({ TransportError });

const NOT_RUNNING =
  'Corosync does not answer: start it (systemctl start corosync); in a container, share its network namespace';
const DENIED =
  'Corosync refuses this user: allow it in a file in /etc/corosync/uidgid.d (docs/operate/cluster.md), then run corosync-cfgtool -R';
const NO_SHARED_MEMORY =
  'the shared memory of Corosync is not visible: in containers, sspd and Corosync share /dev/shm';
const SAME_PID =
  'another process with the same process id is in the group on this node: in containers, share the process id namespace';
const BUSY = 'Corosync is busy forming its ring or removing the former connection: try again';

const known: Readonly<Record<number, readonly [TransportErrorCode, string]>> = {
  [CsStatus.LIBRARY]: ['ERR_SSP_COROSYNC_NOT_RUNNING', NOT_RUNNING],
  [CsStatus.TRY_AGAIN]: ['ERR_SSP_COROSYNC_BUSY', BUSY],
  [CsStatus.ACCESS]: ['ERR_SSP_COROSYNC_DENIED', DENIED],
  [CsStatus.NOT_EXIST]: ['ERR_SSP_COROSYNC_NO_SHARED_MEMORY', NO_SHARED_MEMORY],
  [CsStatus.EXIST]: ['ERR_SSP_COROSYNC_SAME_PID', SAME_PID],
};

/** What a request that opens the connection was answered. */
export function refusal(call: string, status: number): TransportError {
  const [code, advice] = known[status] ?? ['ERR_SSP_COROSYNC_FAILED' as const, 'see the log of Corosync'];
  return new TransportError(code, `${advice} (${call}: ${status})`, status);
}

export const lost = (status: number): TransportError =>
  new TransportError(
    'ERR_SSP_COROSYNC_LOST',
    `Corosync has ended or closed the connection (${status})`,
    status,
  );
