/**
 * The module `ssp-toolkit/cluster-process`: ordered messages among the processes of one machine, without anything to set up.
 * @module
 */
export { connectHere, type HereOptions, type MachineConnection } from './here.js';
export type { MachineDaemonOptions } from './daemon-options.js';
export { primaryDaemon, type PrimaryDaemon, type PrimaryDaemonOptions } from './primary.js';
