/**
 * The module `ssp-toolkit/testing`: a cluster of daemons inside a test, and recordings of what groups were told.
 * @module
 */

// The cluster.
export { cluster, type Cluster, type ClusterClock, type Release } from './cluster.js';
export type { ClusterConnectOptions } from './connections.js';
export type { FakeTimers } from './fake-timers.js';
export type { ClusterDaemonOptions, ClusterOptions } from './options.js';
export type { Wait } from './rest.js';
export type { ClusterGroup, DaemonHandle, DaemonState } from './slot.js';

// Recordings.
export { RecordingError } from '../../lib/recording/error.js';
export type { MachineReplay, ReplayedCommand } from './recording/machine-replay.js';
export type { PlayedConnection, SendDifference } from './recording/played-connection.js';
export type { SentMessage } from './recording/recorded-daemon.js';
export {
  type MachineReplayOptions,
  type PlayOptions,
  type Recording,
  replay,
} from './recording/recording.js';
