/**
 * The module `ssp-toolkit/node-cron`: jobs of node-cron that run once in a cluster.
 * @module
 */
export { coordinator, type CoordinatorOptions, type CronCoordinator } from './coordinator.js';
