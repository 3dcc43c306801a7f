/**
 * An engine that is view-synchronous by construction: what the group layer may rely on, and nothing else. The network
 * decides who is in a view and how far each set gets in the old one; the engine delivers accordingly.
 */
import { Buffer } from 'node:buffer';
import type { DaemonId, EngineEvents, EngineStats, SendOptions, View } from '../../engine/port.js';
import type { Process } from '../time/process.js';
import type { EngineLog } from './engine-log.js';
import type { SimulatedEngine } from './fabric.js';
import { Recorder } from './recorder.js';
import type { Trace } from './trace.js';
import type { IdealView, Item as ItemOf, MemberPosition as PositionOf } from './view.js';

export type EngineView = IdealView<IdealEngine>;
export type Item = ItemOf<IdealEngine>;
export type MemberPosition = PositionOf<IdealEngine>;

/** What an engine needs of its network. */
export interface IdealOrder {
  opened(engine: IdealEngine): void;
  left(engine: IdealEngine): void;
  /** There may be something to order in the view. */
  ordering(view: EngineView): void;
  /** A member has got further. */
  received(view: EngineView, by: IdealEngine): void;
  /** Nothing is ordered at present. */
  readonly isHeld: boolean;
  /** The members of a view want to be without these for a while. */
  exclude(view: EngineView, names: ReadonlySet<string>): void;
}

/** Milliseconds that an exchange may last before those that it waits for are excluded. */
const PATIENCE = 1000;

export class IdealEngine implements SimulatedEngine {
  readonly maxPayload = 1 << 20;
  readonly semantics = 'partitionable';
  view: View | null = null;
  /** The view that it is in. */
  current: EngineView | null = null;
  /** The view that it is in or will go to next. */
  planned: EngineView | null = null;
  place: MemberPosition | null = null;
  /** Whom its exchange waits for. */
  awaited: () => readonly string[] = () => [];
  isAlive = true;
  onEnded: (() => void) | undefined;
  isFrozen = false;
  private readonly recorder: Recorder;
  private waiting: Item[] = [];
  private exchanges: Item[] = [];
  private queuedBytes = 0;
  /** Payloads of the view that it was told to be everywhere. */
  private told = 0;
  private isProceeding = false;
  private wantsDrain = false;
  private isDelivering = false;

  constructor(
    readonly self: DaemonId,
    readonly index: number,
    readonly process: Process,
    private readonly network: IdealOrder,
    trace: Trace,
    private readonly highWater: number,
  ) {
    this.recorder = new Recorder(self, trace);
  }

  get log(): EngineLog {
    return this.recorder.log;
  }

  async start(): Promise<void> {
    this.open();
  }

  async stop(): Promise<void> {
    this.leave();
  }

  open(): void {
    this.network.opened(this);
  }

  leave(): void {
    this.network.left(this);
  }

  /** No part in anything any more. */
  end(): void {
    this.isAlive = false;
    this.recorder.end();
    this.onEnded?.();
  }

  send(payload: Buffer, options: SendOptions = {}): boolean {
    const { safe = false, exchange = false } = options;
    const item = {
      id: this.recorder.send(options),
      sender: this,
      payload: Buffer.from(payload),
      safe,
      exchange,
    };
    (exchange ? this.exchanges : this.waiting).push(item);
    this.queuedBytes += payload.length;
    if (this.current) this.network.ordering(this.current);
    if (this.queuedBytes <= this.highWater) return true;
    this.wantsDrain = true;
    return false;
  }

  exchangeDone(): void {
    this.isProceeding = true;
    if (this.current) this.network.ordering(this.current);
  }

  tellBehind(): void {
    // This network tells nobody; the other one has the view machines.
  }

  exclude(faults: readonly { readonly daemon: string }[]): void {
    if (this.current) this.network.exclude(this.current, new Set(faults.map(({ daemon }) => daemon)));
  }

  watchExchange(awaited: () => readonly string[]): void {
    this.awaited = awaited;
  }

  stats(): EngineStats {
    return { views: 0, sent: 0, delivered: 0, queuedBytes: this.queuedBytes };
  }

  on<K extends keyof EngineEvents>(event: K, handler: (...args: EngineEvents[K]) => void): this {
    this.recorder.on(event, handler);
    return this;
  }

  /** Whether it has something that may be ordered now. */
  get hasNext(): boolean {
    return this.exchanges.length > 0 || (this.isProceeding && this.waiting.length > 0);
  }

  /** Takes out what is to be ordered next. */
  next(): Item | undefined {
    return this.exchanges.shift() ?? (this.isProceeding ? this.waiting.shift() : undefined);
  }

  /** Delivers what may go: up to a safe payload that is not known to be everywhere. */
  deliver(): void {
    if (this.isDelivering || !this.isAlive) return;
    const { current, place } = this;
    if (!current || !place) return;
    this.isDelivering = true;
    try {
      while (place.delivered < place.have && this.place === place && this.isAlive) {
        const item = current.items[place.delivered] as Item;
        if (item.safe && place.delivered >= place.stable) break;
        this.give(item, ++place.delivered);
      }
    } finally {
      this.isDelivering = false;
    }
    this.drainIfDue();
  }

  /** Every member of its view has that many payloads. */
  tellStable(everywhere: number): void {
    if (everywhere > this.told && this.isAlive) this.recorder.stable((this.told = everywhere));
  }

  /** Goes on to another view, with what belongs between the two. */
  move(to: EngineView): void {
    const next = to.places.get(this) as MemberPosition;
    const { current: old, place } = this;
    if (old && place) this.close(old, place, next);
    this.current = to;
    this.place = next;
    this.told = 0;
    this.isProceeding = false;
    const sets = [next.set, ...to.sets.filter((set) => set !== next.set)];
    this.view = {
      id: to.id,
      members: to.members.map(({ self }) => self),
      sets: sets.map((set) => set.map(({ self }) => self)),
      previous: old?.id ?? null,
    };
    this.recorder.view(this.view);
    this.watch(next);
    this.deliver();
    this.network.received(to, this);
    this.network.ordering(to);
  }

  /** One that keeps the exchange waiting is left out. */
  private watch(place: MemberPosition): void {
    this.process.after(PATIENCE, () => {
      if (this.place !== place || this.isProceeding || !this.current) return;
      const awaited = this.awaited().filter((name) => name !== this.self.name);
      if (awaited.length > 0 && !this.network.isHeld) this.network.exclude(this.current, new Set(awaited));
      this.watch(place);
    });
  }

  private close(old: EngineView, place: MemberPosition, { set, common }: MemberPosition): void {
    this.deliver();
    this.recorder.transitional({ previous: old.id, members: set.map(({ self }) => self) });
    while (place.delivered < common) this.give(old.items[place.delivered] as Item, ++place.delivered);
    const again = old.items.slice(common).filter(({ sender, exchange }) => sender === this && !exchange);
    this.waiting = [...again, ...this.waiting];
    const kept = this.waiting.reduce((sum, { payload }) => sum + payload.length, 0);
    this.exchanges = [];
    this.queuedBytes = kept;
    this.drainIfDue();
  }

  private give(item: Item, index: number): void {
    const { sender, safe, exchange, payload, id } = item;
    if (sender === this) this.queuedBytes -= payload.length;
    this.recorder.message(id, { sender: sender.self, index, safe, exchange, payload: Buffer.from(payload) });
  }

  private drainIfDue(): void {
    if (!this.wantsDrain || this.queuedBytes > this.highWater / 2) return;
    this.wantsDrain = false;
    this.recorder.drain();
  }
}
