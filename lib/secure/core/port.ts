/**
 * What lies between a secure group and its surroundings. The group is a state machine on the flush layer: views,
 * transitional signals, flush requests and messages come in as calls, in the one order of the connection, and what it
 * wants goes out through a sink. It knows no clock and no timer; time is handed in, and random numbers come from the
 * provider.
 */
import type { Buffer } from 'node:buffer';
import type { GroupId } from '../../wire/group-id.js';
import type { Authorization } from './agreement.js';
import type { OutsiderReason } from './reasons.js';
import type { Mode } from './context.js';
import type { Frame } from './messages.js';
import type { Pair } from './provider.js';

/** Why a view came, as the flush layer says it. */
export type Cause = 'join' | 'leave' | 'disconnect' | 'network';

/** A view that the flush layer has installed. */
export interface FlushedView {
  readonly id: GroupId;
  readonly cause: Cause;
  readonly members: readonly string[];
  /** The one who came or went; null for a network view. */
  readonly changed: string | null;
  /** Members of the last flush view that are in this one, too; alone this member in its first view. */
  readonly cameWithMe: readonly string[];
}

/** A message of the flush layer. */
export interface SecureFrame extends Frame {
  readonly type: number;
  /** Byte order of the sender, where the surroundings want it back with a message in clear. */
  readonly senderLittle?: boolean;
}

export interface Outsider {
  readonly name: string;
  readonly reason: OutsiderReason;
}

/** A view whose members have its key, and nobody else. */
export interface SecureViewEvent {
  readonly kind: 'view';
  readonly gid: GroupId;
  /** 32 bytes that stand for members and secret; the same at all members. */
  readonly id: Uint8Array;
  readonly cause: Cause;
  /** Who has the key, in the order of the flush view. */
  readonly members: readonly string[];
  /** Place of this member among them. */
  readonly index: number;
  /** The one who came or went; null for a network view. */
  readonly changed: string | null;
  /** Members of the last secure view that prove that they had its key and came along; this member always. */
  readonly cameWithMe: readonly string[];
  /** Members of the last secure view; this member alone before the first. */
  readonly previousMembers: readonly string[];
  /** Members of the flush view without the key. */
  readonly outsiders: readonly Outsider[];
  /** Identity of each member. */
  readonly identities: ReadonlyMap<string, Uint8Array>;
}

/** A message of the secure view, in clear. */
export interface SecureData {
  readonly kind: 'data';
  readonly sender: string;
  readonly service: number;
  readonly groups: readonly string[];
  readonly type: number;
  readonly body: Buffer;
}

/** A message in clear that stands in the secure view, for an application that takes such ones. */
export interface ClearData {
  readonly kind: 'clear';
  /** As it was handed in. */
  readonly frame: SecureFrame;
}

/** A message of an insider that is not encrypted under the key of the epoch, or not signed by its sender. */
export interface DecryptFailed {
  readonly kind: 'decrypt-failed';
  readonly sender: string;
  readonly service: number;
  readonly groups: readonly string[];
}

/** What follows in this secure view is known to reach only those who come along. */
export interface SecureTransition {
  readonly kind: 'transition';
  readonly id: Uint8Array;
}

export interface SecureSelfLeave {
  readonly kind: 'self-leave';
}

/** The application may send until it calls `flush`. */
export interface SecureFlushRequest {
  readonly kind: 'flush-request';
}

/** This member gets no key in the present view. */
export interface Excluded {
  readonly kind: 'excluded';
  /** The sealer left it out; gave it a wrong box; or has another time. */
  readonly reason: 'outside' | 'box' | 'clock';
  readonly sealer: string;
  /** When it leaves and joins by itself; null: it does not. */
  readonly rejoinInMs: number | null;
}

/** Another member has sealed, or would seal, the view in another way. */
export interface Disagreement {
  readonly kind: 'disagreement';
  readonly sealer: string;
  /** Whose SHARE is good and not authorised here, if that is why. */
  readonly names: readonly string[];
}

/** No key has come for long. */
export interface SecureStall {
  readonly kind: 'stalled';
  readonly reason: 'missing' | 'self' | 'too-many' | 'rekey';
  /** Whose SHARE has not come. */
  readonly missing: readonly string[];
  readonly refused: readonly Outsider[];
}

