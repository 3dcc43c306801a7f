/** Who stops reading from a client: it is read when nobody does. */
import type { ByteStream } from '../net/peer.js';
import type { SendQueue } from './send-queue.js';

/** The brake, an engine that is behind, or a join, leave or question that waits. */
export type PauseReason = 'flood' | 'engine' | 'change';

export class ReadPauses {
  private readonly reasons = new Set<PauseReason>();
  /** It was paused since it was last read. */
  private wasPaused = false;

  constructor(
    private readonly socket: Pick<ByteStream, 'pause' | 'resume'>,
    private readonly queue: Pick<SendQueue, 'excuse' | 'wasBlocked'>,
  ) {}

  values(): PauseReason[] {
    return [...this.reasons];
  }

  start(reason: PauseReason): void {
    this.reasons.add(reason);
    this.wasPaused = true;
    this.queue.excuse(true);
    this.socket.pause();
  }

  end(reason: PauseReason): void {
    if (!this.reasons.delete(reason) || this.reasons.size > 0) return;
    this.queue.excuse(false);
    this.socket.resume();
  }

  /** Something was read. */
  passed(): void {
    if (this.wasPaused) this.queue.wasBlocked();
    this.wasPaused = false;
  }
}
