/**
 * The module `ssp-toolkit/recipes`: group services on top of a connection, such as election, presence, map and lock.
 * @module
 */

// The recipes.
export type { Leadership } from './core/election.js';
export { election, type Election, type ElectionEvents, type ElectionOptions } from './election.js';
export { lead, type LeadInfo, type LeadOptions } from './lead.js';
export type { RecipeEvents } from './recipe.js';
export type { Departure } from './core/presence.js';
export {
  presence,
  type Member,
  type Person,
  type Presence,
  type PresenceEvents,
  type PresenceOptions,
  type TypedPresenceOptions,
} from './presence.js';
export type { CallMode } from './core/call.js';
export {
  groupRpc,
  type GroupRpc,
  type GroupRpcOptions,
  type TypedRpcOptions,
  type CallHandler,
  type CallOptions,
  type CallResult,
  type CallOutcome,
} from './call.js';
export type { Machine, Snapshot } from './core/machines/machine.js';
export type { CommandInfo } from './core/replicated/replica.js';
export { barrier, type Barrier, type BarrierOptions } from './barrier.js';
export { counter, type Counter } from './counter.js';
export type { WaitOptions } from './options.js';
export {
  LeaderLostError,
  LeftGroupError,
  LockEndedError,
  IncompatibleMemberError,
  ReadOnlyError,
  RecipeError,
  ResultUnknownError,
} from './errors.js';
export { type HeldLock, lock, type Lock } from './lock.js';
export { map, type ReplicatedMap, type ReplicatedMapEvents, type TypedMapOptions } from './map.js';
export {
  replicated,
  type Replicated,
  type ReplicatedEvents,
  type ReplicatedOptions,
  type TypedReplicatedOptions,
} from './replicated.js';