/** The view has a new key. */
export interface Rekeyed {
  readonly kind: 'rekeyed';
  readonly epoch: number;
  readonly id: Uint8Array;
}

/** All members of the view have shown that they have the key of its epoch. */
export interface Confirmed {
  readonly kind: 'confirmed';
  readonly epoch: number;
}

/** Somebody on the way, or a member, does what it should not. */
export interface Tampering {
  readonly kind: 'tampering';
  /**
   * `gap`: messages were withheld; `tail`: the last ones of a view; `replay`: an old message or view; `forged`: a
   * message of nobody in the view; `clear`: a message in clear; `left-out`: a sealer left members out.
   */
  readonly reason: 'gap' | 'tail' | 'replay' | 'forged' | 'clear' | 'left-out';
  /** Sender or sealer; null where it is the view itself. */
  readonly sender: string | null;
  readonly names: readonly string[];
  readonly count: number;
}

/** What a secure group hands out; `kind` tells which one it is. */
export type SecureEvent =
  | SecureViewEvent
  | SecureData
  | ClearData
  | DecryptFailed
  | SecureTransition
  | SecureSelfLeave
  | SecureFlushRequest
  | Excluded
  | Disagreement
  | SecureStall
  | Rekeyed
  | Confirmed
  | Tampering;

/**
 * `keying`: nothing is decided in the flush view. `dead`: this member gets no key in it any more. `secure`: it has the
 * key. `rekeying`: and the next one is being agreed. `outside`: others have the key, this member has not.
 */
export type SecureState = 'none' | 'keying' | 'dead' | 'secure' | 'rekeying' | 'outside';

/** Why a message cannot be sent now; null: it can. */
export type SendRefusal = null | 'not-joined' | 'keying' | 'outside' | 'flushed' | 'exhausted' | 'too-long';

/** What is dropped without an event of its own. */
export type Dropped =
  /** Not in the form of SHARE, SEAL or DATA. */
  | 'malformed'
  /** A SHARE that is not good. */
  | 'share'
  /** A SEAL that fails the open test, or comes when none is waited for. */
  | 'seal'
  /** DATA that no key is there for. */
  | 'keyless'
  /** DATA of an epoch that is over, or has not begun. */
  | 'epoch'
  /** DATA of an epoch whose agreement a transitional signal ended here. */
  | 'transition'
  /** DATA that is forged, or seen before. */
  | 'refused';

/** A member whose SHARE is good. `view` and `member` come back with an answer that is late. */
export interface AuthorizationRequest {
  readonly view: number;
  readonly group: string;
  readonly member: string;
  readonly identity: Uint8Array;
  readonly credential: Uint8Array;
}

export interface SecureSink {
  /** Whether the flush layer would take a message in this view now. */
  maySend(view: GroupId): boolean;
  /** Sends a message of type `SECURE_TYPE`. @param receivers null: to the group */
  transmit(service: number, receivers: readonly string[] | null, body: Uint8Array): void;
  /** Answers the flush request. */
  flush(): void;
  /** Leaves the group and joins it again; the self-leave comes in as always. */
  rejoin(): void;
  /** @returns null when the answer comes later, by `authorized` */
  authorize(request: AuthorizationRequest): Authorization | null;
  deliver(event: SecureEvent): void;
  drop(reason: Dropped, sender: string): void;
  /** Time of day, in seconds since 1970. */
  clock(): number;
}

export interface SecureOptions {
  readonly group: string;
  /** Private name of this member. */
  readonly self: string;
  readonly mode: Mode;
  readonly identity: Pair;
  readonly credential: Uint8Array;
  /** Last second of the own certificate; Infinity without one. */
  readonly ownNotAfter: number;
  /** Whether flush requests are shown, for the application to answer. */
  readonly isManual: boolean;
  /** Whether a member that gets no key leaves and joins by itself. */
  readonly rejoins: boolean;
  readonly sealAfterMs: number;
  readonly rekeyAfterMs: number;
  readonly stalledAfterMs: number;
  /** Whether messages in clear are handed out, as Secure Spread 2.1 does [secure-groups SD-6]; default false. */
  readonly takesClear?: boolean;
}
