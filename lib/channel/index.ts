/**
 * The module `ssp-toolkit/channel`: named channels with requests and replies, in the manner of MESSIP.
 * @module
 */

// Channels.
export { openChannels } from './open.js';
export type { Channels } from './channels.js';
export type { ClientChannel } from './client-channel.js';
export type { ServerChannel } from './server-channel.js';
export type { ServerRequest } from './request.js';
export type { ChannelInfo, Registry, RegistrySnapshot } from './registry-info.js';
export type { Dropped } from './context.js';
export type { WaitLimits } from './check.js';
export type {
  CallOptions,
  ChannelOptions,
  ChannelsOptions,
  ClientState,
  CloseOptions,
  CreateOptions,
  OpenOptions,
  PingOptions,
  PostOptions,
  ReceiveOptions,
  Reply,
} from './options.js';
export type {
  ChannelLostEvent,
  ClientChangeEvent,
  ClientEvent,
  ClientLossEvent,
  ClientReturnedEvent,
  OverflowEvent,
  PostEvent,
  ServerEvent,
  TimeoutEvent,
  TimerEvent,
  TimerId,
  WatchEvent,
} from './event.js';
export {
  AlreadyRepliedError,
  BadNameError,
  BodyTooLongError,
  BufferingOffError,
  BusyError,
  ChannelError,
  ChannelFullError,
  ClientGoneError,
  ExistsError,
  HasClientsError,
  NotAttachedError,
  NotFoundError,
  NotOwnerError,
  NotPrimaryError,
  OrphanedError,
  RefusedError,
  ServerGoneError,
  ServerUnreachableError,
  TimeoutError,
  type ChannelCondition,
  type GoneReason,
} from './errors.js';
