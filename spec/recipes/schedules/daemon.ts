/** The parts of the network in a schedule: daemons, what they order, and the clients that are attached to them. */
import type { Buffer } from 'node:buffer';
import type { RecipeView } from '../../../lib/recipes/core/port.js';
import type { GroupId } from '../../../lib/wire/group-id.js';

/** A client program, as its daemon sees it. */
export interface Client {
  /** Its private name. */
  readonly name: string;
  /** Whether its join has been delivered. */
  isMember: boolean;
  view(view: RecipeView): void;
  transition(): void;
  /** @param isPrivate whether it is for this client alone */
  message(sender: string, body: Buffer, isPrivate: boolean): void;
}

export interface Data {
  readonly kind: 'data';
  readonly from: string;
  /** Index of the daemon of the sender. */
  readonly daemon: number;
  readonly body: Buffer;
  readonly service: 'agreed' | 'safe';
  /** Null: the group. */
  readonly to: string | null;
}

/** What a daemon orders. */
export type Entry =
  | Data
  | { readonly kind: 'join'; readonly from: string; readonly daemon: number; readonly client: Client }
  | { readonly kind: 'end'; readonly from: string; readonly daemon: number };

/** The first thing in every component. */
export interface Installed {
  readonly kind: 'installed';
  readonly id: GroupId;
  readonly members: readonly string[];
  /** Members that come along, by the past of their daemons. */
  readonly along: ReadonlyMap<number, readonly string[]>;
  readonly component: Component;
  /** Whether a member has to be shown it, whatever the members are. */
  readonly isChange: boolean;
}

/** Daemons that have one order. */
export interface Component {
  readonly log: (Entry | Installed)[];
  readonly daemons: readonly Daemon[];
  /** The past of daemons that have installed it. */
  readonly past: number;
}

export interface Daemon {
  readonly index: number;
  client: Client | null;
  /** One more client, that only listens. */
  guest: Client | null;
  /** Sent and not ordered yet. */
  outbox: Entry[];
  /** Members of the group, in order. */
  group: string[];
  /** Id of the group. */
  id: GroupId;
  component: Component;
  /** Entries of the component that are delivered. */
  delivered: number;
  /** Equal at daemons that have delivered the same. */
  past: number;
  /** Since a transitional signal, until the next view. */
  isEnding: boolean;
}

/** The order of members in views. */
export const ordered = (names: readonly string[]): string[] =>
  names.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

const daemonOf = (name: string): string => name.split('#')[2] ?? '';
const keyOf = (name: string): string => `${daemonOf(name)}#${name}`;

/** Those of these members whose daemons these are. */
export const membersAt = (names: readonly string[], daemons: readonly Daemon[]): string[] =>
  names.filter((name) => daemons.some(({ index }) => daemonOf(name) === `d${index}`));

export const setText = (daemons: readonly Daemon[]): string =>
  `{${daemons.map(({ index }) => `d${index}`).join(' ')}}`;
