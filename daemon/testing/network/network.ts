/**
 * The network of the ideal engines: orders the payloads of each view, loses what is on its way when a side is cut off,
 * notices changes after a while, and decides on new views and how far each set of the old ones gets.
 */
import type { Random } from '../random.js';
import type { Process } from '../time/process.js';
import type { Time } from '../time/time.js';
import { type EngineView, IdealEngine, type IdealOrder, type Item, type MemberPosition } from './engine.js';
import type { Fabric, NetworkContext } from './fabric.js';
import type { IdealOptions, Range } from './options.js';
import { type Pair, Reach } from './reach.js';
import { IdealView } from './view.js';

const SPREAD = 30;
const PAUSE: Range = [0.1, 1.1];
const MAX_ORDERED_AT_ONCE = 4;
const CRASH_NOTICED = 5;
const APART = 700;
/** Between two looks whether a daemon that leaves may go, and how often there is one. */
const LEAVE_RETRY = 10;
const LEAVE_TRIES = 50;

export class IdealNetwork implements Fabric, IdealOrder {
  /** Daemons, by number, that are not told what is everywhere: what is safe waits there. */
  readonly untold = new Set<number>();
  isHeld = false;
  private readonly time: Time;
  private readonly random: Random;
  private readonly engines: (IdealEngine | null)[];
  private readonly reach: Reach;
  /** Those that were excluded a short while ago: each is in a view of its own. */
  private readonly apart = new Set<IdealEngine>();
  private sides: number[];
  /** Milliseconds that payloads take longer, by sender and receiver. */
  private readonly slow = new Map<number, number>();
  private pending = 0;
  private views = 0;

  constructor(
    private readonly context: NetworkContext,
    daemons: number,
    private readonly options: IdealOptions,
  ) {
    this.time = context.time;
    this.random = context.random;
    this.engines = Array.from({ length: daemons }, () => null);
    this.sides = this.engines.map(() => 0);
    this.reach = new Reach(daemons, (a, b) => this.isReached(a, b));
  }

  get isSettled(): boolean {
    return this.pending === 0;
  }

  engine(index: number, process: Process, name: string): IdealEngine {
    const inc = BigInt(1 + this.random.below(2 ** 31));
    const self = { node: index + 1, pid: 100 + this.random.below(1000), inc, name };
    const { trace } = this.context;
    return new IdealEngine(self, index, process, this, trace, this.options.highWater);
  }

  opened(engine: IdealEngine): void {
    this.engines[engine.index] = engine;
    const { isExact = false, merge } = this.options;
    this.reach.begin(engine.index);
    this.changed(isExact ? merge : this.random.next() * merge, this.reach.pairsOf(engine.index), [
      engine.index,
    ]);
  }

  /** It may go when everything it has queued is ordered, or when that takes too long. */
  left(engine: IdealEngine, tries = LEAVE_TRIES): void {
    if (tries > 0 && (engine.stats().queuedBytes > 0 || this.isOnItsWay(engine.current))) {
      engine.process.after(LEAVE_RETRY, () => this.left(engine, tries - 1));
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
    this.changed(isFrozen ? this.options.detection : this.options.merge, this.reach.pairsOf(index), [index]);
  }

  connect(sides: readonly (readonly number[])[]): void {
    const before = this.sides;
    this.sides = before.map((_, index) => sides.findIndex((side) => side.includes(index)));
    for (const engine of this.engines) this.reached(engine?.current ?? null);
    const cut: Pair[] = [];
    const joined: Pair[] = [];
    for (const pair of this.reach.pairs) {
      const [was, is] = [before, this.sides].map((of) => of[pair[0]] === of[pair[1]]);
      if (was && !is) cut.push(pair);
      if (!was && is) joined.push(pair);
    }
    const { detection, merge, isExact = false } = this.options;
    if (!isExact) {
      this.changed(cut.length > 0 ? detection : merge, [], []);
      return;
    }
    if (cut.length > 0) this.changed(detection, cut, cut.flat());
    if (joined.length > 0) this.changed(merge, joined, joined.flat());
  }

  /** What one daemon sends takes so much longer to another one. */
  delay(from: number, to: number, milliseconds: number): void {
    this.slow.set(from * this.engines.length + to, milliseconds);
  }

  /** The members of a view want to be without these for a while. */
  exclude(view: EngineView, names: ReadonlySet<string>): void {
    const excluded = view.members.filter(({ self }) => names.has(self.name));
    if (view.isClosed || excluded.every((engine) => this.apart.has(engine))) return;
    const pairs = excluded.flatMap(({ index }) => this.reach.pairsOf(index));
    for (const engine of excluded) {
      this.apart.add(engine);
      this.time.timer(APART, () => {
        this.apart.delete(engine);
        this.changed(this.options.merge, this.reach.pairsOf(engine.index), [engine.index]);
      });
    }
    this.changed(
      CRASH_NOTICED,
      pairs,
      excluded.map(({ index }) => index),
    );
  }

  /** Nothing is ordered for a while: a test wants a change in between. */
  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
    if (isHeld) return;
    for (const engine of this.engines) if (engine?.current) this.ordering(engine.current);
  }

  /** There may be something to order in the view. */
  ordering(view: EngineView): void {
    if (view.isOrdering || view.isClosed) return;
    view.isOrdering = true;
    this.time.after(this.between(this.options.pause ?? PAUSE), () => {
      view.isOrdering = false;
      this.order(view);
    });
  }

