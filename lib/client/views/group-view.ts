/** A view of a group, from whatever form of frame: what the reader makes an event of, and the flush layer a plain view. */
import type { Cause } from '../../mailbox/view.js';
import type { GroupId } from '../../wire/group-id.js';
import type { ViewMembers } from './members.js';

/** A member that is here again, under another name perhaps. */
export interface Returned {
  readonly from: string;
  readonly to: string;
}

export interface GroupView {
  readonly group: string;
  readonly id: GroupId;
  readonly cause: Cause;
  /** The one who came or went; null for a network view. */
  readonly changed: string | null;
  readonly members: ViewMembers;
  /** Number of the members, as the daemon says. */
  readonly size: number;
  /** Place of this connection among the members; -1: it is not one of them. */
  readonly myIndex: number;
  readonly joined: readonly string[];
  readonly left: readonly string[];
  /** Who came along with this connection from its last view, or how to tell from the list of members. */
  readonly cameWithMe: readonly string[] | ((members: readonly string[]) => readonly string[]);
  readonly returned: readonly Returned[];
  /** A first view of the present: what came before it may be missing. */
  readonly isBehindGap?: boolean;
  /** Data messages of the group up to here; null where the daemon does not say it. */
  readonly messages: number | null;
}
