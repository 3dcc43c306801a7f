/**
 * Rule 15. What a member does with its state while it is not in the group, and nothing of that is missing for it: what the
 * others do with theirs, in the same order. At the place where it asks for the state again it has the one that it will be
 * offered. It follows only as long as its component continues by joins and ends: in all that needs a round it has no say.
 */
import type { Buffer } from '#buffer';
import { equalGroupIds } from '../../../wire/group-id.js';
import type { RecipeView } from '../port.js';
import type { Component } from './component.js';
import { couldChange } from './decision.js';
import type { Message, Statement, Tag } from './messages.js';
import { captureOf, type Input, type Replica } from './replica.js';

export class Follower {
  private current: RecipeView | null = null;
  /** The state where this member asked for it; null: it has not. */
  private asked: { readonly capture: string; readonly header: Buffer } | null = null;

  /** @param component that this member was a holder of @param label what is replicated */
  constructor(
    private readonly component: Component,
    private readonly replica: Replica,
    private readonly label: string,
    private readonly hasQuorum: boolean,
  ) {}

  /** The next view. @returns whether it follows there */
  view(view: RecipeView): boolean {
    const { component } = this;
    if (this.asked || view.cause === 'network' || !component.canContinue(view)) return false;
    component.continue(view);
    this.current = view;
    if (component.isPrimary) this.present(view);
    return true;
  }

  /** A message of another member, or a command of this one. @returns whether it follows on */
  take(sender: string, message: Message): boolean {
    if (!this.current || ('tag' in message && !this.isNow(this.current, message.tag))) return true;
    if (message.kind === 'reopen') return false;
    if (message.kind === 'command' || message.kind === 'part') this.apply({ ...message, sender });
    else if (message.kind === 'state') this.give(sender, message.statement);
    else if (message.kind === 'arrived') this.arrived(this.current, sender, message.ask);
    return true;
  }

  /** Here this member asks for the state: what follows waits for it. @returns false when it has asked before */
  pause(): boolean {
    if (this.asked) return false;
    this.replica.interrupt();
    const { steps, header } = this.replica.mark();
    this.asked = { capture: captureOf(this.component.lineage, steps), header };
    return true;
  }

  /** Whether what is offered is the state that this member has. */
  has({ capture, header }: Message & { kind: 'offer' }): boolean {
    const { asked } = this;
    return asked !== null && asked.capture === capture && asked.header.equals(header);
  }

  private isNow({ id }: RecipeView, { view, round }: Tag): boolean {
    return round === 0 && equalGroupIds(view, id);
  }

  private apply(input: Input): void {
    if (this.component.isPrimary) this.replica.run(input);
    else this.replica.drop(input);
  }

  private present({ members }: RecipeView): void {
    this.apply({ kind: 'present', members });
  }

  /** Another member asks for the state: the others begin their merges anew. */
  private give(name: string, statement: Statement): void {
    const { component, hasQuorum, label } = this;
    if (statement.label !== label) return;
    const isKnown = component.askOf(name) !== undefined || component.holders.has(name);
    // Somebody calls for another round then.
    if (!isKnown && couldChange(statement, component, hasQuorum)) return;
    component.asked(name, statement.ask);
    this.replica.interrupt();
  }

  private arrived(view: RecipeView, name: string, ask: string): void {
    const { component } = this;
    const wasPrimary = component.isPrimary;
    if (component.arrived(name, ask) && component.isPrimary && !wasPrimary) this.present(view);
  }
}
