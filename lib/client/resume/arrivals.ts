/** What arrives in a session that outlives its connection, at the moment when it arrives: it moves the position. */
import type { Arrivals } from '../../mailbox/extension.js';
import type { ReceivedMessage } from '../../mailbox/received-message.js';
import type { Move } from '../../wire/extension/addresses.js';
import type { ToClient } from '../../wire/extension/read.js';
import { StreamPosition } from './position.js';

/** Who hears of what belongs to no group. */
export interface ArrivalSink {
  /** Requests up to this number are stable. */
  acknowledged(number: number): void;
  /** The daemon tells of other daemons. */
  told(addresses: readonly string[]): void;
  /** The daemon wants the client to go to another one. */
  sentAway(move: Move): void;
}

export class SessionArrivals implements Arrivals {
  /** @param position where the session stands before anything arrives */
  constructor(
    private readonly sink: ArrivalSink,
    readonly position: StreamPosition = new StreamPosition(),
  ) {}

  frame(frame: ToClient): boolean {
    const { position, sink } = this;
    switch (frame.kind) {
      case 'mark':
        position.marked(frame);
        return true;
      case 'ack':
        sink.acknowledged(frame.number);
        return true;
      case 'views':
        position.views(frame.group, frame.records.length);
        return false;
      case 'network':
        position.views(frame.group);
        return false;
      case 'list':
        // Half a list does not count, nor does one that was asked for, stands behind a gap, or gives another order.
        if (frame.last)
          position.list(frame.group, frame.cause === 'join' && !frame.answer && !frame.afterGap);
        return false;
      case 'gap':
        position.gap(frame.group);
        return false;
      case 'peers':
        sink.told(frame.addresses);
        return true;
      case 'move':
        sink.sentAway(frame);
        return true;
      default:
        return false;
    }
  }

  data(): void {
    this.position.data();
  }

  membership({ kind, name }: ReceivedMessage): void {
    if (kind === 'transition') this.position.signal(name);
    else if (kind === 'self-leave') this.position.left(name);
  }
}
