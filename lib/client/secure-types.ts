/** What a secure group hands out besides the events of every group. */
import type { OutsiderReason } from '../secure/core/reasons.js';

/** A member of the view that has no key. */
export interface Outsider {
  /** Its id, `#bob#d1`. */
  readonly name: string;
  /** Its key share is missing, was refused, or was left out by the sealer. */
  readonly reason: OutsiderReason;
}

/** What a view of a secure group has besides. */
export interface SecureMembership {
  /** Tells it from the views of other groups. */
  readonly secure: true;
  /** 32 bytes that stand for the members and their key: the same at exactly those that can read each other. */
  readonly secureId: Uint8Array;
  /** Members of the group without the key, who neither read nor are heard. */
  readonly outsiders: readonly Outsider[];
  /** Ed25519 public key of each member, 32 bytes. Show people these, not names. */
  readonly identities: ReadonlyMap<string, Uint8Array>;
}

/** This member gets no key in the present view. */
export interface ExcludedEvent {
  /** Tells it from the other events. */
  readonly kind: 'excluded';
  /** Name of the group. */
  readonly group: string;
  /** `outside`: the key was made without it; `box`: the sealer gave it a wrong one; `clock`: their clocks differ. */
  readonly reason: 'outside' | 'box' | 'clock';
  /** Id of the member that made the key. */
  readonly sealer: string;
  /** When it leaves and joins by itself; null: it does not. */
  readonly rejoinInMs: number | null;
}

/** Another member has sealed, or would seal, the view in another way: what they accept differs. */
export interface DisagreementEvent {
  /** Tells it from the other events. */
  readonly kind: 'disagreement';
  /** Name of the group. */
  readonly group: string;
  /** Id of the other member. */
  readonly sealer: string;
  /** Members that are not accepted here, if that is why. */
  readonly names: readonly string[];
}

/** The view has a new key. */
export interface RekeyedEvent {
  /** Tells it from the other events. */
  readonly kind: 'rekeyed';
  /** Name of the group. */
  readonly group: string;
  /** Keys of the view before this one. */
  readonly epoch: number;
  /** As of `SecureView`. */
  readonly secureId: Uint8Array;
}

/** Somebody on the way, or a member, does what it should not. The group continues without what is wrong. */
export interface TamperingEvent {
  /** Tells it from the other events. */
  readonly kind: 'tampering';
  /** Name of the group. */
  readonly group: string;
  /**
   * `gap`: messages were withheld; `tail`: the last ones of a view; `replay`: an old message or view; `forged`: not
   * encrypted under the key of the view, or not signed by its sender; `clear`: a message in clear; `left-out`: a sealer
   * left members out, which an honest one may whose timer ran out.
   */
  readonly reason: 'gap' | 'tail' | 'replay' | 'forged' | 'clear' | 'left-out';
  /** Id of the sender or sealer; null where it is the view itself. */
  readonly sender: string | null;
  /** Members that were left out. */
  readonly names: readonly string[];
  /** Messages. */
  readonly count: number;
}
