/** Messages of a view whose INSTALL has not come yet: it was lost and is sent again [corosync 5.2.6]. */
import type { CpgAddress, CpgEvent } from './ordered-transport.js';

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

// Those in the CPG group that cannot be worked with: each is named in the log once.

/** At most this many are remembered; those beyond are not named. */
const MAX_STRANGERS = 1000;

const OTHER = 'excluding daemon with an invalid report; it tries again later';
const SELF =
  'this daemon is excluded, because the others cannot read its report; it serves its clients alone and tries again later. ' +
  'Run the same release on all daemons; if it is the same, restart this one';

/** A daemon that is excluded for its report. */
interface Excluded extends CpgAddress {
  readonly daemon: string;
  readonly fault: string;
  /** Milliseconds until it may come back. */
  readonly time: number;
}

export class ForeignProcesses {
  private readonly named = new Set<string>();

  constructor(private readonly note: (level: 'warn', text: string, facts: object) => void) {}

  /** A sender of what is none of ours. */
  meet({ node, pid }: CpgAddress, text: string): void {
    if (this.isNew(`${node}.${pid}`)) this.note('warn', text, { node, pid });
  }

  /** Said again only when something else is wrong. */
  excluded(isSelf: boolean, facts: Excluded): void {
    const { node, pid, fault } = facts;
    if (this.isNew(`${node}.${pid} ${fault}`)) this.note('warn', isSelf ? SELF : OTHER, facts);
  }

  private isNew(key: string): boolean {
    if (this.named.has(key) || this.named.size >= MAX_STRANGERS) return false;
    this.named.add(key);
    return true;
  }
}
