/** What stands between the flush layer and the events of a group, and what it needs for that. */
import type { GroupMachine } from '../flush/core/machine.js';
import type { FlushEvent } from '../flush/core/port.js';
import type { Clock } from '../util/clock.js';
import type { ConnectionEvent } from './event.js';
import type { GroupSecurity } from './group.js';
import type { GroupMessage } from './held-sends.js';

/** What a secure group needs of its connection. */
export interface FilterHost {
  /** Id of the connection. */
  readonly self: string;
  /** That of the connection. */
  readonly clock: Clock;
  /** The flush layer of the group; null without a view. */
  machine(): GroupMachine<Promise<number>> | null;
  /** Hands out what has come. @param groups of data: the group itself */
  handOut(event: ConnectionEvent, groups: readonly string[]): void;
  /** Whether a reader has got the newest view; said of each one but the first. */
  isViewSeen(): boolean;
  viewShown(): void;
  /** Answers a flush request. */
  flush(): void;
  /** Asks the daemon to leave, and later to join, while the application stays a member. */
  requestLeave(): void;
  requestJoin(): void;
  /** No key comes: the join fails, and the group is left. */
  failed(error: Error): void;
}

/** What stands between the flush layer and the events of a group. */
export interface FlushFilter {
  readonly security: GroupSecurity;
  /**
   * Whether the members wait for what this one answers by itself: a slow reader must not hold up the key. One that was
   * reported not to come, and may never do, is no reason.
   */
  readonly isAgreeing: boolean;
  /** What the layer hands out. */
  event(event: FlushEvent): void;
  /** Everything of a frame has been handed in. */
  settle(): void;
  /** Sends, or holds. What it refuses, it throws at once. */
  send(message: GroupMessage): Promise<void>;
  /** The application leaves. */
  leaving(): void;
  end(error: Error): void;
}
