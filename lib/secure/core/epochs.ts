/**
 * The epochs of one secure view: the present one, and after a rekey the one before, until each member has sent its first
 * message under the new key [secure-groups SG-10].
 */
import type { DataHeader } from './data.js';
import type { EpochKeys, Opened } from './epoch-keys.js';
import type { Frame } from './messages.js';

export class Epochs {
  private before: EpochKeys | null = null;
  /** Members that have not sent under the present key yet. */
  private open = new Set<string>();
  /** Insiders whose CONFIRM of the present epoch has come. */
  readonly confirms = new Set<string>();
  /** Insiders of whom any message of the present epoch has come. */
  readonly heard = new Set<string>();

  constructor(private present: EpochKeys) {}

  get current(): EpochKeys {
    return this.present;
  }

  /** Whether all insiders have confirmed the present key. */
  get isConfirmed(): boolean {
    return this.present.insiders.every((name) => this.confirms.has(name));
  }

  /** A new key takes effect here. */
  next(keys: EpochKeys): void {
    this.before?.wipe();
    this.before = this.present;
    this.present = keys;
    this.open = new Set(keys.insiders);
    this.confirms.clear();
    this.heard.clear();
  }

  /** The keys for a message of this sender and epoch; null where its epoch is over, or has not begun. */
  private keysFor(sender: string, epoch: number): EpochKeys | null {
    if (epoch === this.present.epoch) return this.present;
    const { before } = this;
    if (!before || epoch !== before.epoch) return null;
    // A stranger is judged by the keys, as in the present epoch.
    return this.open.has(sender) || !before.isInsider(sender) ? before : null;
  }

  /** Opens a message; null where there are no keys for its epoch. */
  receive(frame: Frame, header: DataHeader): Opened | null {
    const keys = this.keysFor(frame.sender, header.epoch);
    if (!keys) return null;
    const opened = keys.open(frame, header);
    if (opened.kind === 'message' && keys === this.present) this.close(frame.sender);
    return opened;
  }

  /** Notes a message that opened. @returns whether it was the last of the insiders to be heard in the present epoch */
  hear(sender: string, { epoch }: DataHeader): boolean {
    const { heard, present } = this;
    if (epoch !== present.epoch || heard.has(sender)) return false;
    return heard.add(sender).size === present.insiders.length;
  }

  /** The view is over: nothing of it can be opened. */
  wipe(): void {
    this.before?.wipe();
    this.present.wipe();
  }

  private close(sender: string): void {
    if (!this.before || !this.open.delete(sender) || this.open.size > 0) return;
    this.before.wipe();
    this.before = null;
  }
}
