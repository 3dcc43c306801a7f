/** The registry as it is shown. */
import { hexHash } from '../util/hash.js';
import { groupIdText } from '../wire/group-id.js';
import { type Entry, type Order, type Overflow, claimText } from './registry/entry.js';
import type { RegistryMachine } from './registry/machine.js';

/** A channel as the registry shows it. */
export interface ChannelInfo {
  /** Name of the channel. */
  readonly name: string;
  /** Id. */
  readonly owner: string;
  /** Names this ownership of the name: 32 hexadecimal digits. */
  readonly claimId: string;
  /** `orphan`: the owner is in another part of the network. */
  readonly state: 'active' | 'orphan';
  /** Posts that wait at most. */
  readonly maxBuffered: number;
  /** Bytes of their bodies at most. */
  readonly maxBufferedBytes: number;
  /** What happens to a post without a place. */
  readonly overflow: Overflow;
  /** Longest body in bytes. */
  readonly maxBody: number;
  /** Service of the messages. */
  readonly order: Order;
  /** Whether the error of a call tells if the server had begun with it. */
  readonly ackReceipt: boolean;
  /** What the server published, up to 1 KiB. */
  readonly metadata: Uint8Array;
  /** Ids, in the order in which they attached. */
  readonly clients: readonly string[];
}

/** The table of names at one connection at one time. */
export interface RegistrySnapshot {
  /** Ids of the connections that use channels, the same list in the same order at each of them. */
  readonly members: readonly string[];
  /** Whether this part of the network may give away names. */
  readonly primary: boolean;
  /** The view of the registry's group, as text. */
  readonly view: string;
  /** Equal for equal tables. */
  readonly hash: string;
  /** By name. */
  readonly channels: readonly ChannelInfo[];
}

/** The names of all. Reads are answered from the table here, which is the same at every connection at its own time. */
export interface Registry {
  /**
   * @param options `linearizable`: after everything that was ordered before this call, wherever it was
   * @throws BadNameError, ConnectionClosedError
   */
  lookup(
    name: string,
    options?: { readonly linearizable?: boolean | undefined },
  ): Promise<ChannelInfo | undefined>;
  /** By name, those that begin with the prefix. */
  list(prefix?: string): Promise<ChannelInfo[]>;
  /** The whole table as this connection knows it. */
  snapshot(): Promise<RegistrySnapshot>;
}

/** Whether applications see the entry: not while its owner, who is here, does not know whether the name is his. */
export const isShown = ({ unsure, owner }: Entry, machine: RegistryMachine): boolean =>
  !unsure || !machine.isMember(owner);

export function infoOf(entry: Entry, machine: RegistryMachine): ChannelInfo {
  const { name, owner, claim, settings, clients } = entry;
  return {
    name,
    owner,
    claimId: claimText(claim),
    state: machine.isMember(owner) ? 'active' : 'orphan',
    ...settings,
    metadata: Uint8Array.from(settings.metadata),
    clients: [...clients],
  };
}

/** Those whose names begin so, by name. */
const listOf = (machine: RegistryMachine, prefix: string): ChannelInfo[] =>
  [...machine.table.entries()]
    .filter((entry) => entry.name.startsWith(prefix) && isShown(entry, machine))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((entry) => infoOf(entry, machine));

const snapshotOf = (machine: RegistryMachine): RegistrySnapshot => ({
  members: [...machine.members],
  primary: machine.isPrimary,
  view: groupIdText(machine.viewId),
  hash: hexHash(machine.table.encode()),
  channels: listOf(machine, ''),
});

/** The registry as a connection knows it. @param lookup of one name, which may have to wait */
export const registryOf = (machine: () => RegistryMachine, lookup: Registry['lookup']): Registry => ({
  lookup,
  list: (prefix = '') => Promise.resolve(listOf(machine(), prefix)),
  snapshot: () => Promise.resolve(snapshotOf(machine())),
});
