/** What waits for a server: requests, posts, timers and news in one order. Pure. */
import { Fifo } from '../util/fifo.js';
import type { PostEvent, ServerEvent, TimerEvent } from './event.js';
import type { ServerRequest } from './request.js';

/** Of what is taken, its channel needs to know. */
export interface QueueSink {
  /** @returns false for one that is not wanted any more */
  requestTaken(request: ServerRequest): boolean;
  postTaken(post: PostEvent): void;
  /** @returns false for one that is not wanted any more */
  shotTaken(shot: TimerEvent): boolean;
}

export class ServerQueue {
  private readonly events = new Fifo<ServerEvent>();
  /** Posts by age, those taken already included until they are in front. */
  private readonly posts = new Fifo<PostEvent>();
  private readonly outside = new WeakSet<object>();
  private dropped = 0;
  private requests = 0;

  constructor(private readonly sink: QueueSink) {}

  /** Requests that wait. */
  get requestCount(): number {
    return this.requests;
  }

  push(event: ServerEvent): void {
    this.events.push(event);
    if (event.kind === 'request') this.requests++;
    if (event.kind === 'message') this.posts.push(event);
  }

  /** The next event; undefined when there is none. */
  take(): ServerEvent | undefined {
    if (this.dropped > 0) {
      const { dropped } = this;
      this.dropped = 0;
      return { kind: 'overflow', dropped };
    }
    for (let event = this.events.shift(); event; event = this.events.shift()) {
      if (this.outside.has(event)) continue;
      if (this.isWanted(event)) return event;
    }
    return undefined;
  }

  clear(): void {
    this.events.clear();
    this.posts.clear();
    this.dropped = 0;
    this.requests = 0;
  }

  /** A request is not wanted any more, and the application never sees it. */
  withdraw(request: ServerRequest): void {
    this.requests--;
    this.outside.add(request);
  }

  /** A client has another id, which its posts that wait are from. */
  rename(from: string, to: string): void {
    for (const post of this.posts.items()) if (post.from === from) Object.assign(post, { from: to });
  }

  /** The oldest post makes room. @returns whether there was one */
  dropOldest(): boolean {
    const post = this.posts.shift();
    if (!post) return false;
    this.outside.add(post);
    this.dropped++;
    this.sink.postTaken(post);
    return true;
  }

  private isWanted(event: ServerEvent): boolean {
    switch (event.kind) {
      case 'request':
        this.requests--;
        return this.sink.requestTaken(event);
      case 'message':
        // Posts leave in their order, so this one is the oldest.
        this.posts.shift();
        this.sink.postTaken(event);
        return true;
      case 'timer':
        return this.sink.shotTaken(event);
      default:
        return true;
    }
  }
}
