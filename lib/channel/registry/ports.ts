/** What the registry at one member is fed with, and what it needs of its surroundings. */
import type { Buffer } from 'node:buffer';
import type { Delivery } from '../../primary/delivery.js';
import type { ReturnedMember } from '../../client/event.js';
import type { GroupId } from '../../wire/group-id.js';
import type { ApplyResult } from './apply.js';
import type { RegistryEvent } from './difference.js';

/** A view of the registry's group. */
export interface RegistryView {
  readonly id: GroupId;
  readonly cause: 'join' | 'leave' | 'disconnect' | 'network';
  readonly members: readonly string[];
  /** Who joined, left or was disconnected. */
  readonly changed: string | null;
  /** Who came from the last view together with this member, itself included. */
  readonly cameWithMe: readonly string[];
  /** Those who joined and were members before under another id. */
  readonly returned: readonly ReturnedMember[];
}

/** Why something is ignored; `silent`: a member that was left out of an exchange. */
export type IgnoreReason = 'stranger' | 'version' | 'malformed' | 'claim' | 'silent';

export interface RegistrySink {
  /** To the registry's group, or to these members alone. */
  send(to: readonly string[] | null, bytes: Buffer, service: Delivery): void;
  /** A command of this member has its outcome. */
  settled(serial: number, outcome: ApplyResult): void;
  tell(event: RegistryEvent): void;
  /** Somebody else speaks, or votes, for this member. @param place of this member among those who can */
  waiting(place: number): void;
  /** An exchange is under way. If it takes long, `settle` ends it. */
  exchanging(): void;
  /** A member was disconnected. If nothing follows at once, `tellDeparture` has it told. */
  departing(): void;
  ignored(member: string, reason: IgnoreReason): void;
  /** The table is there and equal to that of all others: after the first exchange, and after every other one. */
  ready(): void;
}
