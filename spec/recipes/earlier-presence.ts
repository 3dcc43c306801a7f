/** Presence as it was before members answered newcomers privately: all announce themselves to all, and take nothing private. */
import type { Buffer } from 'node:buffer';
import { ANNOUNCEMENT, readAnnouncement } from '../../lib/recipes/core/announcement.js';
import { BodyWriter } from '../../lib/recipes/core/codec.js';
import { type MembersSink, PresenceCore } from '../../lib/recipes/core/presence.js';
import type { DropReason, RecipeView } from '../../lib/recipes/core/port.js';

/** An announcement of that version: nobody may answer it privately. */
export function earlierAnnouncement(instance: number, metadata: Uint8Array, comesBack = false): Buffer {
  const writer = new BodyWriter('members', ANNOUNCEMENT).number(instance).number(0).data(metadata);
  return (comesBack ? writer.tagged(1, () => undefined) : writer).finish();
}

export class EarlierPresence extends PresenceCore {
  private isIn = false;
  private metadataNow: Buffer;

  constructor(
    private id: string,
    instance: number,
    metadata: Buffer,
    forgetAfterMs: number,
    sink: MembersSink,
    comesBack = false,
  ) {
    // What is new sends nothing, and what is sent has no number.
    super(
      id,
      instance,
      metadata,
      forgetAfterMs,
      { ...sink, sendTo: () => undefined, send: () => undefined },
      comesBack,
    );
    this.metadataNow = metadata;
    this.tell = () => sink.send(earlierAnnouncement(instance, this.metadataNow, comesBack), 'agreed');
  }

  private readonly tell: () => void;

  override view(view: RecipeView, now: number): void {
    super.view(view, now);
    const isKnown = this.reachable.some(({ id }) => id === this.id);
    this.isIn = true;
    if (view.cameWithMe.length < view.members.length || !isKnown) this.tell();
  }

  override message(sender: string, body: Buffer): DropReason | null {
    return readAnnouncement(body)?.kind === ANNOUNCEMENT ? super.message(sender, body) : 'malformed';
  }

  override announce(metadata: Buffer): void {
    this.metadataNow = metadata;
    if (this.isIn) this.tell();
  }

  override rejoined(self: string): void {
    this.id = self;
    super.rejoined(self);
  }
}
