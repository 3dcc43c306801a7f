/** How a connection comes back. */
import { aBoolean, holds, NOT_A_TIME } from '../../util/option-checks.js';

/** The options of `resume`; each has a default. */
export interface ResumeOptions {
  /**
   * Milliseconds for which the daemon keeps the session when the connection ends: the groups notice nothing when it is back by
   * then, at this daemon, and hear of a crash that much later. Default 0; the daemon may grant less.
   */
  readonly holdMs?: number | undefined;
  /**
   * Milliseconds without traffic after which each end of the connection asks the other for a sign of life; after 2.5 times
   * as long without one the connection counts as lost. Default 2000; 0 for none. Daemons that do not answer are watched as
   * `silenceTimeoutMs` says.
   */
  readonly heartbeatMs?: number | undefined;
  /** Milliseconds after a loss at which the connection gives up and ends as one without `resume`; default 60000. */
  readonly giveUpMs?: number | undefined;
  /**
   * Whether daemons that the daemon in use tells of are tried, too, after those that were given; default true. Told addresses of
   * another form do not count: a connection over TLS continues over TLS, and the certificate must be one for the told host.
   */
  readonly discover?: boolean | undefined;
  /**
   * Whether the connection leaves a daemon that has lost the other daemons of its cluster, for one of them; default false: it stays.
   * Something may be missing then, as after a loss.
   */
  readonly follow?: boolean | undefined;
  /** Whether the first connect begins at a random address, to spread many clients; default false: with the first. */
  readonly balance?: boolean | undefined;
}

/** The same, with defaults. */
export type ResumeSettings = { readonly [K in keyof ResumeOptions]-?: NonNullable<ResumeOptions[K]> };

/** What `resume: true` means. */
export const RESUME_DEFAULTS: ResumeSettings = {
  holdMs: 0,
  heartbeatMs: 2_000,
  giveUpMs: 60_000,
  discover: true,
  follow: false,
  balance: false,
};

/** A heartbeat that is due in less says nothing about the other end. */
const MIN_HEARTBEAT_MS = 100;
/** What the handshake carries. */
const MAX_HOLD_MS = 0xffff_ffff;

const isNumber = (value: unknown): value is number => typeof value === 'number';

/** The options with their checks. */
export const RESUME_OPTIONS = {
  holdMs: holds(
    (value) => Number.isInteger(value) && isNumber(value) && value >= 0 && value <= MAX_HOLD_MS,
    'must be a whole number of milliseconds from 0',
  ),
  heartbeatMs: holds(
    (value) => isNumber(value) && value !== Infinity && (value === 0 || value >= MIN_HEARTBEAT_MS),
    `must be 0, or at least ${MIN_HEARTBEAT_MS} milliseconds`,
  ),
  // Infinity: never.
  giveUpMs: holds((value) => isNumber(value) && value >= 0, NOT_A_TIME),
  follow: aBoolean,
  discover: aBoolean,
  balance: aBoolean,
};

/** @param given true, false or options, which were checked */
export function resumeSettings(given: boolean | ResumeOptions): ResumeSettings | null {
  if (typeof given === 'boolean') return given ? RESUME_DEFAULTS : null;
  const named = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...RESUME_DEFAULTS, ...Object.fromEntries(named) };
}
