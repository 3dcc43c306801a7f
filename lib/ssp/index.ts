/**
 * The module `ssp-toolkit/ssp`: the SSP calls, the plain Spread calls (`SP_`), their constants and helpers. Every call
 * answers with a code or a record; none throws or rejects.
 */
export * from '../wire/codes.js';
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
  type Authenticator,
  ipAuthenticator,
  nullAuthenticator,
  passwordAuthenticator,
} from '../wire/handshake/authentication.js';
export { type GroupId, groupIdText } from '../wire/group-id.js';
export { MAX_GROUPS, MAX_PORTABLE_BYTES, MAX_REQUEST_BYTES } from '../wire/limits.js';
export type { ConnectOptions, ConnectResult } from './connect.js';
export * from './constants.js';
export * from './membership-info.js';
export * from './receive-call.js';
export * from './message-kinds.js';
export type { ReceiveOptions, ReceiveResult, ScatReceiveOptions } from './receive-call.js';
export type { Scatter, ScatterElement } from './receive-buffer.js';
export * from './connect.js';
export * from './sp-receive.js';
export * from './sp-send.js';
export * from './connect.js';
export * from './ssp-receive.js';
export * from './ssp-send.js';
export * from './constants.js';
