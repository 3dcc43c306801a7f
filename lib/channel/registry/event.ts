/** What a change of the registry means to owners, clients and watchers; the same, in the same order, at every member. */
import type { GoneReason } from '../reason.js';
import type { Entry } from './entry.js';

export type RegistryEvent =
  /** A channel can be opened that could not before. */
  | { readonly kind: 'opened'; readonly entry: Entry }
  /** An entry is gone; the entry is the last state of it. */
  | { readonly kind: 'closed'; readonly entry: Entry; readonly reason: GoneReason }
  | { readonly kind: 'server-unreachable' | 'server-back'; readonly entry: Entry }
  | {
      readonly kind: 'client-joined' | 'client-left' | 'client-back';
      readonly entry: Entry;
      readonly client: string;
    }
  | {
      readonly kind: 'client-gone' | 'client-unreachable';
      readonly entry: Entry;
      readonly client: string;
      readonly reason: GoneReason;
    }
  | { readonly kind: 'member-gone'; readonly member: string; readonly reason: GoneReason }
  | { readonly kind: 'member-unreachable' | 'member-back'; readonly member: string };

export type Tell = (event: RegistryEvent) => void;
