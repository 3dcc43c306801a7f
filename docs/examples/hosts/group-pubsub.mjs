import { PubSubEngine } from 'graphql-subscriptions';
import { z } from 'zod';

/** The trigger that fires at one instance alone: publications are missing there, or may be. */
export const GAP = 'gap';
const Publication = z.tuple([z.string(), z.unknown()]);

/** A PubSub engine with all triggers in one group: every instance gets every publication, in one order. */
export class GroupPubSub extends PubSubEngine {
  #room;
  #listeners = new Map();
  #lastId = 0;

  static async join(connection, group = 'graphql') {
    return new GroupPubSub(await connection.join(group, { schema: Publication }));
  }

  constructor(room) {
    super();
    this.#room = room;
    room.on('data', ({ value }) => value && this.#deliver(...value));
    room.on('gap', ({ reason }) => this.#deliver(GAP, { [GAP]: reason }));
    // The network was partitioned, or has healed: publications of the other part are not sent again, and there is no gap.
    room.on('view', ({ cause }) => cause === 'network' && this.#deliver(GAP, { [GAP]: cause }));
    room.on('invalid', ({ sender }) => console.error(`ignored what ${sender} has sent: not a publication`));
  }

  async publish(trigger, payload) {
    await this.#room.send([trigger, payload]);
  }

  async subscribe(trigger, listener) {
    this.#listeners.set(++this.#lastId, { trigger, listener });
    return this.#lastId;
  }

  unsubscribe(id) {
    this.#listeners.delete(id);
  }

  #deliver(trigger, payload) {
    for (const each of this.#listeners.values()) if (each.trigger === trigger) each.listener(payload);
  }
}
