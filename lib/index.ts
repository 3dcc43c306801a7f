/**
 * The module `ssp-toolkit`: the client API. The SSP and SP calls are in `ssp-toolkit/ssp`.
 * @module
 */

// Errors.
export {
  AuthError,
  BufferTooShortError,
  ConnectionClosedError,
  CouldNotConnectError,
  GroupsTooShortError,
  IllegalAddressError,
  IllegalGroupError,
  IllegalMessageError,
  IllegalMessageTypeError,
  IllegalNameError,
  IllegalParamError,
  IllegalReceiversError,
  IllegalServiceError,
  IllegalSessionError,
  IllegalStateError,
  IllegalTimeError,
  MessageTooLongError,
  NetworkError,
  NoNameError,
  NotUniqueError,
  PermissionDeniedError,
  QuotaError,
  RejectedError,
  SspError,
  TooManyGroupsError,
  TooManyMembersError,
  VersionError,
  ViewChangedError,
  WouldBlockError,
  ERROR_CODES,
  type ErrorCode,
  type RefusedAction,
  type SspErrorOptions,
} from './errors.js';
export { NotSupportedError, ResumeError, SendUnknownError } from './client/resume/errors.js';
export { InvalidValueError } from './client/typed/errors.js';
export { SecurityError } from './secure/errors.js';
export { connect } from './client/connect.js';
export type { Connection } from './client/connection.js';
export type { ConnectionEvents } from './client/connection-events.js';
export {
  type ChangeView,
  type ConnectionEvent,
  DataEvent,
  type FlushRequestEvent,
  type GroupEvent,
  type SelfLeaveEvent,
  type NetworkView,
  type RejectEvent,
  type ReturnedMember,
  type SecureView,
  type StalledEvent,
  type TransitionEvent,
  type ViewEvent,
} from './client/event.js';
export type { Group, GroupEvents } from './client/group.js';
export type { ConnectOptions, JoinOptions, ViewSynchrony } from './client/options.js';
export type {
  ConnectionState,
  GapEvent,
  GapReason,
  MovedEvent,
  ReconnectingEvent,
  ResumedEvent,
} from './client/resume/events.js';
export type { ResumeOptions } from './client/resume/options.js';
export type { SecureGroup } from './client/secure-group.js';
export type { SecureOptions } from './client/secure-options.js';
export type {
  DisagreementEvent,
  ExcludedEvent,
  Outsider,
  RekeyedEvent,
  SecureMembership,
  TamperingEvent,
} from './client/secure-types.js';
export type { Body, MembersSendOptions, SendOptions } from './client/send.js';
export { type Service, SERVICES } from './client/send.js';
export { QUEUE_BYTES, QUEUE_EVENTS } from './client/event-stream.js';
export type { Codec } from './client/typed/codec.js';
export type {
  InvalidEvent,
  MessageEvent,
  TypedGroupEvent,
  UntypedEvent,
  ValueEvent,
} from './client/typed/events.js';
export type {
  TypedGroup,
  TypedGroupEvents,
  TypedGroupOf,
  TypedJoinOptions,
  TypedMembersSendOptions,
  TypedSecureGroup,
  TypedSecureGroupOf,
  TypedSendOptions,
} from './client/typed/types.js';
export type { TlsOptions } from './mailbox/transport.js';
export type { Cause } from './mailbox/view.js';
export { equalGroupIds, type GroupId, groupIdText } from './wire/group-id.js';
export type {
  InputOf,
  OutputOf,
  SchemaAnswer,
  SchemaIssue,
  SchemaPathStep,
  StandardSchema,
  ValueIssue,
} from './util/standard-schema.js';
