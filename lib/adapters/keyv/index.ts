/**
 * The module `ssp-toolkit/keyv`: a store of Keyv that several processes share, in memory.
 * @module
 */
export {
  keyvStore,
  type KeyvStore,
  type KeyvStoreEvents,
  type KeyvStoreOptions,
  type KeyvWrite,
} from './store.js';
