/**
 * `#diagnostics` in Node: what happens to connections, for whoever watches a program through `node:diagnostics_channel`. A channel without
 * subscribers costs nothing.
 *
 * | channel | message |
 * |---|---|
 * | `ssp-toolkit:connect` | `{ address, name, result, id, error }`: an attempt has ended; result 1 is success |
 * | `ssp-toolkit:lost` | `{ id, error }`: a connection broke |
 * | `ssp-toolkit:closed` | `{ id }`: a connection was closed on this side |
 * | `ssp-toolkit:dropped` | `{ id, group, sender, reason }`: a recipe, a channel or the flush layer ignored a message, or a number in it |
 * | `ssp-toolkit:secure` | `{ id, group, event, ... }`: something happened in a secure group; the fields are those of `SecureReport` |
 * | `ssp-toolkit:list` | `{ id, group, expected, got, count }`: the members of a group were not what the daemon says, and are asked for again |
 * | `ssp-toolkit:reconnecting` | `{ id, cause, attempt, address }`: a connection with `resume` was lost and looks for a daemon |
 * | `ssp-toolkit:resumed` | `{ id, address, awayMs, moved, gaps }`: it is back |
 * | `ssp-toolkit:gap` | `{ id, group, reason, missed, awayMs, since }`: messages of a group are missing, or may be |
 * | `ssp-toolkit:paused` | `{ id, waiting, waitingBytes }`: nobody receives, the socket is not read any more |
 * | `ssp-toolkit:view` | `{ id, group, cause, members, gid }`: a view of a group has arrived |
 * | `ssp-toolkit:refused` | `{ id, refused, reason, groups, error }`: the daemon refused a request |
 */
import { channel, tracing } from '#report';
import type { TracedOperation } from '../util/report/traced.js';
import type { GroupId } from '../wire/group-id.js';

export interface ConnectReport {
  readonly address: string;
  readonly name: string;
  /** As the connect calls answer: ACCEPT_SESSION or what went wrong. */
  readonly result: number;
  /** Empty without success. */
  readonly id: string;
  /** What the socket, the resolver or TLS said, if one of them failed. */
  readonly error: Error | undefined;
}

const connects = channel('ssp-toolkit:connect');
const losses = channel('ssp-toolkit:lost');
const closings = channel('ssp-toolkit:closed');
const drops = channel('ssp-toolkit:dropped');
const secures = channel('ssp-toolkit:secure');
const lists = channel('ssp-toolkit:list');
const reconnections = channel('ssp-toolkit:reconnecting');
const resumptions = channel('ssp-toolkit:resumed');
const gaps = channel('ssp-toolkit:gap');
const pauses = channel('ssp-toolkit:paused');
const views = channel('ssp-toolkit:view');
const refusals = channel('ssp-toolkit:refused');

export const reportConnect = (report: ConnectReport): void => connects.publish(report);

export const reportLoss = (id: string, error: Error | undefined): void => losses.publish({ id, error });

export const reportClosed = (id: string): void => closings.publish({ id });

export interface DropReport {
  /** Of the member that ignored it. */
  readonly id: string;
  readonly group: string;
  readonly sender: string;
  /**
   * `stranger`: the sender is not a member; `version`: it runs an incompatible version; `malformed`: the message is damaged
   * or out of bounds; `unowed`: it is private, and nobody asked for it; `claim`: the number that it claims is far above all
   * others; `silent`: it said nothing, and the others continue without it; `outdated`: it belongs to a view that is over; `unknown-group`: its group is not joined.
   */
  readonly reason: string;
}

export const reportDropped = (report: DropReport): void => drops.publish(report);

export interface ListReport {
  /** Of the connection. */
  readonly id: string;
  readonly group: string;
  /** Number of the members, as the daemon says. */
  readonly expected: number;
  /** Number of the members that were here. */
  readonly got: number;
  /** How often it has happened on this connection. */
  readonly count: number;
}

export const reportList = (report: ListReport): void => lists.publish(report);

export const reportPause = (id: string, waiting: number, waitingBytes: number): void =>
  pauses.publish({ id, waiting, waitingBytes });

/** Its fields are those of `ReconnectingEvent`. */
export const reportReconnecting = (report: {
  readonly id: string;
  readonly cause: Error | undefined;
}): void => reconnections.publish(report);

/** Its fields are those of `ResumedEvent`. */
export const reportResumed = (report: { readonly id: string; readonly address: string }): void =>
  resumptions.publish(report);

/** Its fields are those of `GapEvent`. */
export const reportGap = (report: { readonly id: string; readonly group: string }): void =>
  gaps.publish(report);

/** What is reported of a view event. */
interface ViewReport {
  readonly group: string;
  readonly cause: string;
  readonly size: number;
  readonly id: GroupId;
}

/** @param id of the connection */
export const reportView = (id: string, { group, cause, size, id: gid }: ViewReport): void =>
  views.publish({ id, group, cause, members: size, gid });

/** What is reported of a `RejectEvent`. */
interface RefusalReport {
  readonly refused: string;
  readonly reason: string;
  readonly groups: readonly string[];
  readonly error: Error;
}

/** @param id of the connection */
export const reportRefused = (id: string, { refused, reason, groups, error }: RefusalReport): void =>
  refusals.publish({ id, refused, reason, groups, error });

/** A member of the view without the key, and why. */
interface Keyless {
  readonly name: string;
  readonly reason: string;
}

/** What happens in a secure group, as the member `id` sees it. Never keys, shares, bodies [secure-groups SM-6]. */
export type SecureReport = { readonly id: string; readonly group: string } & (
  | {
      /** A view has its key. */
      readonly event: 'keyed';
      readonly members: readonly string[];
      readonly outsiders: readonly Keyless[];
      /** Milliseconds since the view of the flush layer. */
      readonly ms: number;
    }
  /** A new key; all members of the view have shown that they have it. */
  | { readonly event: 'rekeyed' | 'confirmed'; readonly epoch: number }
  /** This member gets no key in the view. */
  | {
      readonly event: 'excluded';
      readonly reason: string;
      readonly sealer: string;
      readonly rejoinInMs: number | null;
    }
  | { readonly event: 'disagreement'; readonly sealer: string; readonly names: readonly string[] }
  /** No key comes, or no view of the flush layer. */
  | {
      readonly event: 'stalled';
      readonly reason: string;
      readonly missing: readonly string[];
      readonly refused: readonly Keyless[];
    }
  | {
      readonly event: 'tampering';
      readonly reason: string;
      readonly sender: string | null;
      readonly names: readonly string[];
      readonly count: number;
    }
  /** A message was ignored: a share that was refused, a seal, one that is malformed, or that no key is there for. */
  | { readonly event: 'dropped'; readonly reason: string; readonly sender: string }
);

export const reportSecure = (report: SecureReport): void => secures.publish(report);

/** A join, for those who follow the tracing channel `ssp-toolkit:join`. */
export interface JoinReport extends TracedOperation {
  /** Of the connection. */
  readonly id: string;
  readonly group: string;
  /** Number of members of the first view; 0 before it is there. */
  members: number;
}

const joins = tracing<JoinReport>('ssp-toolkit:join');

/** @param id of the connection @param join resolves with the group */
export function followJoin<T extends { readonly view: { readonly size: number } }>(
  id: string,
  group: string,
  join: () => Promise<T>,
): Promise<T> {
  if (!joins.isHeard) return join();
  const message: JoinReport = { id, group: String(group), members: 0 };
  return joins.follow(message, async () => {
    const joined = await join();
    message.members = joined.view.size;
    return joined;
  });
}
