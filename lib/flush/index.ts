/**
 * The module `ssp-toolkit/flush`: the calls of the flush library of Spread (`FL_`), for view synchrony. A message is
 * delivered in the view in which it was sent. Every call answers with a number or a record; none throws or rejects. New
 * programs take `join(group, { viewSynchrony: true })` of the client API instead. The results of the calls, the services
 * and what tells kinds of messages apart are in `ssp-toolkit/ssp`.
 * @module
 */

// What the flush library adds to the constants of the plain calls.
export {
  ILLEGAL_MESSAGE_TYPE,
  ILLEGAL_PARAM,
  ILLEGAL_RECEIVERS,
  ILLEGAL_STATE,
  WOULD_BLOCK,
} from '../wire/codes.js';
export { DONT_BLOCK, DROP_RECV, FLUSH_REQ_MESS, SUBGROUP_CAST } from '../wire/service.js';
export { FL_MAX_SCATTER_ELEMENTS, FL_MIN_LEGAL_MESS_TYPE } from './core/limits.js';
export { FLUSH_OK, FLUSH_RECV, VULNERABLE } from './core/control.js';
export { Is_flush_req_mess, Is_subgroup_mess } from './message-kinds.js';

// Calls.
export {
  FL_connect,
  FL_disconnect,
  FL_error,
  FL_flush,
  FL_get_gid_offset_memb_mess,
  FL_get_num_vs_offset_memb_mess,
  FL_get_vs_set_offset_memb_mess,
  FL_join,
  FL_leave,
  FL_lib_init,
  FL_multicast,
  FL_scat_multicast,
  FL_scat_subgroupcast,
  FL_scat_unicast,
  FL_subgroupcast,
  FL_unicast,
  FL_version,
  type FlConnectOptions,
} from './calls.js';
export { FL_more_msgs, FL_poll, FL_receive, FL_scat_receive, type FlReceiveResult } from './receive-call.js';

// Types of the calls.
export type { ConnectOptions, ConnectResult } from '../ssp/connect.js';
export type { VersionResult } from '../ssp/constants.js';
export type { Scatter, ScatterElement } from '../ssp/receive-buffer.js';
export type { Membership, ReceiveOptions, ReceiveResult, ScatReceiveOptions } from '../ssp/receive-call.js';
export type { GroupId } from '../wire/group-id.js';
