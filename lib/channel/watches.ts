/** Who is watched, and by which loops [channels 17.5]. */
import { AsyncQueue } from '../util/async-queue.js';
import type { WatchEvent } from './event.js';
import type { RegistryEvent } from './registry/difference.js';
import { onAbort } from '../util/deferred.js';

export class Watches {
  private readonly byName = new Map<string, Set<AsyncQueue<WatchEvent>>>();

  /** @param isThere whether the name is a member of the registry now */
  watch(name: string, isThere: boolean, signal: AbortSignal | undefined): AsyncIterable<WatchEvent> {
    const events = new AsyncQueue<WatchEvent>();
    if (!isThere) {
      events.push({ kind: 'gone', name, reason: 'unknown' });
      events.end();
      return events.loop();
    }
    const watchers = this.byName.get(name) ?? new Set();
    this.byName.set(name, watchers.add(events));
    const stop = (): void => {
      off?.();
      watchers.delete(events);
      events.end();
    };
    const off = signal && onAbort(signal, stop);
    return events.loop(stop);
  }

  hear(event: RegistryEvent): void {
    if (!('member' in event)) return;
    const { member: name } = event;
    const watchers = this.byName.get(name);
    if (!watchers) return;
    for (const events of watchers) {
      if (event.kind === 'member-gone') {
        events.push({ kind: 'gone', name, reason: event.reason });
        events.end();
      } else {
        events.push({ kind: event.kind === 'member-back' ? 'back' : 'unreachable', name });
      }
    }
    if (event.kind === 'member-gone') this.byName.delete(name);
  }

  end(): void {
    for (const watchers of this.byName.values()) for (const events of watchers) events.end();
    this.byName.clear();
  }
}
