/**
 * Handshakes that wait for a private name whose session has ended: it is free when that end has its place in the order
 * [daemon 3.1]. They wait until their handshake's time is up. A client that reconnects at once would be
 * refused otherwise, by the name it has just given up itself.
 */

interface WaitingHandshake {
  /** Somebody's name has become free; it asks again for its own. */
  nameFreed(): void;
}

export class NameWaits {
  /** The one that asked first is answered first. */
  private readonly waiting = new Set<WaitingHandshake>();
  private isFreed = false;

  add(handshake: WaitingHandshake): void {
    this.waiting.add(handshake);
  }

  delete(handshake: WaitingHandshake): void {
    this.waiting.delete(handshake);
  }

  /** A name has become free. @returns whether a handshake waits for one */
  freed(): boolean {
    this.isFreed = this.waiting.size > 0;
    return this.isFreed;
  }

  /** Lets those that wait ask again, once for all names that became free in this turn. */
  endTurn(): void {
    if (!this.isFreed) return;
    this.isFreed = false;
    const all = [...this.waiting];
    this.waiting.clear();
    for (const each of all) each.nameFreed();
  }
}
