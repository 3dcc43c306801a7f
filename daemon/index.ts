/** What `import ... from 'ssp-toolkit/daemon'` gives: the daemon in this process. */
export { createDaemon, type Daemon, type DaemonOptions, hostDaemonName } from './daemon.js';
export type { Counters } from './monitor/counters.js';
export type { Logger } from './monitor/logger.js';
export type { SessionLimits } from './session/limits.js';
export { ListenError } from './session/listener.js';
export type { EndReason } from './session/reason.js';
