/**
 * One daemon's core among several, of which one is lost. The others have the same past: they say what this one says, so
 * nothing but this core's work is measured, and the bytes of all are those of this one times their number.
 */
import type { Buffer } from 'node:buffer';
import { Core } from '../../../daemon/core/core.js';
import { FEATURES } from '../../../daemon/core/report.js';
import type { SessionSink } from '../../../daemon/core/group.js';
import { ResumeState } from '../../../daemon/core/resume-state.js';
import { CoreSlices } from '../../../daemon/slices.js';
import { encodeMessage } from '../../../lib/wire/request.js';
import { JOIN_MESS } from '../../../lib/wire/service.js';
import { FIXED_KEY } from '../../../spec/support/fixed-key.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';

export interface LossPlan {
  readonly daemons: number;
  /** Sessions of all daemons that are in the group. */
  readonly members: number;
  /** Whether all of those are resumable. */
  readonly isResumable?: boolean;
  /** Sessions of all daemons that are in no group; the daemons state whom they are. */
  readonly outside?: number;
}

export interface LossAnswer {
  /** Milliseconds from the new view to the end of the exchange. */
  readonly exchange: number;
  /** Milliseconds from the cut to the new view. */
  readonly cut: number;
  /** Milliseconds of a processor that both took. */
  readonly cpu: number;
  /** Bytes that all daemons send. */
  readonly bytes: number;
}

/** Joins between two turns. */
const AT_A_TIME = 64;
const GROUP = 'group';
const ON_DEMAND = Uint8Array.of(1);
/** Data of a join in the order: lists on demand, no whole views. */
const ON_DEMAND_ONLY = Uint8Array.of(3);

const outlet: SessionSink = {
  deliver: () => undefined,
  close: () => undefined,
  isBehind: false,
  isFarBehind: false,
  hasDeferred: false,
  retry: () => false,
};

class World {
  private readonly core: Core;
  private readonly daemons: readonly string[];
  private sent: Buffer[] = [];
  private sids = 0n;
  private tag = 0n;

  constructor({ daemons }: LossPlan) {
    this.daemons = Array.from({ length: daemons }, (_, i) => `daemon${i}`);
    const order = {
      send: (payload: Buffer) => this.sent.push(payload) > 0,
      exchangeDone: () => undefined,
      exclude: () => undefined,
    };
    const self = { name: 'daemon0', id: 1, hashKey: FIXED_KEY, features: FEATURES };
    this.core = new Core(self, order, new CoreSlices(() => this.core));
  }

  async build({ members, isResumable = false, outside = 0 }: LossPlan): Promise<void> {
    await this.change(this.daemons);
    for (let i = 0; i < members; i++) {
      const daemon = this.daemons[i % this.daemons.length] as string;
      this.member(`n${i}`, daemon, isResumable);
      if (i % (AT_A_TIME * this.daemons.length) === 0) this.turn();
    }
    this.turn();
    for (let i = 0; i < outside / this.daemons.length; i++)
      this.core.open(String(this.core.roster.reserve(`o${i}`)), true, outlet, null, '', {
        compact: true,
        subject: `user${i}`,
      });
  }

  async lose(): Promise<LossAnswer> {
    const staying = this.daemons.slice(0, -1);
    const [start, used] = [now(), process.cpuUsage()];
    this.core.transitional(staying);
    await this.rest(() => this.core.isExchanging);
    const cut = now() - start;
    const { ms, bytes } = await this.change(staying);
    const { user, system } = process.cpuUsage(used);
    return { cut, exchange: ms, cpu: (user + system) / 1e3, bytes: bytes * staying.length };
  }

  private member(name: string, daemon: string, isResumable: boolean): void {
    const { core } = this;
    const { records } = core.resumption;
    const sid = (++this.sids * 0x9e37_79b9_7f4a_7c15n) & 0xffff_ffff_ffff_ffffn;
    const sender = `#${name}#${daemon}`;
    if (isResumable) records.rename(records.create(Number(sid >> 32n), Number(sid & 0xffff_ffffn)), sender);
    if (daemon !== core.name) {
      core.deliver(encodeMessage(JOIN_MESS, sender, [GROUP], 0, [ON_DEMAND_ONLY]));
      return;
    }
    const resume = new ResumeState(sid, 0, { expel: () => undefined, returned: () => undefined });
    const traits = { compact: true, ...(isResumable && { resume }) };
    const session = core.open(String(core.roster.reserve(name)), true, outlet, null, '', traits);
    const frame = encodeMessage(JOIN_MESS, sender, [GROUP], 0, [ON_DEMAND]);
    if (!core.submit(session, frame, 0, frame.length)) throw new Error('a join has to wait');
  }

  private turn(): void {
    this.core.flush();
    for (const payload of this.sent.splice(0)) this.core.deliver(payload);
    this.core.endTurn();
  }

  private async change(daemons: readonly string[]): Promise<{ ms: number; bytes: number }> {
    const { exchanges } = this.core.counters;
    const start = now();
    let bytes = 0;
    this.core.install({ tag: ++this.tag, daemons, set: daemons, time: 1000 });
    await this.rest(() => {
      for (const payload of this.sent.splice(0)) {
        bytes += payload.length;
        for (const name of daemons) this.core.exchange(payload, name);
      }
      return this.core.counters.exchanges === exchanges;
    });
    return { ms: now() - start, bytes };
  }

  private async rest(isBusy: () => boolean): Promise<void> {
    while (isBusy()) await new Promise((resolve) => setImmediate(resolve));
  }
}

serve(async (plan: LossPlan) => async (): Promise<LossAnswer> => {
  const world = new World(plan);
  await world.build(plan);
  return world.lose();
});
