/**
 * The module `ssp-toolkit/react`: groups, presence and elections as hooks of React, over a WebSocket to a daemon.
 * @module
 */
export { SspProvider, type SspProviderProps } from './provider.js';
export {
  useGroup,
  type UseGroupOptions,
  useLeader,
  type UseLeaderOptions,
  usePresence,
  type UsePresenceOptions,
  type PresenceState,
} from './hooks.js';
export type { GroupState, MessageHandler } from './group-store.js';
export type { TypedGroupState, UseTypedGroupOptions } from './typed-group.js';
export type { LeaderState } from './leader-store.js';
export type { Person, Member } from '../../recipes/presence.js';
