/** What the flush library adds to the kinds of messages that a service word tells. */
import { FLUSH_REQ_MESS, isReject, SUBGROUP_CAST } from '../wire/service.js';

/** Whether it is a flush request: neither data nor membership. */
export const Is_flush_req_mess = (service: number | undefined): boolean =>
  service !== undefined && (service & FLUSH_REQ_MESS) !== 0 && !isReject(service);

/** Whether it is data to some members of a group: its groups are the receivers, and then that group. */
export const Is_subgroup_mess = (service: number | undefined): boolean =>
  service !== undefined && (service & SUBGROUP_CAST) !== 0 && !isReject(service);
