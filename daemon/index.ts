/**
 * The module `ssp-toolkit/daemon`: the daemon in this process.
 * @module
 */

// The daemon.
export { IllegalParamError } from '../lib/errors.js';
export type { Method } from './access/access.js';
export { AccessFileError } from './access/lines.js';
export { createDaemon, type Daemon } from './daemon.js';
export { TransportError, type TransportErrorCode } from './engine/corosync/transport/errors.js';
export type { Counters } from './counters.js';
export { EngineError } from './engine/port.js';
export { MonitorError } from './monitor/endpoint.js';
export type { Logger } from './log/logger.js';
export type {
  DaemonStatus,
  DaemonViewInfo,
  GroupInfo,
  GroupWithMembers,
  SessionInfo,
  SessionWithGroups,
  StatusEvent,
} from './monitor/status.js';
export { type DaemonOptions, hostDaemonName } from './options.js';
export type { WebOptions } from './web-options.js';
export type { Principal, UpgradeRequest, Verify } from './net/websocket/principal.js';
export type { SessionLimits } from './session/limits.js';
export { ListenError } from './net/tcp-address.js';
export type { EndReason } from './session/end-reason.js';
