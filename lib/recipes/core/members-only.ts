/**
 * Takes word only from those who are there: a message counts if its sender is a member of the view in which it is
 * delivered. Views and messages come in one order, so all members decide alike. Private messages are judged in the same
 * way; whether they are owed is for the recipe to know.
 */
import type { Buffer } from 'node:buffer';
import { BodyReader } from './codec.js';
import type { RecipeCore, RecipeView } from './port.js';

/** Why a message was dropped. */
export type DropReason =
  /** Its sender is not a member. */
  | 'stranger'
  /** It is of another version of the recipes' format. */
  | 'version';

export class MembersOnly implements RecipeCore {
  private members: ReadonlySet<string> = new Set();

  constructor(
    private readonly core: RecipeCore,
    private readonly dropped: (sender: string, reason: DropReason) => void,
  ) {}

  get dueAt(): number {
    return this.core.dueAt;
  }

  view(view: RecipeView, now: number): void {
    this.members = new Set(view.members);
    this.core.view(view, now);
  }

  transition(now: number): void {
    this.core.transition(now);
  }

  message(sender: string, body: Buffer, now: number): void {
    if (!this.members.has(sender)) this.dropped(sender, 'stranger');
    else if (BodyReader.isOfOtherVersion(body)) this.dropped(sender, 'version');
    else this.core.message(sender, body, now);
  }

  left(now: number): void {
    this.members = new Set();
    this.core.left(now);
  }

  tick(now: number): void {
    this.core.tick(now);
  }
}
