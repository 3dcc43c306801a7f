/** A delivered frame as it lies in the mailbox, with what only the connection knows about it. */
import { Delivery } from '../wire/delivery.js';
import type { GroupId } from '../wire/group-id.js';
import {
  CAUSED_BY_LEAVE,
  MEMBERSHIP_MESS,
  REG_MEMB_MESS,
  REGULAR_MESS,
  REJECT_MESS,
  TRANSITION_MESS,
} from '../wire/service.js';

const NO_ID: GroupId = [0, 0, 0];

/**
 * `illegal`: membership bits that no daemon sets together, or beside a service. A Spread 5.0.1 daemon passes such words
 * on from a hostile client [session 4.6], so believing them would let anybody forge a view. `extension`: a frame of the
 * extension, only where it was agreed on.
 */
export type ArrivalKind = 'data' | 'reject' | 'view' | 'transition' | 'self-leave' | 'illegal' | 'extension';

export class ReceivedMessage extends Delivery {
  /**
   * For a self-leave: the id of the last view of this group that came before it [receive Q22]. Zeros when there
   * was none, and for everything else.
   */
  leftId: GroupId = NO_ID;

  get kind(): ArrivalKind {
    if ((this.service & REJECT_MESS) !== 0) return 'reject';
    const membership = this.service & MEMBERSHIP_MESS;
    if (membership === 0) return 'data';
    if ((this.service & REGULAR_MESS) !== 0) return 'illegal';
    if (membership === CAUSED_BY_LEAVE) return 'self-leave';
    if (membership === TRANSITION_MESS) return 'transition';
    return (membership & (REG_MEMB_MESS | TRANSITION_MESS)) === REG_MEMB_MESS ? 'view' : 'illegal';
  }
}
