/** What the processes of the bench do: each has one role, and answers the runner. */
import { createHash } from 'node:crypto';
import { connect, type Connection } from '../../lib/index.js';
import { map, type ReplicatedMap } from '../../lib/recipes/index.js';
import { eventually } from '../../spec/support/wait.js';
import { serve } from '../bench/load/serve.js';
import { type Felt, Gauge } from './gauge.js';
import { isLarge, Pace } from './pace.js';

export type Role = 'donor' | 'worker' | 'onlooker' | 'joiner';

export interface Plan {
  readonly role: Role;
  /** Of its daemon. */
  readonly address: string;
  readonly name: string;
  readonly group: string;
  readonly megabytes: number;
  /** Commands a second, of the worker. */
  readonly rate: number;
}

export type Request =
  /** The worker begins. */
  | { readonly what: 'begin' }
  /** What worker and onlooker felt since the last time: `Felt`. */
  | { readonly what: 'felt' }
  /** The joiner joins: `Loaded`. @param donor process that is killed half way */
  | { readonly what: 'load'; readonly donor: number }
  /** The worker stops, and sets one more key. */
  | { readonly what: 'end' }
  /** When that key is here, the state: `Seen`. */
  | { readonly what: 'see' };

export interface Loaded {
  readonly milliseconds: number;
  /** Bytes by the private name of the one who gave them, in the order of their first. */
  readonly given: readonly (readonly [name: string, bytes: number])[];
}

export interface Seen {
  readonly hash: string;
  readonly entries: number;
}

const VALUE_BYTES = 100_000;
/** More than an offer has, and less than nearly every piece of a large state. */
const OFFER_BYTES = 2000;
const MEGABYTE = 1_000_000;
const LAST_KEY = 'end';
const LIMIT_MS = 30_000;

/** A process is started as `<file> role`. */
export function play(): void {
  serve(async (plan: Plan) => {
    const connection = await connect({ address: plan.address, name: plan.name });
    const actor = new Actor(connection, plan);
    await actor.prepare();
    return (request: Request) => actor.answer(request);
  });
}

class Actor {
  private readonly gauge = new Gauge();
  private state!: ReplicatedMap<string>;
  private pace: Pace | null = null;

  constructor(
    private readonly connection: Connection,
    private readonly plan: Plan,
  ) {}

  /** All but the joiner are there before anything is measured. */
  async prepare(): Promise<void> {
    const { role } = this.plan;
    if (role === 'joiner') return;
    await this.join();
    if (role === 'donor') await this.fill();
  }

  async answer(request: Request): Promise<Felt | Loaded | Seen | undefined> {
    switch (request.what) {
      case 'begin':
        this.pace = new Pace(this.state, this.plan.rate, this.gauge);
        return undefined;
      case 'felt':
        return this.gauge.take();
      case 'load':
        return await this.load(request.donor);
      case 'end':
        await this.pace?.stop();
        await this.state.set(LAST_KEY, '');
        return undefined;
      default:
        await eventually(() => this.state.has(LAST_KEY), 'the last key', LIMIT_MS);
        return this.see();
    }
  }

  private async join(): Promise<void> {
    this.state = await map<string>(this.connection, this.plan.group);
    this.state.on('set', (key) => {
      if (!isLarge(key)) this.gauge.applied();
    });
    await this.state.ready();
  }

  /** Values that no two keys have in common. */
  private async fill(): Promise<void> {
    const count = (this.plan.megabytes * MEGABYTE) / VALUE_BYTES;
    for (let i = 0; i < count; i++) {
      const key = `large ${i}`;
      await this.state.set(key, key.padEnd(VALUE_BYTES, String(i)));
    }
  }

  /** Kills the donor itself, so that it is half way and not a message to the runner later. */
  private async load(donor: number): Promise<Loaded> {
    const half = (this.plan.megabytes * MEGABYTE) / 2;
    const given = new Map<string, number>();
    let bytes = 0;
    this.connection.on('message', ({ sender, body }) => {
      // Offers are not pieces.
      if (body.length < OFFER_BYTES) return;
      given.set(sender, (given.get(sender) ?? 0) + body.length);
      if (bytes < half && bytes + body.length >= half) process.kill(donor, 'SIGKILL');
      bytes += body.length;
    });
    const begin = performance.now();
    await this.join();
    return { milliseconds: performance.now() - begin, given: [...given] };
  }

  private see(): Seen {
    const entries = [...this.state.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const hash = createHash('sha256');
    for (const [key, value] of entries) hash.update(JSON.stringify([key, value]));
    return { hash: hash.digest('hex'), entries: entries.length };
  }
}
