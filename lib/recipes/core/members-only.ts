/**
 * Takes word only from those who are there: a message counts if its sender is a member of the view in which it is
 * delivered. Views and messages come in one order, so all members decide alike. Private messages are judged in the same
 * way, and only what is meant for one member may come privately: else a member could tell each of the others something
 * else. For the same reason a message to the group counts only with the service that its recipe needs. Whether private ones
 * are owed is for the recipe to know.
 */
import type { Buffer } from '#buffer';
import type { Service } from '../../client/send.js';
import { isAsSureAs } from '../../primary/delivery.js';
import { BodyReader } from './codec.js';
import type { DropReason, RecipeCore, RecipeView } from './port.js';
import { isPrivateKind } from './private-kinds.js';

export class MembersOnly implements Omit<RecipeCore, 'needs' | 'message' | 'overhear' | 'unheard'> {
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

  /** One that has its place in the order of the group. */
  message(sender: string, body: Buffer, now: number, service: Service): DropReason | null {
    return this.isUnheard(sender, body) ? null : this.take(sender, body, now, service);
  }

  /** One to this member alone. */
  direct(sender: string, body: Buffer, now: number): DropReason | null {
    return this.take(sender, body, now, null);
  }

  lost(now: number): void {
    this.core.lost(now);
  }

  /** A view in which this member is not. */
  observe(view: RecipeView, now: number): void {
    this.members = new Set(view.members);
    this.core.observe?.(view, now);
  }

  /** A message to the group in such a view. */
  overhear(sender: string, body: Buffer, now: number, service: Service): void {
    if (this.isUnheard(sender, body) || !this.core.overhear) return;
    const reason = this.reasonAgainst(sender, body, service) ?? this.core.overhear(sender, body, now);
    if (reason !== null) this.dropped(sender, reason);
  }

  rejoined(self: string, isWhole: boolean, now: number): void {
    this.members = new Set();
    this.core.rejoined(self, isWhole, now);
  }

  /** @returns whether a private message that was refused goes another way */
  refused(): boolean {
    this.core.refused?.();
    return this.core.refused !== undefined;
  }

  resumed(now: number): void {
    this.core.resumed(now);
  }

  left(now: number): void {
    this.members = new Set();
    this.core.left(now);
  }

  tick(now: number): void {
    this.core.tick(now);
  }

  /** @param service with which it was sent to the group; null: it is for this member alone */
  private take(sender: string, body: Buffer, now: number, service: Service | null): DropReason | null {
    const reason = this.reasonAgainst(sender, body, service) ?? this.core.message(sender, body, now);
    if (reason !== null) this.dropped(sender, reason);
    return reason;
  }

  /** Whether it is one of this member's that nobody takes. */
  private isUnheard(sender: string, body: Buffer): boolean {
    return !this.members.has(sender) && this.core.unheard?.(sender, body) === true;
  }

  private reasonAgainst(sender: string, body: Buffer, service: Service | null): DropReason | null {
    if (!this.members.has(sender)) return 'stranger';
    if (BodyReader.isOfOtherVersion(body)) return 'version';
    const isRight = isPrivateKind(body)
      ? service === null
      : service !== null && isAsSureAs(this.core.needs, service);
    return isRight ? null : 'malformed';
  }
}
