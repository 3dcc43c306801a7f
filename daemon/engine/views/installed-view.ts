/** The view that is in force at this daemon: who is in it, what was delivered in it, what waits to be stable. */
import type { Buffer } from 'node:buffer';
import { Fifo } from '../../../lib/util/fifo.js';
import { History } from '../../../lib/util/hash.js';
import type { DaemonId, EngineMessage, View } from '../port.js';
import type { Entry, PreviousView } from './control.js';
import * as wire from './message.js';
import { FragmentAssembler } from './message.js';
import type { CpgAddress } from './ordered-transport.js';
import { sameAddress } from './view-agreement.js';

const KIND_DATA = 0;
const KIND_ACK = 1;
const KIND_ALONE = 2;

export class InstalledView {
  readonly history = new History();
  readonly stability: Stability;
  readonly selfIndex: number;
  /**
   * A message of somebody is missing: of what follows only own messages count, as in a view of its own [daemon E11].
   */
  hasHole = false;
  /** Index of the last safe payload. */
  private lastSafe = 0;
  /** When each member was last heard, in order of the view. */
  private readonly lastHeard: number[];
  private readonly numbers: number[];
  /** Members with a client that is behind, this one aside. */
  private readonly behind = new Set<number>();
  /** When each member last sent a payload or a piece of one; at first when the view began. */
  private readonly lastData: number[];
  /** Members that told another state since: they have left this view. */
  private readonly moved = new Set<number>();
  /** What this daemon may acknowledge: with a hole not what came behind it. */
  private acknowledgeable = Infinity;
  private readonly assembly: FragmentAssembler;
  /** Not stable safe messages and what stands behind them. */
  private readonly held = new Fifo<EngineMessage>();

  constructor(
    readonly view: View,
    readonly entries: readonly Entry[],
    self: CpgAddress,
    now: number,
    private readonly deliver: (message: EngineMessage) => void,
  ) {
    const { length } = entries;
    this.stability = new Stability(length);
    this.lastHeard = new Array<number>(length).fill(now);
    this.numbers = new Array<number>(length).fill(0);
    this.lastData = new Array<number>(length).fill(now);
    this.assembly = new FragmentAssembler(length);
    this.selfIndex = entries.findIndex((entry) => sameAddress(entry, self));
  }

  /** What this daemon has behind it when the view ends now. */
  get past(): PreviousView {
    const { count, hash } = this.history;
    return { tag: this.view.id.tag, count, hash };
  }

  get isBehindElsewhere(): boolean {
    return this.behind.size > 0;
  }

  /** Position in the view; -1 for one that is not in it. */
  indexOf(address: CpgAddress): number {
    return this.entries.findIndex((entry) => sameAddress(entry, address));
  }

  heard(sender: number, now: number, type: number): void {
    this.lastHeard[sender] = now;
    if (type === wire.Type.data) this.lastData[sender] = now;
  }

  /** This process stood still, and could hear nobody. */
  heardAll(now: number): void {
    this.lastHeard.fill(now);
    this.lastData.fill(now);
  }

  /** Those of these daemons that sent no payload since then. */
  withoutData(names: readonly string[], since: number): Entry[] {
    return this.entries.filter(
      ({ name }, i) => i !== this.selfIndex && names.includes(name) && (this.lastData[i] as number) < since,
    );
  }

  /** A member that was last heard before `since`, if it is this one who is to say so: the first who is not silent. */
  silent(since: number): CpgAddress | null {
    const isSilent = (i: number): boolean => i !== this.selfIndex && (this.lastHeard[i] as number) < since;
    const isSpeaker = this.entries.findIndex((_, i) => !isSilent(i)) === this.selfIndex;
    return (isSpeaker && this.entries.find((_, i) => isSilent(i))) || null;
  }

  entryOf(address: CpgAddress): Entry | undefined {
    return this.entries[this.indexOf(address)];
  }

  moveOn(address: CpgAddress): void {
    const i = this.indexOf(address);
    if (i >= 0) this.moved.add(i);
  }

  /** Whether this daemon is the first of those who are still in the view. */
  get isFirst(): boolean {
    return this.entries.findIndex((_, i) => !this.moved.has(i)) === this.selfIndex;
  }

  /** Whether that is another view, for which one of the members stands as it stands for this. */
  contradicts({ tag }: View['id'], others: readonly Entry[]): boolean {
    if (tag === this.view.id.tag) return false;
    return others.some((other) => {
      const entry = this.entryOf(other);
      return entry !== undefined && entry.inc === other.inc && entry.attempt === other.attempt;
    });
  }

