/**
 * The module `ssp-toolkit/browser`: the client API and recipes in a web page, over a WebSocket to a daemon.
 * @module
 */

// Connecting.
export { type BrowserConnectOptions, connect } from './connect.js';
export { SessionChangedError } from './errors.js';
export type { TokenSource } from './token.js';
export type { Connection } from '../client/connection.js';
export type { ConnectionEvents } from '../client/connection-events.js';
export type {
  ChangeView,
  ConnectionEvent,
  DataEvent,
  GroupEvent,
  NetworkView,
  RejectEvent,
  ReturnedMember,
  SelfLeaveEvent,
  TransitionEvent,
  ViewEvent,
} from '../client/event.js';
export type { Group, GroupEvents } from '../client/group.js';
export type { JoinOptions } from '../client/options.js';
export type {
  ConnectionState,
  GapEvent,
  GapReason,
  MovedEvent,
  ReconnectingEvent,
  ResumedEvent,
} from '../client/resume/events.js';
export type { ResumeOptions } from '../client/resume/options.js';
export type { Body, MembersSendOptions, SendOptions, Service } from '../client/send.js';
export type { Codec } from '../client/typed/codec.js';
export type {
  InvalidEvent,
  MessageEvent,
  TypedGroupEvent,
  UntypedEvent,
  ValueEvent,
} from '../client/typed/events.js';
export type {
  TypedGroup,
  TypedGroupEvents,
  TypedGroupOf,
  TypedJoinOptions,
  TypedMembersSendOptions,
  TypedSendOptions,
} from '../client/typed/types.js';
export type {
  InputOf,
  OutputOf,
  SchemaAnswer,
  SchemaIssue,
  SchemaPathStep,
  StandardSchema,
  ValueIssue,
} from '../util/standard-schema.js';
export type { Cause } from '../mailbox/view.js';

// Errors.
export {
  AuthError,
  ConnectionClosedError,
  CouldNotConnectError,
  IllegalGroupError,
  IllegalParamError,
  MessageTooLongError,
  NotUniqueError,
  PermissionDeniedError,
  RejectedError,
  SspError,
  TooManyGroupsError,
  TooManyMembersError,
  type ErrorCode,
} from '../errors.js';
export { InvalidValueError } from '../client/typed/errors.js';
export { NotSupportedError, ResumeError, SendUnknownError } from '../client/resume/errors.js';

// Recipes.
export type { Leadership } from '../recipes/core/election.js';
export { election, type Election, type ElectionEvents, type ElectionOptions } from '../recipes/election.js';
export type { Departure } from '../recipes/core/presence.js';
export { presence } from './presence.js';
export type {
  Member,
  Person,
  Presence,
  PresenceEvents,
  PresenceOptions,
  TypedPresenceOptions,
} from '../recipes/presence.js';
export { groupRpc } from './group-rpc.js';
export { map } from './map.js';
export type { CallMode } from '../recipes/core/call.js';
export type {
  GroupRpc,
  GroupRpcOptions,
  TypedRpcOptions,
  CallHandler,
  CallOptions,
  CallResult,
  CallOutcome,
} from '../recipes/call.js';
export type { ReplicatedMap, ReplicatedMapEvents, TypedMapOptions } from '../recipes/map.js';
export type { Replicated, ReplicatedEvents, ReplicatedOptions } from '../recipes/replicated.js';
export type { WaitOptions } from '../recipes/options.js';
export type { RecipeEvents } from '../recipes/recipe.js';
export {
  IncompatibleMemberError,
  LeftGroupError,
  ReadOnlyError,
  RecipeError,
  ResultUnknownError,
} from '../recipes/errors.js';
