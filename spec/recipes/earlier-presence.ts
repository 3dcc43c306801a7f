/** Presence as it was before members answered newcomers privately: all announce themselves to all, and take nothing private. */
import type { Buffer } from 'node:buffer';
import { ANNOUNCEMENT, readAnnouncement, writeAnnouncement } from '../../lib/recipes/core/announcement.js';
import { type MembersSink, PresenceCore } from '../../lib/recipes/core/presence.js';
import type { DropReason, RecipeView } from '../../lib/recipes/core/port.js';

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
    this.tell = () =>
      sink.send(
        writeAnnouncement(ANNOUNCEMENT, {
          instance,
          since: 0,
          metadata: this.metadataNow,
          comesBack,
          key: null,
          takesPrivate: false,
        }),
        'agreed',
      );
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
