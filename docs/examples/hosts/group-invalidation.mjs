import { z } from 'zod';

/** The topic of cacheable, and the key that was set or deleted. */
const Change = z.tuple([z.string(), z.string()]);

/**
 * What `sync` of cacheable publishes through: every cache drops the key from its first level, also the one that has
 * set it, all in one order. So the values themselves come from the second level alone.
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

  /** Calls `clear` when changes are missing, or may be: what is in the first level may be old. */
  onMissed(clear) {
    this.#room.on('gap', clear);
    // The network broke, or is whole again: nothing of the other part's changes is sent again.
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
