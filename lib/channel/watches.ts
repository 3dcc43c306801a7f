/** Who is watched, and by which loops [channels 17.5]. */
import { AsyncQueue } from '../util/async-queue.js';
import type { WatchEvent } from './event.js';
import type { RegistryEvent } from './registry/difference.js';
import { onAbort } from '../util/deferred.js';

export class Watches {
  private readonly byId = new Map<string, Set<AsyncQueue<WatchEvent>>>();

  /**
   * @param isThere whether it is a member of the registry now
   * @param signal its reason is what the loop throws when it is aborted
   */
  watch(id: string, isThere: boolean, signal: AbortSignal | undefined): AsyncIterable<WatchEvent> {
    const events = new AsyncQueue<WatchEvent>();
    if (signal?.aborted) {
      events.fail(signal.reason);
      return events.loop();
    }
    if (!isThere) {
      events.push({ kind: 'gone', id, reason: 'unknown' });
      events.end();
      return events.loop();
    }
    const watchers = this.byId.get(id) ?? new Set();
    this.byId.set(id, watchers.add(events));
    const aborted = (): void => {
      watchers.delete(events);
      events.fail(signal?.reason);
    };
    const off = signal && onAbort(signal, aborted);
    return events.loop(() => {
      off?.();
      watchers.delete(events);
    });
  }

  hear(event: RegistryEvent): void {
    if (event.kind === 'returned') return this.returned(event.from, event.to);
    if (!('member' in event)) return;
    const { member: id } = event;
    const watchers = this.byId.get(id);
    if (!watchers) return;
    for (const events of watchers) {
      if (event.kind === 'member-gone') {
        events.push({ kind: 'gone', id, reason: event.reason });
        events.end();
      } else {
        events.push({ kind: event.kind === 'member-back' ? 'back' : 'unreachable', id });
      }
    }
    if (event.kind === 'member-gone') this.byId.delete(id);
  }

  private returned(from: string, to: string): void {
    const watchers = this.byId.get(from);
    if (!watchers) return;
    this.byId.delete(from);
    // The set of a watch is the same as long as it lasts.
    for (const events of this.byId.get(to) ?? []) watchers.add(events);
    this.byId.set(to, watchers);
    for (const events of watchers) events.push({ kind: 'returned', id: to, before: from });
  }

  /** After a loss: who of those that are watched is not there any more has ended meanwhile. */
  compare(isThere: (id: string) => boolean): void {
    for (const member of this.byId.keys())
      if (!isThere(member)) this.hear({ kind: 'member-gone', member, reason: 'disconnect' });
  }

  end(): void {
    for (const watchers of this.byId.values()) for (const events of watchers) events.end();
    this.byId.clear();
  }
}
