/** One daemon of a small world, and what daemons put in order. */
import type { Buffer } from 'node:buffer';
import type { GroupId } from '../../../lib/wire/group-id.js';

/** A view of the one group of the world. */
export interface GroupView {
  readonly id: GroupId;
  readonly cause: 'join' | 'leave' | 'disconnect' | 'network';
  /** In an order that is the same everywhere. */
  readonly members: readonly string[];
  /** Who joined, left or was disconnected. */
  readonly changed: string | null;
  /** Who came from the last view together with the receiver, itself included. */
  readonly cameWithMe: readonly string[];
}

/** A connection to a daemon that is, or wants to be, a member of the group. */
export interface DaemonClient {
  /** `#name#daemon` */
  readonly id: string;
  /** Whether its daemon has delivered its join. Set by the world. */
  isJoined: boolean;
  view(view: GroupView): void;
  transition(): void;
  message(sender: string, body: Buffer, toGroup: boolean): void;
}

/** A message to the group, or to these members alone. */
export interface DataEntry<C extends DaemonClient> {
  readonly kind: 'data';
  readonly daemon: Daemon<C>;
  readonly sender: string;
  readonly to: readonly string[] | null;
  readonly isSafe: boolean;
  readonly body: Buffer;
}

export interface JoinEntry<C extends DaemonClient> {
  readonly kind: 'join';
  readonly daemon: Daemon<C>;
  readonly sender: string;
  readonly client: C;
}

export interface EndEntry<C extends DaemonClient> {
  readonly kind: 'leave' | 'disconnect';
  readonly daemon: Daemon<C>;
  readonly sender: string;
}

/** The first entry of each component: its daemons know each other's members from here on. */
export interface NetworkEntry<C extends DaemonClient> {
  readonly kind: 'network';
  readonly component: Component<C>;
  readonly id: GroupId;
  /** First two words of the ids of the views that follow. */
  readonly idPrefix: readonly [number, number];
  readonly members: readonly string[];
  /** Members that came along, by the history of their daemons. */
  readonly companions: ReadonlyMap<number, readonly string[]>;
  /** Whether the members of the group are shown a view at all. */
  readonly isVisible: boolean;
}

/** What a daemon has to say, and the order has no place for yet. */
export type RequestEntry<C extends DaemonClient> = DataEntry<C> | JoinEntry<C> | EndEntry<C>;
export type Entry<C extends DaemonClient> = RequestEntry<C> | NetworkEntry<C>;

/** Daemons that can reach each other, and their order. */
export interface Component<C extends DaemonClient> {
  readonly daemons: readonly Daemon<C>[];
  readonly log: Entry<C>[];
  /** Of the daemons that have delivered its first entry. */
  readonly history: number;
}

export class Daemon<C extends DaemonClient> {
  readonly name: string;
  clients: C[] = [];
  /** In the order in which its clients sent it. */
  outbox: RequestEntry<C>[] = [];
  /** Members of the group. */
  members: readonly string[] = [];
  viewId: GroupId = [0, 1, 1];
  idPrefix: readonly [number, number] = [0, 1];
  /** How many entries of its component's log it has delivered. */
  delivered = 0;
  /** Equal for daemons that have delivered the same from the very beginning. */
  history: number;
  /** Whether its clients have had the transitional signal since their last view. */
  hasSignalled = false;

  constructor(
    readonly index: number,
    public component: Component<C>,
  ) {
    this.name = `d${index}`;
    this.history = component.history;
  }

  /** Members of the group that are connected to this daemon. */
  get ownMembers(): readonly string[] {
    return this.members.filter((member) => member.endsWith(`#${this.name}`));
  }
}

/** In the order of their daemons, as daemons show members. */
export const inViewOrder = (members: Iterable<string>): string[] => {
  const place = (id: string): string => `${id.split('#')[2]} ${id}`;
  return [...new Set(members)].toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
};