  /** DATA messages delivered here in order, without a hole. */
  get acknowledged(): number {
    return Math.min(this.stability.index, this.acknowledgeable);
  }

  /** Whether nothing of the sender is missing before this DATA or ACK. */
  isExpected(sender: number, message: Buffer, type: number): boolean {
    const last = type === wire.Type.data ? wire.readNumber(message) - 1 : wire.readNumber(message);
    return this.numbers[sender] === last;
  }

  /** A DATA or ACK of this view in its place. Its acknowledgement covers what stood before it. */
  take(sender: number, message: Buffer, type: number, flags: number): void {
    const count = wire.readAck(message);
    if ((flags & wire.FLAG_BEHIND) === 0 || sender === this.selfIndex) this.behind.delete(sender);
    else this.behind.add(sender);
    this.history.add(KIND_ACK, sender, count);
    this.stability.acknowledge(sender, count);
    this.release();
    if (type === wire.Type.data) this.data(sender, message, flags);
  }

  /** A payload that counts as delivered here although it did not come back: the way to the others is gone. */
  deliverAlone(payload: Buffer, safe: boolean): void {
    this.stop();
    this.history.add(KIND_ALONE, this.selfIndex, ++this.stability.index);
    this.put(this.view.members[this.selfIndex] as DaemonId, payload, safe, false);
  }

  /** Whether a safe message waits that was delivered behind the first `acknowledged`. */
  hasSafeBehind(acknowledged: number): boolean {
    return this.lastSafe > acknowledged;
  }

  /** The rest of the view, safe or not, after the transitional event. */
  releaseAll(): void {
    for (const message of this.held.drain()) this.deliver(message);
  }

  /** A hole: nothing more is delivered until the view is over. */
  stop(): void {
    this.acknowledgeable = this.acknowledged;
    this.hasHole = true;
  }

  private data(sender: number, message: Buffer, flags: number): void {
    const number = (this.numbers[sender] as number) + 1;
    this.numbers[sender] = number;
    this.history.count++;
    this.history.add(KIND_DATA, sender, number);
    const fragment = message.subarray(wire.DATA_HEAD_BYTES);
    this.stability.delivered(fragment.length);
    const payload = this.assembly.add(sender, fragment, (flags & wire.FLAG_MORE) !== 0);
    if (!payload) return;
    const [safe, exchange] = [(flags & wire.FLAG_SAFE) !== 0, (flags & wire.FLAG_EXCHANGE) !== 0];
    this.put(this.view.members[sender] as DaemonId, payload, safe, exchange);
  }

  private put(sender: DaemonId, payload: Buffer, safe: boolean, exchange: boolean): void {
    const { index, stable } = this.stability;
    const message = { sender, index, safe, exchange, payload };
    if (safe) this.lastSafe = index;
    if (this.held.length > 0 || this.hasHole || (safe && stable < index)) this.held.push(message);
    else this.deliver(message);
  }

  private release(): void {
    if (this.hasHole) return;
    const { stable } = this.stability;
    for (let first = this.held.peek(); first; first = this.held.peek()) {
      if (first.safe && first.index > stable) return;
      this.held.shift();
      this.deliver(first);
    }
  }
}

/**
 * How far every member of the view has got [corosync 5.4]. Acknowledgements stand in the total order, so
 * every member computes the same stable index at the same place.
 */
export class Stability {
  /** DATA messages delivered here in this view. */
  index = 0;
  /** Every member is known to have delivered the messages up to here. */
  stable = 0;
  /** Bytes of the messages above the stable index. */
  unstableBytes = 0;
  private readonly sizes = new Fifo<number>();
  private readonly acks: number[];

  constructor(members: number) {
    this.acks = new Array<number>(members).fill(0);
  }

  /** The next DATA message was delivered here. */
  delivered(bytes: number): void {
    this.index++;
    this.unstableBytes += bytes;
    this.sizes.push(bytes);
  }

  /** The member says that it has delivered that many. */
  acknowledge(member: number, count: number): void {
    const before = this.acks[member] as number;
    if (count <= before) return;
    this.acks[member] = Math.min(count, this.index);
    if (before === this.stable) this.advance(Math.min(...this.acks));
  }

  private advance(to: number): void {
    for (; this.stable < to; this.stable++) this.unstableBytes -= this.sizes.shift() ?? 0;
  }
}
