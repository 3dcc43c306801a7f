/** What a server knows of one of its clients. */
import type { Buffer } from 'node:buffer';
import type { Fate } from './protocol/query.js';
import type { ServerRequest } from './request.js';

export class ServerClient {
  /** Requests without an answer, by correlation id. */
  readonly requests = new Map<number, ServerRequest>();
  /** Requests that get none: the client goes on waiting for them. */
  readonly dropped = new Set<number>();
  /** The newest request that has come: ids rise. */
  lastSeen = 0;
  /** Posts that have left the queue. */
  taken = 0;
  isReachable = true;
  /** What is to be sent when the client is back. */
  private held: (readonly Buffer[])[] = [];

  constructor(readonly name: string) {}

  hold(messages: readonly Buffer[]): void {
    this.held.push(messages);
  }

  /** Gives out what was held. */
  release(): (readonly Buffer[])[] {
    return this.held.splice(0);
  }

  /** What became of a request. */
  fate(id: number): Fate {
    const request = this.requests.get(id);
    if (request) return request.isHeld ? 'received' : 'queued';
    if (this.dropped.has(id)) return 'received';
    return id > this.lastSeen ? 'unseen' : 'answered';
  }
}
