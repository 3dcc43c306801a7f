/**
 * The module `ssp-toolkit/ssp`: the SSP calls, the plain Spread calls (`SP_`), their constants and helpers. Every call
 * answers with a number or a record; none throws or rejects. The names are those of the C libraries. `SSP_connect` with
 * `secure` makes a mailbox whose groups are encrypted end to end.
 * @module
 */

// Results of the calls, below zero but for one.
export {
  ACCEPT_SESSION,
  BUFFER_TOO_SHORT,
  CONNECTION_CLOSED,
  COULD_NOT_CONNECT,
  DECRYPT_FAILED,
  ENCRYPTION_NOT_SUPPORTED,
  ENCRYPT_FAILED,
  FLUSH_OK_ALREADY_SENT,
  GROUPS_TOO_SHORT,
  GROUP_NOT_SECURE,
  ILLEGAL_GROUP,
  ILLEGAL_MESSAGE,
  ILLEGAL_MESSAGE_TYPE,
  ILLEGAL_PARAM,
  ILLEGAL_RECEIVERS,
  ILLEGAL_SERVICE,
  ILLEGAL_SESSION,
  ILLEGAL_SPREAD,
  ILLEGAL_STATE,
  ILLEGAL_TIME,
  INVALID_PARAM,
  KEY_AGR_NOT_SUPPORTED,
  MESSAGE_TOO_LONG,
  NET_ERROR_ON_SESSION,
  NOT_ALLOWED_TO_SEND,
  PERMISSION_DENIED,
  REJECT_AUTH,
  REJECT_ILLEGAL_NAME,
  REJECT_NOT_UNIQUE,
  REJECT_NO_NAME,
  REJECT_QUOTA,
  REJECT_VERSION,
  SP_BUG,
  TOO_MANY_GROUPS,
  TOO_MANY_MEMBERS,
  WOULD_BLOCK,
} from '../wire/codes.js';
export { codeName, codeText } from '../wire/call-texts.js';

// The service word: what a message is, and how it is to be delivered.
export {
  AGREED_MESS,
  CAUSAL_MESS,
  CAUSED_BY_DISCONNECT,
  CAUSED_BY_JOIN,
  CAUSED_BY_LEAVE,
  CAUSED_BY_NETWORK,
  DONT_BLOCK,
  DROP_RECV,
  ENCRYPT_MESS,
  FIFO_MESS,
  FLUSH_REQ_MESS,
  MEMBERSHIP_MESS,
  REG_MEMB_MESS,
  REGULAR_MESS,
  REJECT_MESS,
  RELIABLE_MESS,
  RESERVED,
  SAFE_MESS,
  SELF_DISCARD,
  SUBGROUP_CAST,
  TRANSITION_MESS,
  UNRELIABLE_MESS,
} from '../wire/service.js';
export {
  Is_regular_mess,
  Is_unreliable_mess,
  Is_reliable_mess,
  Is_fifo_mess,
  Is_causal_mess,
  Is_agreed_mess,
  Is_safe_mess,
  Is_self_discard,
  Is_membership_mess,
  Is_reg_memb_mess,
  Is_transition_mess,
  Is_caused_join_mess,
  Is_caused_leave_mess,
  Is_caused_disconnect_mess,
  Is_caused_network_mess,
  Is_self_leave,
  Is_reject_mess,
  Is_private_group,
} from './message-kinds.js';

// Sizes, priorities, and other names of the headers.
export { MAX_GROUPS, MAX_PORTABLE_BYTES, MAX_REQUEST_BYTES } from '../wire/limits.js';
export {
  DEFAULT_SPREAD_PORT,
  FL_MAX_SCATTER_ELEMENTS,
  HIGH_PRIORITY,
  LOW_PRIORITY,
  MAX_CLIENT_SCATTER_ELEMENTS,
  MAX_GROUP_NAME,
  MAX_MESSAGE_BODY_LEN,
  MAX_PRIVATE_NAME,
  MAX_PROC_NAME,
  MEDIUM_PRIORITY,
  MEMB_MESSAGE,
  REG_MESSAGE,
  SP_error,
  SP_strerror,
  SP_version,
  SSP_error,
  SSP_strerror,
  SSP_version,
  TRANS_MEMB_MESS,
  TRANS_MESS,
  type VersionResult,
} from './constants.js';

// Connecting.
export {
  type ConnectOptions,
  type ConnectResult,
  SP_connect,
  SP_connect_timeout,
  SP_disconnect,
  SP_kill,
  type SpConnectOptions,
  SSP_connect,
  SSP_disconnect,
  SSP_kill,
  type Time,
} from './connect.js';
export {
  type Authenticator,
  ipAuthenticator,
  nullAuthenticator,
  passwordAuthenticator,
} from '../wire/handshake/authentication.js';

// Sending.
export type { Scatter, ScatterElement } from './receive-buffer.js';
export {
  SP_join,
  SP_leave,
  SP_multicast,
  SP_multigroup_multicast,
  SP_multigroup_scat_multicast,
  SP_scat_multicast,
} from './sp-send.js';
export {
  SSP_join,
  SSP_leave,
  SSP_multicast,
  SSP_multigroup_multicast,
  SSP_multigroup_scat_multicast,
  SSP_scat_multicast,
} from './ssp-send.js';

// Receiving.
export {
  type Membership,
  type ReceiveOptions,
  type ReceiveResult,
  SP_poll,
  type ScatReceiveOptions,
  type SspReceiveResult,
} from './receive-call.js';
export { SP_receive, SP_scat_receive } from './sp-receive.js';
export { SSP_poll, SSP_receive, SSP_scat_receive } from './ssp-receive.js';

// Secure mailboxes.
export { SSP_flush, SSP_get_key } from './secure-calls.js';
export type { SecureMailboxOptions } from './secure-options.js';
export type { KeyResult } from './secure-table.js';

// Membership messages.
export { type GroupId, groupIdText } from '../wire/group-id.js';
export {
  type MembInfo,
  SP_equal_group_ids,
  SP_get_memb_info,
  SP_get_vs_set_members,
  SP_get_vs_sets_info,
  SP_scat_get_memb_info,
  SP_scat_get_vs_set_members,
  SP_scat_get_vs_sets_info,
  type VsSetInfo,
} from './membership-info.js';
