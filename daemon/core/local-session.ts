/** A session of this daemon as the core keeps it. */
import type { Buffer } from 'node:buffer';
import { nameField } from '../../lib/wire/name.js';
import type { Member } from './member.js';
import type { SessionSink } from './outlet.js';

/** What a session may do, by group. */
export type Authorize = (action: 'join' | 'send', group: string) => boolean;

export class LocalSession {
  readonly field: Buffer;
  /** Bytes of the field that the name uses. */
  readonly nameLength: number;
  /** Set while the session is in any group. */
  member: Member | null = null;
  /**
   * Its disconnect was read or decided. It gets nothing any more, not even messages that stand before the disconnect
   * in the order [daemon 2.8], and nothing more is taken from it.
   */
  leaving = false;
  /** Number of the last message it was made a receiver of: one copy, however many of its groups are named. */
  lastDeliveryId = 0;

  constructor(
    readonly privateGroup: string,
    /** Whether it wants membership messages; without them it is listed and gets data all the same. */
    readonly membership: boolean,
    readonly outlet: SessionSink,
    /** Null: everything. */
    readonly permit: Authorize | null = null,
  ) {
    this.field = nameField(privateGroup);
    this.nameLength = privateGroup.length;
  }
}
