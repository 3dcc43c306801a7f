/**
 * The module `ssp-toolkit/testing`: a cluster of daemons inside a test.
 * @module
 */

// The cluster.
export { cluster, type Cluster, type ClusterClock, type Release } from './cluster.js';
export type { ClusterConnectOptions } from './connections.js';
export type { FakeTimers } from './fake-timers.js';
export type { ClusterDaemonOptions, ClusterOptions } from './options.js';
export type { Wait } from './rest.js';
export type { ClusterGroup, DaemonHandle, DaemonState } from './slot.js';
