/** What a view machine asks of the world around it, and what it tells. */
import type { Buffer } from 'node:buffer';
import { REPORT_VERSION } from '../../core/report.js';
import type { EngineEvents, EngineMessage, EngineStats, View } from '../port.js';
import type { Multicast } from './ordered-transport.js';

export interface ViewsSink {
  /** Takes a copy of the parts. */
  mcast(head: Buffer, body: Buffer | null): Multicast;
  message(message: EngineMessage): void;
  transitional(event: EngineEvents['transitional'][0]): void;
  /** All members of the view have the payloads up to there. */
  stable(index: number): void;
  view(view: View): void;
  drain(): void;
  /** Whether a client of another daemon of the view is behind in its reading. */
  behind(isBehind: boolean): void;
  /** The other daemons refuse this one: it has to leave. One line for people. */
  refused(reason: string): void;
  /** Whom the exchange after the view waits for. */
  awaited(): readonly string[];
  /** For the log. */
  note(level: 'info' | 'warn', text: string, facts: object): void;
}

export interface ViewsStats extends EngineStats {
  readonly resent: number;
  /** Messages of views that are over, or of nobody's. */
  readonly dropped: number;
  readonly inFlightBytes: number;
  readonly tryAgain: number;
  readonly stableIndex: number;
  /** Milliseconds from the last cut to its view. */
  readonly lastInstallTime: number;
}

/** What the view machine waits for and how much it lets wait. Times in milliseconds. */
export interface ViewsOptions {
  /** A member without any message for so long is excluded [corosync 5.6]. */
  readonly silenceTimeout: number;
  /** Whoever has not told its state for so long after a cut is left out [corosync 5.2.9]. */
  readonly stateTimeout: number;
  /** The same for one that was not in the last view, which then comes in when it speaks: others should not wait. */
  readonly newcomerTimeout: number;
  /** Everybody says something at least so often, so that silence means something. */
  readonly heartbeat: number;
  /** An acknowledgement waits so long for a message to ride on, when no safe message waits for it. */
  readonly ackDelay: number;
  /** After that many bytes an acknowledgement waits no longer. */
  readonly ackBytes: number;
  /** Bytes sent and not yet delivered here: all daemons together, and the least and most for one [corosync 3]. */
  readonly inFlightBytes: { readonly total: number; readonly least: number; readonly most: number };
  /** Bytes delivered here that some member has not acknowledged: above it nothing new is sent [corosync 5.6]. */
  readonly maxUnstableBytes: number;
  /** Bytes queued for sending: above it `send` says no, at half of it `drain` follows. */
  readonly highWater: number;
  /** Longer payloads travel in pieces of this size. */
  readonly fragmentBytes: number;
  /** Bytes of messages kept for a view whose INSTALL has not come yet. */
  readonly maxEarlyBytes: number;
  /** Version of the payloads of the exchange: daemons of several are in no view together. */
  readonly reportVersion: number;
  /** A daemon that was excluded for its report stays apart so long, then twice as long, and so on up to the most. */
  readonly apart: { readonly least: number; readonly most: number };
}

/** A member is heard several times before its silence means something. */
const HEARTBEATS_IN_SILENCE = 5;

const KIB = 1024;
const MIB = 1024 * KIB;

const defaultViewsOptions: ViewsOptions = {
  silenceTimeout: 5000,
  stateTimeout: 2000,
  newcomerTimeout: 1000,
  heartbeat: 500,
  ackDelay: 50,
  ackBytes: 64 * KIB,
  inFlightBytes: { total: 768 * KIB, least: 64 * KIB, most: 256 * KIB },
  maxUnstableBytes: 8 * MIB,
  highWater: MIB,
  fragmentBytes: 64 * KIB,
  maxEarlyBytes: 32 * MIB,
  reportVersion: REPORT_VERSION,
  apart: { least: 5000, most: 300_000 },
};

export function checkedOptions(options: Partial<ViewsOptions>): ViewsOptions {
  const given = { ...defaultViewsOptions, ...options };
  return { ...given, heartbeat: Math.min(given.heartbeat, given.silenceTimeout / HEARTBEATS_IN_SILENCE) };
}

/** Longest payload an engine takes; a report of some millions of memberships. */
export const MAX_PAYLOAD = 256 * MIB;

/** Repetitions of STATE after the cut; then the last of them again and again [corosync 5.2.3]. */
export const STATE_DELAYS = [50, 100, 200, 500] as const;

/** An exchange waits this many times the silence timeout for a daemon that is heard and does not send its part. */
export const EXCHANGE_PATIENCE = 2;

/** What `again` asks for. */
export const RETRY_DELAY = 1;

/** A tick that comes so much late means that this process stood still: nobody else's silence is measured by it. */
export const OWN_FREEZE = 1000;
