/** Messages of a view whose INSTALL has not come yet: it was lost and is sent again [corosync 5.2.6]. */
import type { CpgEvent } from '../cpg.js';

type Deliver = Extract<CpgEvent, { kind: 'deliver' }>;

export class EarlyMessages {
  private readonly messages: { readonly event: Deliver; readonly tag: bigint }[] = [];
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** @returns false when there are too many bytes; all are gone then */
  add(event: Deliver, tag: bigint): boolean {
    this.messages.push({ event, tag });
    this.bytes += event.data.length;
    if (this.bytes <= this.maxBytes) return true;
    this.clear();
    return false;
  }

  /** Takes out those of one view, in order; the others are gone. */
  take(tag: bigint): Deliver[] {
    const events = this.messages.filter((each) => each.tag === tag).map(({ event }) => event);
    this.clear();
    return events;
  }

  clear(): void {
    this.messages.length = 0;
    this.bytes = 0;
  }
}
