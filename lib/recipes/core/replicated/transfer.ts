/** Rule 11: who asks for the state, with what, and at which place in the order it is given. */
import { Buffer } from '#buffer';
import type { Component } from './component.js';
import type { Holding } from './holding.js';
import { askOf, encode, isAskOf, type Message } from './messages.js';
import type { Sender } from '../port.js';
import { type Asked, captureOf, type Replica } from './replica.js';
import { type DonorSink, SnapshotSender } from './snapshot-sender.js';

export class Transfer {
  /** What this member asked with last; empty: it asks when the machine is free. */
  ask = '';
  /** The name of the state that it had a place for when it asked, or that it began with. */
  placedIn = 0;
  /** Gives it to others. */
  readonly donor: SnapshotSender;
  private asks = 0;

  constructor(
    private self: string,
    private readonly instance: number,
    private readonly sink: Sender & DonorSink,
    private readonly replica: Replica,
    private readonly holding: Holding,
  ) {
    this.donor = new SnapshotSender(sink);
  }

  /** Another request. */
  next(): string {
    this.ask = askOf(this.instance, ++this.asks);
    return this.ask;
  }

  /** Whether this member asked with that, be it long ago. */
  isOwn(ask: string): boolean {
    return isAskOf(this.instance, this.asks, ask);
  }

  /**
   * Whether it shows that its sender is another process, whatever ids this one had: it asks with a request of its own, or
   * answers one of this process, which asks nobody under an id of before.
   */
  isOfAnother(message: Message): boolean {
    if (message.kind === 'state') return !this.isOwn(message.statement.ask);
    return (message.kind === 'offer' || message.kind === 'misfit') && this.isOwn(message.ask);
  }

  rejoined(self: string): void {
    this.self = self;
    this.ask = '';
  }

  /** Whether inputs of the component belong to the state here, or to the one that it is given. */
  hasPlace(component: Component): boolean {
    return component.holders.has(this.self) || component.askOf(this.self) === this.ask;
  }

  /** A member replicates something else. */
  turnAway(component: Component, name: string, ask: string, label: string): void {
    if (component.holders.has(this.self)) this.sink.sendTo(name, encode({ kind: 'misfit', ask, label }));
  }

  /** A member is given the state as it is at this place. */
  give(component: Component, name: string, ask: string, now: number): void {
    component.asked(name, ask);
    if (name !== this.self) {
      const { lineage } = component;
      if (this.hasPlace(component))
        this.replica.run({ kind: 'asked', name, ask, lineage, component: component.encode() });
      return;
    }
    this.placedIn = component.lineage;
    if (this.holding.isBusy) this.ask = '';
    else this.holding.await(now);
  }

  /** Its place in the order has come, and the state here is what was asked for. */
  offer(present: Component | null, asked: Asked, steps: number, header: Buffer): void {
    const { name, ask, lineage, component } = asked;
    if (present?.askOf(name) !== ask) return;
    const capture = captureOf(lineage, steps);
    this.donor.give(name, capture);
    this.sink.sendTo(name, encode({ kind: 'offer', ask, capture, component, header }));
  }
}
