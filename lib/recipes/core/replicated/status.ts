/** What the owner of a replica may ask it: what it is doing, and what it has. */
import type { Electorate } from '../../../primary/ballot.js';
import type { Agreement } from './agreement.js';
import type { Component } from './component.js';
import type { Holding } from './holding.js';
import { type Phase, phaseOf, type Place } from './place.js';
import type { Replica } from './replica.js';
import type { Separation } from './separation.js';
import type { Submissions } from './submissions.js';

export abstract class ReplicaStatus {
  protected abstract readonly replica: Replica;
  protected abstract readonly submissions: Submissions;
  protected abstract readonly agreement: Agreement;
  protected abstract readonly holding: Holding;
  protected abstract readonly separation: Separation;
  protected abstract readonly place: Place;
  protected abstract readonly self: string;
  /** Rule 4. Whether it has been part of an epoch in force. */
  protected abstract readonly tookPart: boolean;
  /** Since the loss of the connection. */
  protected abstract readonly isLost: boolean;
  /** Since the transitional signal. */
  protected abstract readonly isEnding: boolean;
  protected abstract readonly electorate: Electorate | null;

  get phase(): Phase {
    return phaseOf(this.place, this.self);
  }

  /** Whether this member has the state. */
  get hasState(): boolean {
    const { phase } = this;
    return phase !== 'loading' && phase !== 'left' && !this.holding.isEmpty && this.replica.isWhole;
  }

  /** Whether commands are applied now. */
  get isWritable(): boolean {
    return this.hasState && this.isOpen;
  }

  /** Whether this member is where nothing may be applied, and knows it: the transitional signal alone tells nothing. */
  get isPartitioned(): boolean {
    return this.isLost || this.separation.isPartitioned;
  }

  /** Rule 4. Whether a quorum can count on what this member knows. */
  get remembers(): boolean {
    return this.tookPart && this.holding.held?.isBehind === undefined && !this.holding.isEmpty;
  }

  /** The newest epoch whose commands are in the state here. */
  get epoch(): number {
    return this.holding.held?.epoch ?? 0;
  }

  get position(): number {
    return this.replica.position;
  }

  /** Commands of this member that are not applied yet. */
  get waiting(): number {
    return this.submissions.size;
  }

  get dueAt(): number {
    return this.isLost ? Infinity : Math.min(this.agreement.dueAt, this.holding.dueAt);
  }

  protected get component(): Component | null {
    return this.place.kind === 'placed' ? this.place.component : null;
  }

  /** Rule 9. Whether results may be reported. */
  protected get isOpen(): boolean {
    return this.component?.isPrimary === true && !this.isLost && !(this.isEnding && this.electorate);
  }

  /** Whether a result may be reported: with a quorum only of the state that continues. */
  protected get isBacked(): boolean {
    return this.electorate === null || (this.isOpen && this.holding.isCurrent);
  }
}
