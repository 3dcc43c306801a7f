import { z } from 'zod';

/** The topic of cacheable, and the key that was set or deleted. */
const Change = z.tuple([z.string(), z.string()]);

/**
 * What `sync` of cacheable publishes through. Every cache drops the key from its first level, including the one that
 * has set it, and all do so in one order. Values come from the second level alone.
 */
export class GroupInvalidation {
  id = 'ssp';
  subscriptions = new Map();
  #room;

  static async join(connection, group = 'cacheable') {
    return new GroupInvalidation(await connection.join(group, { schema: Change }));
  }

  constructor(room) {
    this.#room = room;
    room.on('data', ({ value }) => value && this.#drop(...value));
    room.on('invalid', ({ sender }) => console.error(`ignored what ${sender} has sent: not a change`));
  }

  /** Calls `clear` when changes are missing, or may be: values in the first level may be stale. */
  onMissed(clear) {
    this.#room.on('gap', clear);
    // The network was partitioned, or has healed: changes made in the other part are not sent again.
    this.#room.on('view', ({ cause }) => cause === 'network' && clear());
  }

  async publish(topic, { data }) {
    await this.#room.send([topic, data.key]);
  }

  async subscribe(topic, handler) {
    this.subscriptions.set(topic, [...(this.subscriptions.get(topic) ?? []), handler]);
  }

  async unsubscribe(topic, id) {
    const left = (this.subscriptions.get(topic) ?? []).filter((each) => id !== undefined && each.id !== id);
    this.subscriptions.set(topic, left);
  }

  async disconnect() {
    await this.#room.leave();
  }

  #drop(topic, key) {
    const handlers = this.subscriptions.get(topic.replace(/cache:set$/, 'cache:delete')) ?? [];
    // Without a `cacheId`: it is for every cache.
    for (const { handler } of handlers) void handler({ data: { key } });
  }
}
