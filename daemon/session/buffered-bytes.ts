/** Bytes that wait for all sessions together. Bytes that several of them share count for each: an upper bound. */

export interface Weighed {
  readonly waitingBytes: number;
}

export class BufferedBytes<T extends Weighed> {
  private readonly known = new Map<T, number>();
  private sum = 0;

  get bytes(): number {
    return this.sum;
  }

  /** The session's backlog has changed. */
  note(session: T): void {
    const before = this.known.get(session) ?? 0;
    const now = session.waitingBytes;
    if (now === before) return;
    this.sum += now - before;
    if (now === 0) this.known.delete(session);
    else this.known.set(session, now);
  }

  /** The sessions for which something waits. */
  values(): IterableIterator<T> {
    return this.known.keys();
  }

  forget(session: T): void {
    this.sum -= this.known.get(session) ?? 0;
    this.known.delete(session);
  }

  /** The session for which the most waits. */
  heaviest(): T | undefined {
    let found: T | undefined;
    let most = 0;
    for (const [session, bytes] of this.known) {
      if (bytes <= most) continue;
      found = session;
      most = bytes;
    }
    return found;
  }
}
