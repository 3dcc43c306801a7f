/**
 * One daemon's core among three, with many groups. The others are the frames and reports that they would send, so that
 * nothing but this core's work is measured.
 */
import type { Buffer } from 'node:buffer';
import { Core } from '../../../daemon/core/core.js';
import type { LocalSession, SessionSink } from '../../../daemon/core/group.js';
import { encodeHead } from '../../../daemon/core/report.js';
import { CoreSlices } from '../../../daemon/slices.js';
import { encodeRequest } from '../../../lib/wire/request.js';
import { JOIN_MESS } from '../../../lib/wire/service.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';
import { FIXED_KEY } from '../../../spec/support/fixed-key.js';

export interface ExchangePlan {
  readonly memberships: number;
}

/** Milliseconds. */
export interface ExchangeAnswer {
  readonly death: number;
  readonly arrival: number;
  readonly longestSlice: number;
  readonly groups: number;
}

const DAEMONS = ['a', 'b', 'c'] as const;
/** As many as one session may have. */
const GROUPS_OF_SESSION = 10_000;
const AT_A_TIME = 500;

/** Takes what comes, as a socket that is written to at the end of the turn. */
const outlet = {
  deliver: () => undefined,
  close: () => undefined,
  isBehind: false,
  isFarBehind: false,
  hasDeferred: false,
  retry: () => false,
} satisfies SessionSink;

class World {
  readonly core: Core;
  longestSlice = 0;
  private sent: Buffer[] = [];
  private tag = 0n;

  constructor() {
    const order = {
      send: (payload: Buffer) => this.sent.push(payload) > 0,
      exchangeDone: () => undefined,
      exclude: () => undefined,
    };
    this.core = new Core({ name: 'a', id: 1, hashKey: FIXED_KEY }, order, new CoreSlices(() => this.core));
  }

  /** Two members a group: sessions of all three daemons, one after the other, take on a pair of daemons each. */
  fill(memberships: number): void {
    const groups = memberships / 2;
    // Each daemon has several sessions, however few memberships there are.
    const own = Math.min(GROUPS_OF_SESSION, Math.ceil(memberships / 6));
    for (let session = 0, done = 0; done < memberships; session++) {
      const daemon = DAEMONS[session % DAEMONS.length] as string;
      const name = `s${session}`;
      const local = daemon === 'a' ? this.open(name) : null;
      for (let i = 0; i < own && done < memberships; i++, done++) {
        const group = `group.number.${(Math.floor(session / 2) * own + i) % groups}`;
        const frame = encodeRequest(JOIN_MESS, `#${name}#${daemon}`, [group]);
        if (!local) this.core.deliver(frame);
        else this.core.submit(local, frame, 0, frame.length);
        if (local && i % AT_A_TIME === AT_A_TIME - 1) this.flush();
      }
      this.flush();
    }
  }

  /** A daemon view, and the exchange that follows it. @returns milliseconds */
  async change(daemons: readonly string[], newcomer: string | null): Promise<number> {
    const start = now();
    const { exchanges } = this.core.counters;
    const set = daemons.filter((name) => name !== newcomer);
    if (this.tag > 0n) this.core.transitional(set);
    this.core.install({ tag: ++this.tag, daemons, set, time: 1000 });
    let last = now();
    while (this.core.counters.exchanges === exchanges) {
      // Those who came along say what this one says.
      for (const payload of this.sent.splice(0)) for (const name of set) this.core.exchange(payload, name);
      if (newcomer !== null) {
        const nothing = { past: 0n, features: 0, groups: 0, times: [], requests: [] };
        this.core.exchange(encodeHead(this.tag, { ...nothing, id: 9, time: 1000 }), newcomer);
        newcomer = null;
      }
      await new Promise((resolve) => setImmediate(resolve));
      this.longestSlice = Math.max(this.longestSlice, now() - last);
      last = now();
    }
    return now() - start;
  }

  private open(name: string): LocalSession {
    const group = this.core.roster.reserve(name);
    return this.core.open(String(group), true, outlet);
  }

  private flush(): void {
    this.core.flush();
    for (const payload of this.sent.splice(0)) this.core.deliver(payload);
  }
}

serve(async ({ memberships }: ExchangePlan) => async (): Promise<ExchangeAnswer> => {
  const world = new World();
  await world.change(DAEMONS, null);
  world.fill(memberships);
  world.longestSlice = 0;
  const groups = world.core.groups.size;
  const death = await world.change(['a', 'b'], null);
  const arrival = await world.change(DAEMONS, 'c');
  return { death, arrival, longestSlice: world.longestSlice, groups };
});
