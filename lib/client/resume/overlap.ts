/**
 * What two daemons both bring while a connection moves: the one that it leaves until the session has gone, the next one from the
 * position in its HELLO on. So of the next one as many events are dropped as the first has brought since. Pure.
 */
import { ReceivedExtension } from '../../mailbox/extension.js';
import type { ReceivedMessage } from '../../mailbox/received-message.js';
import type { ToClient } from '../../wire/extension/read.js';
import { recordId } from '../views/compact-view.js';

/** Who hears how it goes. */
interface OverlapHost {
  /** The next daemon has brought as much as the first one. */
  caughtUp(): void;
  /** It does not bring what the first one has brought: nothing of it is handed on. */
  broken(): void;
}

export class Overlap {
  private readonly signals: Set<string>;

  /**
   * @param left number of events that the first daemon has brought
   * @param signals groups whose transitional signal has come from it, and no view since
   */
  constructor(
    private left: number,
    signals: Iterable<string>,
    private readonly host: OverlapHost,
  ) {
    this.signals = new Set(signals);
    if (left === 0) host.caughtUp();
  }

  /** Whether everything that follows is new. */
  get isOver(): boolean {
    return this.left === 0 && this.signals.size === 0;
  }

  /** @returns whether the message from the next daemon is new; of a frame with several records it keeps those that are */
  isNew(arrival: ReceivedMessage): boolean {
    const before = this.left;
    const isNew = this.judge(arrival);
    if (before > 0 && this.left === 0) this.host.caughtUp();
    return isNew;
  }

  private judge(arrival: ReceivedMessage): boolean {
    switch (arrival.kind) {
      case 'data':
        return this.isNewEvent();
      case 'self-leave':
        return this.isNewView(arrival.name);
      case 'transition':
        return this.left === 0 && !this.signals.delete(arrival.name);
      case 'extension':
        return !(arrival instanceof ReceivedExtension) || this.isNewFrame(arrival);
      default:
        // Rejects answer what was asked there.
        return true;
    }
  }

  private isNewFrame(arrival: ReceivedExtension): boolean {
    const { frame } = arrival;
    switch (frame.kind) {
      case 'views':
        return this.isNewViews(arrival, frame);
      case 'network':
        return this.isNewView(frame.group);
      case 'list':
        // In parts: it is an event when it is whole.
        if (frame.cause !== 'join' || frame.answer || frame.afterGap) return this.left === 0;
        return frame.last ? this.isNewView(frame.group) : this.left === 0;
      case 'gap':
      case 'resumed':
        return this.left === 0 || this.break();
      default:
        return true;
    }
  }

  private isNewViews(
    arrival: ReceivedExtension,
    frame: Extract<ToClient, { readonly kind: 'views' }>,
  ): boolean {
    const { id, records } = frame;
    const known = Math.min(this.left, records.length);
    this.left -= known;
    if (known === records.length) return false;
    this.signals.delete(frame.group);
    if (known > 0) arrival.frame = { ...frame, id: recordId(id, known), records: records.slice(known) };
    return true;
  }

  private break(): false {
    if (this.left < Infinity) this.host.broken();
    this.left = Infinity;
    return false;
  }

  private isNewEvent(): boolean {
    const isNew = this.left === 0;
    if (!isNew) this.left--;
    return isNew;
  }

  /** Of a view of the group, or its end. */
  private isNewView(group: string): boolean {
    const isNew = this.isNewEvent();
    if (isNew) this.signals.delete(group);
    return isNew;
  }
}
