/** What arrives, in one order for all of a connection's groups: data, views, transitional signals, self-leaves. */
import type { Buffer } from '#buffer';
import type { SspError } from '../errors.js';
import type { GroupId } from '../wire/group-id.js';
import type { Cause } from '../mailbox/view.js';
import type { GapEvent } from './resume/events.js';
import type {
  DisagreementEvent,
  ExcludedEvent,
  Outsider,
  RekeyedEvent,
  SecureMembership,
  TamperingEvent,
} from './secure-types.js';
import type { Service } from './send.js';

/** A message. */
export class DataEvent {
  /** Tells it from the other events. */
  readonly kind = 'data';

  constructor(
    /** Id of the sender, `#bob#d1`: what `sendTo` takes to answer. */
    readonly sender: string,
    /** Where it was sent to, as the sender wrote it. */
    readonly groups: readonly string[],
    /** Shares its memory with messages that arrived with it: copy a small part that is kept for long. */
    readonly body: Buffer,
    /** The sender's own number for the kind of message, -32768 to 32767. */
    readonly type: number,
    /** Delivery service that the sender asked for. */
    readonly service: Service,
    /** Whether this connection sent it. */
    readonly fromMe: boolean,
    /** Whether the sender's machine has the other byte order; bodies are never converted. */
    readonly endianMismatch: boolean,
  ) {}

  /** The body as UTF-8. */
  get text(): string {
    return this.body.toString();
  }

  /** Whether it came encrypted, of a member of a secure view. */
  get encrypted(): boolean {
    return false;
  }

  /** Whether it went to some members of a view-synchronous group, by `sendToMembers`; `groups` ends with the group then. */
  get toSome(): boolean {
    return false;
  }
}

/** A message to some members of a view-synchronous group. */
export class MembersDataEvent extends DataEvent {
  override get toSome(): boolean {
    return true;
  }
}

/** A member that lost its connection and is here again. */
export interface ReturnedMember {
  /** Its id before, `#bob#d1`. */
  readonly from: string;
  /** Its id now, `#bob#d2`. */
  readonly to: string;
}

interface Membership {
  /** Tells it from the other events. */
  readonly kind: 'view';
  /** Name of the group. */
  readonly group: string;
  /** Equal at all members of the view; meaningful with the group's name only. */
  readonly id: GroupId;
  /**
   * Ids of the members, `#bob#d1`. The first one can serve as leader: everybody agrees on it. The list is made when it is
   * asked for, once.
   * @throws IllegalStateError in a group that was joined with `list: 'on-demand'`, for a view without its list
   */
  readonly members: readonly string[];
  /** Number of the members. */
  readonly size: number;
  /** Place of this connection among the members, from 0; -1 when it is not one of them. */
  readonly myIndex: number;
  /**
   * Members that were not in this connection's last view of the group: all of them in its first one, and this connection
   * alone where their list is missing.
   */
  readonly joined: readonly string[];
  /** Members of the last view that are gone. */
  readonly left: readonly string[];
  /**
   * Members that came from the last view together with this connection, itself included: they saw what it saw. Made when
   * it is asked for.
   * @throws IllegalStateError as `members`
   */
  readonly cameWithMe: readonly string[];
  /** Those of `joined` that were members before under another id. A daemon says so of connections that resume. */
  readonly returned: readonly ReturnedMember[];
  /**
   * Whether this is the id of a member.
   * @throws IllegalStateError as `members`
   */
  has(id: string): boolean;
}

/** One member came or went. */
export interface ChangeView extends Membership {
  /** Why there is a new view: `join`, `leave` or `disconnect`. */
  readonly cause: Exclude<Cause, 'network'>;
  /** Id of the one who joined, left or was disconnected. */
  readonly changed: string;
}

/** Daemons were lost or found, and any number of members with them. */
export interface NetworkView extends Membership {
  /** Why there is a new view. */
  readonly cause: 'network';
  /** No single member changed. */
  readonly changed: null;
}

/** A regular membership: who is in the group from here on, the same list in the same order at every member. */
export type ViewEvent = ChangeView | NetworkView;

/** A view of a secure group: its members have the key, and nobody else. */
export type SecureView = ViewEvent & SecureMembership;

/**
 * The daemon view broke: up to here everything was delivered as promised in the whole old view. What follows, up to the
 * next view of the group, is only known to reach those who come along [receive R46].
 */
export interface TransitionEvent {
  /** Tells it from the other events. */
  readonly kind: 'transition';
  /** Name of the group. */
  readonly group: string;
  /** Id of the view that ends. */
  readonly id: GroupId;
}

/** This connection has left the group: nothing of it follows. */
export interface SelfLeaveEvent {
  /** Tells it from the other events. */
  readonly kind: 'self-leave';
  /** Name of the group. */
  readonly group: string;
  /** Id of the last view. */
  readonly id: GroupId;
}

/** A request that the daemon refused. Nobody else has heard of it. */
export interface RejectEvent {
  /** Tells it from the other events. */
  readonly kind: 'reject';
  /** What kind of request it was. */
  readonly refused: 'join' | 'leave' | 'data';
  /** `permission`: a policy of the daemon; the others, of a join only: a limit of the daemon. */
  readonly reason: 'permission' | 'too-many-groups' | 'too-many-members';
  /** The same as an error: PermissionDeniedError, TooManyGroupsError or TooManyMembersError. */
  readonly error: SspError;
  /** Where the request went, as it was sent. */
  readonly groups: readonly string[];
  /** The body of a refused message; empty of a join or leave. */
  readonly body: Buffer;
  /** The type of a refused message; 0 of a join or leave. */
  readonly type: number;
}

/**
 * The members of a view-synchronous group change, and the next view waits for this member, which has joined with
 * `flush: 'manual'`: send what belongs into the present view, then `flush()`. No member can send between its flush and the
 * next view, and one that does not flush stops all others.
 */
export interface FlushRequestEvent {
  /** Tells it from the other events. */
  readonly kind: 'flush-request';
  /** Name of the group. */
  readonly group: string;
  /** Says that this member sends nothing more in this view. A second call does nothing, and one after a leave neither. */
  flush(): void;
}

/** The next view of a view-synchronous group waits for too long. Comes again when it waits for others. */
export interface StalledEvent {
  /** Tells it from the other events. */
  readonly kind: 'stalled';
  /** Name of the group. */
  readonly group: string;
  /** Ids of the members that have not flushed; of a secure group without a key, of those whose key share is missing. */
  readonly waitingFor: readonly string[];
  /** Of a secure group without a key: why. `self`: the own certificate has run out; `rekey`: the old key stays in use. */
  readonly reason?: 'missing' | 'self' | 'too-many' | 'rekey';
  /** Of a secure group without a key: whose key share was refused, and why. */
  readonly refused?: readonly Outsider[];
}

/**
 * What a group hands out; `kind` tells which one it is. `flush-request` and `stalled` come from view-synchronous groups
 * only; `excluded`, `disagreement`, `rekeyed` and `tampering` from secure groups only; `gap` from connections with `resume`
 * only.
 */
export type GroupEvent =
  | DataEvent
  | ViewEvent
  | TransitionEvent
  | SelfLeaveEvent
  | FlushRequestEvent
  | StalledEvent
  | ExcludedEvent
  | DisagreementEvent
  | RekeyedEvent
  | TamperingEvent
  | GapEvent;
/** What a connection hands out; `kind` tells which one it is. */
export type ConnectionEvent = GroupEvent | RejectEvent;
