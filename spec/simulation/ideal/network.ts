/**
 * The network of the ideal engines: orders the payloads of each view, loses what is on its way when a side is cut off,
 * notices changes after a while, and decides on new views and how far each set of the old ones gets.
 */
import type { Random } from '../../support/random.js';
import type { Fabric, Surroundings } from '../fabric.js';
import type { Loop } from '../loop.js';
import type { Process } from '../process.js';
import { type EngineView, IdealEngine, type IdealOrder, type Item, type MemberPosition } from './engine.js';
import { IdealView } from './view.js';

export interface IdealOptions {
  /** Milliseconds until a side that cannot be reached, or a frozen daemon, is noticed. */
  readonly detection: number;
  /** Milliseconds until daemons that can reach each other again have noticed. */
  readonly merge: number;
  /** Longest way of a payload in milliseconds. */
  readonly delay: number;
  /** How often those who come together are divided all the same, each part with an end of its own. */
  readonly split: number;
  /** Bytes that a daemon may have queued. */
  readonly highWater: number;
}

/** Between the first and the last daemon that goes into a view. */
const SPREAD = 30;
const MAX_ORDERED_AT_ONCE = 4;
const CRASH_NOTICED = 5;
const APART = 700;

export class IdealNetwork implements Fabric, IdealOrder {
  /** Daemons, by number, that are not told what is everywhere: what is safe waits there. */
  readonly untold = new Set<number>();
  private isHeld = false;
  private readonly loop: Loop;
  private readonly random: Random;
  private readonly engines: (IdealEngine | null)[];
  /** Those that were excluded a short while ago: each is in a view of its own. */
  private readonly apart = new Set<IdealEngine>();
  private sides: number[];
  private pending = 0;
  private views = 0;

  constructor(
    private readonly surroundings: Surroundings,
    daemons: number,
    private readonly options: IdealOptions,
  ) {
    this.loop = surroundings.loop;
    this.random = surroundings.random;
    this.engines = Array.from({ length: daemons }, () => null);
    this.sides = this.engines.map(() => 0);
  }

  get isSettled(): boolean {
    return this.pending === 0;
  }

  engine(index: number, process: Process): IdealEngine {
    const inc = BigInt(1 + this.random.below(2 ** 31));
    const self = { node: index + 1, pid: 100 + this.random.below(1000), inc, name: `d${index + 1}` };
    const { trace } = this.surroundings;
    return new IdealEngine(self, index, process, this, trace, this.options.highWater);
  }

  opened(engine: IdealEngine): void {
    this.engines[engine.index] = engine;
    this.changed(this.random.next() * this.options.merge);
  }

  /** It may go when everything it has queued is ordered, or when that takes too long. */
  left(engine: IdealEngine, tries = 50): void {
    if (tries > 0 && engine.stats().queuedBytes > 0) {
      engine.process.after(10, () => this.left(engine, tries - 1));
      return;
    }
    this.remove(engine);
  }

  crashed(index: number): void {
    const engine = this.engines[index];
    if (engine) this.remove(engine);
  }

  frozen(index: number, isFrozen: boolean): void {
    const engine = this.engines[index];
    if (!engine) return;
    engine.isFrozen = isFrozen;
    if (!isFrozen) this.reached(engine.current);
    this.changed(isFrozen ? this.options.detection : this.options.merge);
  }

  connect(sides: readonly (readonly number[])[]): void {
    const before = this.sides;
    this.sides = before.map((_, index) => sides.findIndex((side) => side.includes(index)));
    for (const engine of this.engines) this.reached(engine?.current ?? null);
    const isCut = before.some((side, a) =>
      before.some((other, b) => side === other && this.sides[a] !== this.sides[b]),
    );
    this.changed(isCut ? this.options.detection : this.options.merge);
  }

  deafen(): void {
    // Whoever is reached is heard.
  }

  isHung(): boolean {
    return false;
  }

  /** The members of a view want to be without these for a while. */
  exclude(view: EngineView, names: ReadonlySet<string>): void {
    const excluded = view.members.filter(({ self }) => names.has(self.name));
    if (view.isClosed || excluded.every((engine) => this.apart.has(engine))) return;
    for (const engine of excluded) {
      this.apart.add(engine);
      this.loop.after(APART, () => {
        this.apart.delete(engine);
        this.changed(this.options.merge);
      });
    }
    this.changed(CRASH_NOTICED);
  }

  corosync(): void {
    // There is none.
  }

