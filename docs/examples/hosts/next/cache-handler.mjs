import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'ssp-toolkit';
import { z } from 'zod';

const MAX_ENTRIES = 1000;
const MAX_TAGS = 10_000;
/** Changes that wait for a daemon. */
const MAX_WAITING = 10_000;
/** Milliseconds after which a change that waits is reported as late. It is made when there is a daemon. */
const CHANGE_LIMIT_MS = 10_000;
const RETRY_MS = 1000;
const Change = z.object({ id: z.string(), tags: z.array(z.string()) });

/** Milliseconds, as in `timestamp` of an entry. They are compared within this process only. */
const now = () => performance.timeOrigin + performance.now();

/** Entries stay in the memory of this instance; which tags have changed goes through a group, in one order. */
class GroupCache {
  #connection = null;
  #room = null;
  #entries = new Map();
  #changed = new Map();
  #allChanged = 0;
  #waiting = new Map();
  #round = Promise.resolve();
  #nextRound = null;
  #asked = 0;
  #answered = () => undefined;

  /** Connects, and again when that has ended for good. */
  async run() {
    for (;;) {
      await this.#session().catch((error) => console.error(`nothing is cached: ${error.message}`));
      await pause(RETRY_MS, undefined, { ref: false });
    }
  }

  async get(key, softTags = []) {
    const entry = await this.#entries.get(key)?.catch(() => undefined);
    if (!entry || !this.#isCurrent) return undefined;
    const { bytes, ...rest } = entry;
    const isOld = this.#lastChange([...entry.tags, ...softTags]) >= entry.timestamp;
    if (isOld || now() >= entry.timestamp + entry.revalidate * 1000) return undefined;
    return { ...rest, value: new Blob([bytes]).stream() };
  }

  async set(key, pending) {
    const entry = read(pending);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > MAX_ENTRIES) this.#entries.delete(this.#entries.keys().next().value);
    await entry.catch(() => this.#entries.get(key) === entry && this.#entries.delete(key));
  }

  /**
   * Before a request: learns of all changes that were made before it, at any instance. Requests that begin while one round is
   * on its way share the next one.
   */
  refreshTags() {
    return (this.#nextRound ??= this.#round.then(() => {
      this.#nextRound = null;
      return (this.#round = this.#ask());
    }));
  }

  async getExpiration(tags) {
    return this.#lastChange(tags);
  }

  /** Resolves when the change has come back in the order of the group. */
  async updateTags(tags) {
    if (this.#waiting.size >= MAX_WAITING) throw new Error(`${MAX_WAITING} changes wait for a daemon`);
    const change = { id: randomUUID(), tags };
    await new Promise((resolve, reject) => {
      const late = () => reject(new Error('no daemon: the change is made when there is one'));
      const timer = setTimeout(late, CHANGE_LIMIT_MS);
      const done = () => (clearTimeout(timer), resolve());
      this.#waiting.set(change.id, { change, done });
      this.#send(change);
    });
  }

  async #session() {
    const addresses = (process.env.SSP_ADDRESS ?? '4803@localhost').split(',');
    const connection = await connect({ addresses, resume: { giveUpMs: Infinity } });
    const ended = new Promise((resolve) => connection.once('close', resolve));
    try {
      const room = await connection.join('next-cache', { schema: Change });
      [this.#connection, this.#room] = [connection, room];
      // A request does not wait for a daemon to come back.
      for (const event of ['reconnecting', 'moved', 'close']) connection.on(event, () => this.#answered());
      connection.on('message', ({ fromMe, text }) => fromMe && text === `${this.#asked}` && this.#answered());
      room.on('data', ({ value }) => value && this.#change(value));
      room.on('invalid', ({ sender }) => console.error(`ignored what ${sender} has sent: not a change`));
      room.on('gap', () => this.#beginAgain());
      // The network was partitioned, or has healed: changes made in the other part are not sent again.
      room.on('view', ({ cause }) => cause === 'network' && this.#changeAll());
      this.#beginAgain();
      throw await ended;
    } finally {
      await connection.close();
    }
  }

  /** Otherwise nothing is known of the changes of others, so each request computes what it needs. */
  get #isCurrent() {
    return this.#room?.isMember === true;
  }

  /** A message to itself takes its place in the order: what was changed before comes first. */
  async #ask() {
    if (!this.#isCurrent) return;
    await new Promise((resolve) => {
      this.#answered = resolve;
      this.#connection.sendTo(this.#connection.id, `${++this.#asked}`).catch(resolve);
    });
  }

  /** What does not arrive is sent again by the next session. */
  #send(change) {
    this.#room?.send(change).catch((error) => console.error(`a change waits: ${error.message}`));
  }

  #lastChange(tags) {
    return Math.max(this.#allChanged, ...tags.map((tag) => this.#changed.get(tag) ?? 0));
  }

  #change({ id, tags }) {
    for (const tag of tags) this.#changed.set(tag, now());
    if (this.#changed.size > MAX_TAGS) this.#changeAll();
    this.#waiting.get(id)?.done();
    this.#waiting.delete(id);
  }

  #changeAll() {
    this.#allChanged = now();
    this.#changed.clear();
    this.#entries.clear();
  }

  /** Changes of others are missing, or may be, and own ones may be lost: it does no harm to make them twice. */
  #beginAgain() {
    this.#changeAll();
    for (const { change } of this.#waiting.values()) this.#send(change);
  }
}

/** The stream of an entry can be read only once; its bytes can be read any number of times. */
async function read(pending) {
  const entry = await pending;
  return { ...entry, bytes: await new Response(entry.value).arrayBuffer() };
}

/** One for the process, though Next loads this module more than once. */
const KEY = Symbol.for('group-cache');
if (!globalThis[KEY]) {
  globalThis[KEY] = new GroupCache();
  // `next build` computes nothing that is kept.
  if (process.env.NEXT_PHASE !== 'phase-production-build') void globalThis[KEY].run();
}
export default globalThis[KEY];
