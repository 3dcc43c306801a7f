/**
 * The module `ssp-toolkit/wire`: the session protocol, bytes to values and back, for programs that speak it themselves.
 * Pure: no sockets, timers, clocks or randomness. The pages in docs/protocol explain the protocol [session 1].
 * @module
 */

// Frames.
export { Delivery, checkDelivery } from './delivery.js';
export { type FaultReason, FrameFault } from './fault.js';
export { type FrameHandler, FrameReader } from './frame-reader.js';
export { type Header, readHeader } from './header.js';
export { encodeReject } from './reject.js';
export { checkRequest, encodeMessage, encodeRequest } from './request.js';

// Membership messages.
export {
  type MembershipBody,
  type VsSet,
  encodeRegularMembership,
  encodeSelfLeave,
  encodeTransition,
  readMembershipBody,
  readVsSet,
} from './membership.js';
export { type GroupId, groupIdText } from './group-id.js';

// Handshakes.
export type { Accept } from './handshake/accept.js';
export {
  type Authenticator,
  type Credentials,
  ipAuthenticator,
  nullAuthenticator,
  passwordAuthenticator,
} from './handshake/authentication.js';
export { ClientHandshake, type ClientHandshakeOptions } from './handshake/client-handshake.js';
export { type ClientStep, PlainHandshake, type PlainHandshakeOptions } from './handshake/plain-handshake.js';
export { type ConnectRequest, PROTOCOL_VERSION, type Version } from './handshake/connect-request.js';
export { type HandshakePolicy, ServerHandshake, type ServerStep } from './handshake/server-handshake.js';
export type { Hello } from './extension/hello.js';
export type { Mark, Position } from './extension/position.js';
export type { WelcomeVerdict, Welcome } from './extension/welcome.js';
export { codeName } from './codes.js';

// Names.
export { isGroupName, isPrivateName, nameField, parsePrivateGroup, privateGroup } from './name.js';

// Services.
export {
  AGREED_MESS,
  CAUSAL_MESS,
  FIFO_MESS,
  JOIN_MESS,
  KILL_MESS,
  LEAVE_MESS,
  RELIABLE_MESS,
  SAFE_MESS,
  UNRELIABLE_MESS,
  isRegular,
  isRegularMembership,
  isReject,
  isSelfLeave,
  isTransition,
} from './service.js';