  /** Nothing is ordered for a while: a written scenario wants a change during an exchange. */
  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
    if (isHeld) return;
    for (const engine of this.engines) if (engine?.current) this.ordering(engine.current);
  }

  /** There may be something to order in the view. */
  ordering(view: EngineView): void {
    if (view.isOrdering || view.isClosed) return;
    view.isOrdering = true;
    this.loop.after(0.1 + this.random.next(), () => {
      view.isOrdering = false;
      this.order(view);
    });
  }

  /** A member has got further: what every member has is safe. */
  received(view: EngineView): void {
    if (view.isClosed || !this.isWhole(view)) return;
    const { everywhere } = view;
    const isHeld = [...view.places.values()].some(
      ({ delivered, stable }) => delivered < everywhere && stable < everywhere,
    );
    if (!isHeld) return;
    for (const place of view.places.values()) {
      if (this.untold.has(place.engine.index)) continue;
      this.later(view, place, () => {
        place.stable = Math.max(place.stable, everywhere);
      });
    }
  }

  private order(view: EngineView): void {
    // Without all members the order stands still, until there is another view.
    if (view.isClosed || this.isHeld || !this.isWhole(view)) return;
    const members = view.members;
    for (let i = 0; i < members.length; i++) {
      const sender = members[view.turn++ % members.length] as IdealEngine;
      if (sender.current !== view || !sender.hasNext) continue;
      this.take(view, sender);
      break;
    }
    if (members.some((engine) => engine.current === view && engine.hasNext)) this.ordering(view);
  }

  /** The sender orders what it has, behind everything that was ordered before, which it has therefore. */
  private take(view: EngineView, sender: IdealEngine): void {
    const count = 1 + this.random.below(MAX_ORDERED_AT_ONCE);
    for (let i = 0; i < count; i++) {
      const item = sender.next();
      if (!item) break;
      view.items.push(item satisfies Item);
    }
    const own = view.places.get(sender) as MemberPosition;
    own.have = view.items.length;
    this.spread(view, sender);
  }

  private spread(view: EngineView, from: IdealEngine): void {
    const upTo = view.items.length;
    for (const place of view.places.values()) {
      this.later(view, place, () => {
        if (this.sides[from.index] !== this.sides[place.engine.index]) return;
        place.have = Math.max(place.have, upTo);
        if (place.engine.current === view) this.received(view);
      });
    }
  }

  /** After the way to a member, if the view stands still then. */
  private later(view: EngineView, place: MemberPosition, act: () => void): void {
    const { engine } = place;
    this.loop.after(this.random.next() * this.options.delay, () => {
      if (view.isClosed || !engine.isAlive || engine.isFrozen) return;
      act();
      if (engine.current === view) engine.deliver();
    });
  }

  /** What was lost on its way is asked for again. */
  private reached(view: EngineView | null): void {
    if (!view || view.isClosed || !this.isWhole(view)) return;
    const [first] = view.members;
    if (first) this.spread(view, first);
    this.ordering(view);
  }

  /** Whether all members of the view reach each other. */
  private isWhole(view: EngineView): boolean {
    const [first] = view.members;
    return view.members.every(
      (engine) =>
        engine.isAlive &&
        !engine.isFrozen &&
        this.sides[engine.index] === this.sides[(first as IdealEngine).index],
    );
  }

  private remove(engine: IdealEngine): void {
    if (this.engines[engine.index] !== engine) return;
    this.engines[engine.index] = null;
    engine.end();
    this.changed(this.random.chance(0.5) ? CRASH_NOTICED : this.options.detection);
  }

  private changed(delay: number): void {
    this.pending++;
    this.loop.after(delay * (0.9 + 0.2 * this.random.next()), () => {
      this.pending--;
      for (const side of new Set(this.sides)) this.regroup(side);
    });
  }

  /** The daemons of one side, when they are not those of one view. */
  private regroup(side: number): void {
    const engines = this.engines.filter(
      (engine): engine is IdealEngine =>
        engine !== null && !engine.isFrozen && this.sides[engine.index] === side,
    );
    const together = engines.filter((engine) => !this.apart.has(engine));
    for (const engine of engines) if (this.apart.has(engine)) this.regroupThese([engine]);
    this.regroupThese(together);
  }

  private regroupThese(engines: readonly IdealEngine[]): void {
    const [first] = engines;
    if (!first) return;
    const { planned } = first;
    const isSame = planned !== null && !planned.isClosed && planned.places.size === engines.length;
    if (isSame && engines.every((engine) => engine.planned === planned)) return;
    this.form(engines);
  }

  private form(engines: readonly IdealEngine[]): void {
    const number = ++this.views;
    const tag = (BigInt(this.random.below(2 ** 31)) << 32n) | BigInt(this.random.below(2 ** 31));
    const view = new IdealView<IdealEngine>({ text: `i${number}`, tag });
    const places = this.setsOf(engines).flatMap((set) => {
      const common = Math.max(...set.map((engine) => engine.place?.have ?? 0));
      const commonStable = Math.max(...set.map((engine) => engine.place?.stable ?? 0));
      // Recovery comes before the agreement: a companion has everything, whatever becomes of the view.
      for (const { place } of set) {
        if (!place) continue;
        place.have = common;
        place.stable = commonStable;
      }
      return set.map((engine): MemberPosition => ({ engine, set, common, have: 0, delivered: 0, stable: 0 }));
    });
    for (const engine of engines) {
      view.places.set(engine, places.find((place) => place.engine === engine) as MemberPosition);
      if (engine.current) engine.current.isClosed = true;
      if (engine.planned) engine.planned.isClosed = true;
    }
    for (const engine of engines) {
      engine.planned = view;
      this.pending++;
      this.loop.after(this.random.next() * SPREAD, () => {
        this.pending--;
        engine.process.run(() => {
          if (engine.planned === view && engine.isAlive) engine.move(view);
        });
      });
    }
  }

  /** Those who come from one view, now and then divided as by a recovery that was interrupted. */
  private setsOf(engines: readonly IdealEngine[]): IdealEngine[][] {
    const byView = new Map<EngineView | IdealEngine, IdealEngine[]>();
    for (const engine of engines) {
      const key = engine.current ?? engine;
      const set = byView.get(key);
      if (set) set.push(engine);
      else byView.set(key, [engine]);
    }
    return [...byView.values()].flatMap((set) => {
      if (set.length < 2 || !this.random.chance(this.options.split)) return [set];
      const at = 1 + this.random.below(set.length - 1);
      return [set.slice(0, at), set.slice(at)];
    });
  }
}
