/**
 * The module `ssp-toolkit/socket.io`: several Socket.IO servers as one, in one order.
 * @module
 */
export { createAdapter } from './create-adapter.js';
export type { AdapterFactory, AdapterOptions, AdapterSource, RecoverySettings } from './options.js';
