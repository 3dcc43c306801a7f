/** What kind of message a service word tells, under the manual's names. A rejected message is no data or membership. */
import {
  AGREED_MESS,
  CAUSAL_MESS,
  CAUSED_BY_DISCONNECT,
  CAUSED_BY_JOIN,
  CAUSED_BY_LEAVE,
  CAUSED_BY_NETWORK,
  FIFO_MESS,
  isMembership,
  isRegular,
  isRegularMembership,
  isReject,
  isSelfLeave,
  isTransition,
  RELIABLE_MESS,
  SAFE_MESS,
  SELF_DISCARD,
  UNRELIABLE_MESS,
} from '../wire/service.js';

/** Takes a result's `service_type` as it is; a call that got no message has none, and that is no kind of message. */
type Predicate = (service: number | undefined) => boolean;

const of =
  (is: (service: number) => boolean): Predicate =>
  (service) =>
    service !== undefined && is(service);

const regularWith = (bit: number): Predicate => of((service) => isRegular(service) && (service & bit) !== 0);

const membershipWith = (bit: number): Predicate =>
  of((service) => isMembership(service) && (service & bit) !== 0);

/** Whether it is data of any service. */
export const Is_regular_mess: Predicate = of(isRegular);
/** Whether it is data of the service unreliable. */
export const Is_unreliable_mess: Predicate = regularWith(UNRELIABLE_MESS);
/** Whether it is data of the service reliable. */
export const Is_reliable_mess: Predicate = regularWith(RELIABLE_MESS);
/** Whether it is data of the service fifo. */
export const Is_fifo_mess: Predicate = regularWith(FIFO_MESS);
/** Whether it is data of the service causal. */
export const Is_causal_mess: Predicate = regularWith(CAUSAL_MESS);
/** Whether it is data of the service agreed. */
export const Is_agreed_mess: Predicate = regularWith(AGREED_MESS);
/** Whether it is data of the service safe. */
export const Is_safe_mess: Predicate = regularWith(SAFE_MESS);
/** Whether its sender wanted no copy of it. */
export const Is_self_discard: Predicate = of((service) => (service & SELF_DISCARD) !== 0);

/** Whether it is a membership message: regular, transitional or self-leave. */
export const Is_membership_mess: Predicate = of(isMembership);
/** Whether it is a regular membership message. */
export const Is_reg_memb_mess: Predicate = of(isRegularMembership);
/** Whether it is a transitional signal. */
export const Is_transition_mess: Predicate = of(isTransition);
/** Whether it is a membership message caused by a join. */
export const Is_caused_join_mess: Predicate = membershipWith(CAUSED_BY_JOIN);
/** Whether it is a membership message caused by a leave. */
export const Is_caused_leave_mess: Predicate = membershipWith(CAUSED_BY_LEAVE);
/** Whether it is a membership message caused by a disconnect. */
export const Is_caused_disconnect_mess: Predicate = membershipWith(CAUSED_BY_DISCONNECT);
/** Whether it is a membership message caused by a change of the daemon view. */
export const Is_caused_network_mess: Predicate = membershipWith(CAUSED_BY_NETWORK);
/** The leaver's own notification; `Is_caused_leave_mess` holds for it too. */
export const Is_self_leave: Predicate = of(isSelfLeave);

/** Whether it is an own request that the daemon refused. */
export const Is_reject_mess: Predicate = of(isReject);

/** Whether a name is a connection's (`#name#daemon`) and not a group's [receive 1]. */
export const Is_private_group = (name: string): boolean => name.includes('#');
