/** What components see of groups: hooks. */
import { useCallback, useEffect, useInsertionEffect, useRef, useSyncExternalStore } from 'react';
import type { Person } from '../../recipes/presence.js';
import type { InputOf, StandardSchema } from '../../util/standard-schema.js';
import type { GroupState, MessageHandler } from './group-store.js';
import type { LeaderState } from './leader-store.js';
import { useClient } from './provider.js';
import type { Store } from './store.js';
import {
  type AnyGroupOptions,
  handlerOf,
  type TypedGroupState,
  usePayload,
  useSentValues,
  type UseTypedGroupOptions,
} from './typed-group.js';

const useStore = <S>(store: Store<S>): S =>
  useSyncExternalStore(store.subscribe, store.snapshot, store.serverSnapshot);

/** The options of `useGroup`. */
export interface UseGroupOptions {
  /** Called with each message of the group, in its order; the newest one that was rendered counts. */
  readonly onMessage?: MessageHandler | undefined;
}

/**
 * Joins a group as long as the component is there, and a second longer. Components that use the same group share one membership.
 * @param name 1 to 31 characters from `$` to `~`
 */
export function useGroup<S extends StandardSchema>(
  name: string,
  options: UseTypedGroupOptions<S>,
): TypedGroupState<InputOf<S>>;
export function useGroup(name: string, options?: UseGroupOptions): GroupState;
export function useGroup(name: string, options: AnyGroupOptions = {}): GroupState {
  const store = useClient().group(name);
  const payload = usePayload(options);
  const newest = useRef({ ...options, payload });
  useInsertionEffect(() => {
    newest.current = { ...options, payload };
  });
  useEffect(() => {
    const { handlers } = store.live;
    const handler = handlerOf(() => newest.current);
    handlers.add(handler);
    return () => void handlers.delete(handler);
  }, [store]);
  return useSentValues(payload, useStore(store));
}

/** The options of `usePresence`. */
export interface UsePresenceOptions<M> {
  /** What the others see of this connection: anything that JSON can hold, up to 16 KiB. A change is announced. */
  readonly meta: M;
  /** Whose connection this is, see `PresenceOptions.key`; the first one that is rendered counts. */
  readonly key?: string | undefined;
}

/** What `usePresence` gives. */
export interface PresenceState<M> {
  /** Who is here, this one too, in the one order that all members see. */
  readonly all: readonly Person<M>[];
  /** Who else is here. */
  readonly others: readonly Person<M>[];
  /** The person that this connection is one of; null before it is here. */
  readonly me: Person<M> | null;
  /** Why it is over; null otherwise. */
  readonly error: Error | null;
  /** Announces other metadata, until the property changes. */
  readonly update: (meta: M) => void;
}

/**
 * Who is here, each person once with all its connections. Components that use the same name share one presence, and what was
 * announced last counts. The name is that of a group which nothing else may use.
 * @param name 1 to 31 characters from `$` to `~`
 */
export function usePresence<M>(name: string, { meta, key }: UsePresenceOptions<M>): PresenceState<M> {
  const store = useClient().presence(name);
  const text = JSON.stringify(meta);
  useEffect(() => store.live.announce(meta, key), [store, text, key]);
  const update = useCallback((next: M) => store.live.announce(next), [store]);
  return { ...(useStore(store) as Omit<PresenceState<M>, 'update'>), update };
}

/** The options of `useLeader`. */
export interface UseLeaderOptions {
  /** As of `election`. */
  readonly quorum?: number | undefined;
}

/**
 * Takes part in an election as long as the component is there, and a second longer. The name is that of a group which nothing else
 * may use.
 * @param name 1 to 31 characters from `$` to `~`
 */
export const useLeader = (name: string, { quorum }: UseLeaderOptions = {}): LeaderState =>
  useStore(useClient().leader(name, quorum));