  /** A member has got further: what every member has is safe. */
  received(view: EngineView, by: IdealEngine): void {
    if (view.isClosed || !this.isWhole(view)) return;
    const { everywhere } = view;
    this.tellStable(view, everywhere);
    const isHeld = [...view.places.values()].some(
      ({ delivered, stable }) => delivered < everywhere && stable < everywhere,
    );
    if (!isHeld) return;
    for (const place of view.places.values()) {
      if (this.untold.has(place.engine.index)) continue;
      this.later(view, place, by, () => {
        place.stable = Math.max(place.stable, everywhere);
      });
    }
  }

  /** No other way than this takes time or chance: worlds without resumable clients are as they were. */
  private tellStable(view: EngineView, everywhere: number): void {
    for (const { engine } of view.places.values()) {
      if (engine.current === view && !engine.isFrozen && !this.untold.has(engine.index))
        engine.process.run(() => engine.tellStable(everywhere));
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
    const { burst = MAX_ORDERED_AT_ONCE, isExact = false } = this.options;
    const count = isExact ? burst : 1 + this.random.below(burst);
    for (let i = 0; i < count; i++) {
      const item = sender.next();
      if (!item) break;
      view.items.push(item satisfies Item);
    }
    const own = view.places.get(sender) as MemberPosition;
    if (!isExact) own.have = view.items.length;
    this.spread(view, sender);
  }

  private spread(view: EngineView, from: IdealEngine): void {
    const upTo = view.items.length;
    for (const place of view.places.values()) {
      this.later(view, place, from, () => {
        if (this.sides[from.index] !== this.sides[place.engine.index]) return;
        place.have = Math.max(place.have, upTo);
        if (place.engine.current === view) this.received(view, place.engine);
      });
    }
  }

  /** After the way to a member, if the view stands still then. */
  private later(view: EngineView, place: MemberPosition, from: IdealEngine, act: () => void): void {
    const { engine } = place;
    this.time.after(this.wayTo(place, from), () => {
      if (view.isClosed || !engine.isAlive || engine.isFrozen) return;
      act();
      if (engine.current === view) engine.deliver();
    });
  }

  /** Milliseconds that something takes to a member. */
  private wayTo(place: MemberPosition, from: IdealEngine): number {
    const { delay, isExact = false } = this.options;
    const { now } = this.time;
    if (!isExact) return this.between(typeof delay === 'number' ? [0, delay] : delay);
    const isNear = place.engine === from;
    const way = isNear ? 0 : this.between(typeof delay === 'number' ? [delay, delay] : delay);
    const more = this.slow.get(from.index * this.engines.length + place.engine.index) ?? 0;
    place.due = Math.max(place.due, now + way + more);
    return place.due - now;
  }

  private between([least, most]: Range): number {
    return least === most ? least : least + this.random.next() * (most - least);
  }

  /** Whether a member of the view has not got everything that was ordered in it. */
  private isOnItsWay(view: EngineView | null): boolean {
    if (view === null || view.isClosed || !this.isWhole(view)) return false;
    return [...view.places.values()].some(({ have }) => have < view.items.length);
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

  /** Whether two daemons can be in a view, noticed or not. */
  private isReached(a: number, b: number): boolean {
    const engines = [this.engines[a], this.engines[b]];
    return (
      this.sides[a] === this.sides[b] &&
      engines.every((engine) => engine && !engine.isFrozen && !this.apart.has(engine))
    );
  }

  private remove(engine: IdealEngine): void {
    if (this.engines[engine.index] !== engine) return;
    this.engines[engine.index] = null;
    engine.end();
    const { crash, detection } = this.options;
    const noticed = crash ?? (this.random.chance(0.5) ? CRASH_NOTICED : detection);
    this.changed(noticed, this.reach.pairsOf(engine.index), []);
  }

  /**
   * Something is noticed after a while: of these pairs, or of all where that is not exact.
   * @param waiting daemons that find out then that the view they were in is over
   */
  private changed(delay: number, pairs: readonly Pair[], waiting: readonly number[]): void {
    const { isExact = false } = this.options;
    const milliseconds = isExact ? delay : delay * (0.9 + 0.2 * this.random.next());
    this.pending++;
    this.time.after(milliseconds, () => {
      this.pending--;
      if (isExact) {
        const without = waiting.filter((daemon) => this.engines[daemon]?.planned?.isClosed !== false);
        this.regroup(new Set([...this.reach.notice(pairs), ...without]));
      } else {
        this.reach.notice(this.reach.pairs);
        this.regroup(new Set(this.engines.keys()));
      }
    });
  }

  /** Those that are not in one view with all whom they know to reach. */
  private regroup(daemons: ReadonlySet<number>): void {
    const seen = new Set<number>();
    for (const daemon of daemons) {
      const engine = this.engines[daemon];
      if (!engine || engine.isFrozen || seen.has(daemon)) continue;
      const around = this.reach.around(daemon);
      for (const each of around) seen.add(each);
      this.reach.agree(around);
      this.regroupThese(around.map((each) => this.engines[each] as IdealEngine));
    }
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
      return set.map((engine): MemberPosition => ({
        engine,
        set,
        common,
        have: 0,
        delivered: 0,
        stable: 0,
        due: 0,
      }));
    });
    for (const engine of engines) {
      view.places.set(engine, places.find((place) => place.engine === engine) as MemberPosition);
      if (engine.current) engine.current.isClosed = true;
      if (engine.planned) engine.planned.isClosed = true;
    }
    for (const engine of engines) {
      engine.planned = view;
      this.pending++;
      this.time.after(this.between([0, this.options.spread ?? SPREAD]), () => {
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
