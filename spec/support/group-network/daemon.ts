/** Daemons with one group, what they put in order, and the clients that are connected to them. */
import type { Buffer } from 'node:buffer';
import type { GroupId } from '../../../lib/wire/group-id.js';

/** A view of the one group of the network. */
export interface GroupView {
  readonly id: GroupId;
  readonly cause: 'join' | 'leave' | 'disconnect' | 'network';
  /** In an order that is the same everywhere. */
  readonly members: readonly string[];
  /** Who joined, left or was disconnected. */
  readonly changed: string | null;
  /** Who came from the last view together with the receiver, itself included. */
  readonly cameWithMe: readonly string[];
  /** Those who joined and were members before under another id. */
  readonly returned: readonly { readonly from: string; readonly to: string }[];
}

/** A connection to a daemon that is, or wants to be, a member of the group. */
export interface GroupClient {
  /** `#name#daemon` */
  readonly id: string;
  /** Whether its daemon has delivered its join. Set by the network. */
  isJoined: boolean;
  view(view: GroupView): void;
  transition(): void;
  message(sender: string, body: Buffer, toGroup: boolean, isSafe: boolean): void;
  /** Its daemon has delivered its leave. */
  left?(): void;
}

/** One that is shown all that the group is, whether it is a member or not. */
export interface GroupListener extends GroupClient {
  /** A member of the group would get the transitional signal. */
  signal?(): void;
  /** A message to these alone. */
  direct?(sender: string, to: readonly string[], body: Buffer): void;
}

/** A message to the group, or to these members alone. */
export interface DataEntry {
  readonly kind: 'data';
  readonly sender: string;
  /** Index of the daemon of the sender. */
  readonly daemon: number;
  readonly to: readonly string[] | null;
  readonly isSafe: boolean;
  readonly body: Buffer;
}

export interface JoinEntry {
  readonly kind: 'join';
  readonly sender: string;
  readonly daemon: number;
  readonly client: GroupClient;
  /** The id of a member that has come back as this one: it goes in the same place. */
  readonly from?: string;
}

export interface EndEntry {
  readonly kind: 'leave' | 'disconnect';
  readonly sender: string;
  readonly daemon: number;
}

/** What a daemon has to say. */
export type RequestEntry = DataEntry | JoinEntry | EndEntry;

/** The first entry of each component: its daemons know each other's members from here on. */
export interface NetworkEntry<C extends GroupClient> {
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

export type Entry<C extends GroupClient> = RequestEntry | NetworkEntry<C>;

/** Daemons that can reach each other, and their order. */
export interface Component<C extends GroupClient> {
  readonly daemons: Daemon<C>[];
  readonly log: Entry<C>[];
  /** Of the daemons that have delivered its first entry. */
  readonly history: number;
}

export class Daemon<C extends GroupClient> {
  private readonly ending: string;
  clients: C[] = [];
  listener: GroupListener | null = null;
  /** In the order in which its clients sent it. */
  outbox: RequestEntry[] = [];
  /** Members of the group. */
  members: readonly string[] = [];
  /** How many entries of its component's log it has delivered. */
  delivered = 0;
  /** Equal for daemons that have delivered the same from the very beginning. */
  history: number;
  /** Whether its clients have had the transitional signal since their last view. */
  hasSignalled = false;
  /** First two words of the ids of its next views. */
  idPrefix: readonly [number, number];

  constructor(
    readonly index: number,
    readonly name: string,
    public component: Component<C>,
    public viewId: GroupId,
  ) {
    this.ending = `#${name}`;
    this.history = component.history;
    this.idPrefix = [viewId[0], viewId[1]];
  }

  /** Knows what another one knows of the group, as one of the same component. */
  follow({ delivered, hasSignalled, history, idPrefix, members }: Daemon<C>): void {
    Object.assign(this, { delivered, hasSignalled, history, idPrefix, members });
  }

  /** Members of the group that are connected to this daemon. */
  get ownMembers(): readonly string[] {
    return this.members.filter((member) => member.endsWith(this.ending));
  }

  isMember(client: GroupClient): boolean {
    return client.isJoined && this.members.includes(client.id);
  }
}

/** In the order of their daemons, as daemons show members. */
export const inViewOrder = (members: readonly string[]): string[] => {
  const place = (id: string): string => id.slice(id.lastIndexOf('#')) + id;
  return members.toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
};

/** Names of that many daemons. */
export const daemonNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `d${i}`);

export const namesOf = (daemons: readonly { readonly name: string }[]): string =>
  `{${daemons.map(({ name }) => name).join(' ')}}`;
