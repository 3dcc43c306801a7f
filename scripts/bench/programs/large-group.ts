/**
 * One group on several daemons, whose sessions get lists on demand. The cores of all daemons are in this process, over an
 * order that takes no time and sessions without a socket: so this is what the daemons themselves do and keep.
 */
import type { Buffer } from 'node:buffer';
import { Core } from '../../../daemon/core/core.js';
import type { LocalSession, SessionSink } from '../../../daemon/core/group.js';
import { encodeMessage } from '../../../lib/wire/request.js';
import { JOIN_MESS } from '../../../lib/wire/service.js';
import { FIXED_KEY } from '../../../spec/support/fixed-key.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';

export interface LargeGroupPlan {
  readonly members: number;
  readonly daemons: number;
}

export interface LargeGroupAnswer {
  /** Milliseconds from the first join until every daemon has sent the last one to all its sessions. */
  readonly build: number;
  /** Bytes of the heap and of buffers that a member takes at a daemon. */
  readonly bytesPerMember: number;
  /** The same with the sessions themselves, which are at one daemon each. */
  readonly bytesPerSession: number;
  /** Bytes that went to all sessions, by member. */
  readonly sentPerMember: number;
  /** Milliseconds of one list. */
  readonly list: number;
}

/** Joins that come to a daemon in a turn. */
const AT_A_TIME = 64;
const GROUP = 'group';
const ON_DEMAND = Uint8Array.of(1);

class World {
  readonly cores: Core[] = [];
  sent = 0;
  private log: { readonly payload: Buffer; readonly exchange: boolean; readonly daemon: string }[] = [];
  /** Takes what comes, as a socket that is written to at the end of the turn. */
  private readonly outlet: SessionSink = {
    deliver: (_, start, end) => {
      this.sent += end - start;
    },
    close: () => undefined,
    isBehind: false,
    isFarBehind: false,
    hasDeferred: false,
    retry: () => false,
  };

  constructor(count: number) {
    const daemons = Array.from({ length: count }, (_, i) => `daemon${i}`);
    for (const [i, daemon] of daemons.entries()) {
      const order = {
        send: (payload: Buffer, { exchange = false }: { exchange?: boolean }) =>
          this.log.push({ payload, exchange, daemon }) > 0,
        exchangeDone: () => undefined,
        exclude: () => undefined,
      };
      this.cores.push(new Core({ name: daemon, id: i + 1, hashKey: FIXED_KEY }, order));
    }
    for (const core of this.cores) core.install({ tag: 1n, daemons, set: daemons, time: 1000 });
    this.turn();
  }

  open(daemon: number, name: string): LocalSession {
    const core = this.cores[daemon] as Core;
    const group = String(core.roster.reserve(name));
    return core.open(group, true, this.outlet, null, '', { compact: true });
  }

  join(daemon: number, session: LocalSession): void {
    const frame = encodeMessage(JOIN_MESS, session.privateGroup, [GROUP], 0, [ON_DEMAND]);
    if (!this.cores[daemon]?.submit(session, frame, 0, frame.length)) throw new Error('a join has to wait');
  }

  /** Orders what came in, in the order of the daemons, and delivers it everywhere. */
  turn(): void {
    for (const core of this.cores) core.flush();
    for (const { payload, exchange, daemon } of this.log.splice(0)) {
      for (const core of this.cores) {
        if (exchange) core.exchange(payload, daemon);
        else core.deliver(payload);
      }
    }
    for (const core of this.cores) core.endTurn();
  }
}

function used(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

serve(async ({ members, daemons }: LargeGroupPlan) => async (): Promise<LargeGroupAnswer> => {
  const world = new World(daemons);
  const empty = used();
  const sessions = Array.from({ length: members }, (_, i) => world.open(i % daemons, `n${i}`));
  const opened = used();
  const start = now();
  for (const [i, session] of sessions.entries()) {
    world.join(i % daemons, session);
    if (i % (AT_A_TIME * daemons) === AT_A_TIME * daemons - 1) world.turn();
  }
  world.turn();
  const build = now() - start;
  const full = used();
  const asking = now();
  world.cores[0]?.list(sessions[0] as LocalSession, [...world.cores[0].groups.values()][0]?.field as Buffer);
  const list = now() - asking;
  const sizes = world.cores.map(({ memberships }) => memberships);
  if (sizes.some((size) => size !== members))
    throw new Error(`expected ${members} members, got ${sizes.join()}`);
  return {
    build,
    bytesPerMember: (full - opened) / members / daemons,
    bytesPerSession: (opened - empty) / members,
    sentPerMember: world.sent / members,
    list,
  };
});
