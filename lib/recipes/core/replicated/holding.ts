/** The state that this member holds, and the one that is on its way to it. */
import type { Buffer } from '#buffer';
import { extendLineage } from '../../../primary/lineage.js';
import type { RecipeView } from '../port.js';
import { DONOR_PATIENCE_MS, MAX_DONORS } from '../limits.js';
import type { Component } from './component.js';
import type { MergeSender } from './merge-sender.js';
import { SnapshotReceiver } from './snapshot-receiver.js';
import type { Held, Message, Statement } from './messages.js';
import type { TakerSink } from './ports.js';
import type { Replica } from './replica.js';

export interface HoldingSink extends TakerSink {
  sendTo(to: string, body: Buffer): void;
  rolledBack(commands: number): void;
}

/** The state that the machine holds. */
interface State {
  readonly lineage: number;
  readonly epoch: number;
  /** Commands applied where members were last lost: what came later may be undone where they are met again. */
  readonly splitAt: number;
  /** Where it lost: those who hold it too, in the order of the view. */
  readonly holders: readonly string[];
  /** Whether the connection was lost since: it continues only where nobody has more. */
  readonly isBehind?: boolean;
}

export class Holding {
  private state: State | null = null;
  private current = false;
  private loader: SnapshotReceiver | null = null;
  private retryAt = Infinity;
  /** Whether the machine is taking in a state. */
  private isTaking = false;
  /** Whether pieces of it are still to come. */
  private isFed = false;
  /** Whether it begins with the first state after that. */
  private beginsLater = false;
  /** Members that were asked for pieces at any time, the last ones. One that was out of reach may give some afterwards. */
  private readonly donors = new Set<string>();

  /**
   * @param place the component that this member is placed in
   * @param merges what is kept of a state that lost; null: nothing
   */
  constructor(
    private readonly replica: Replica,
    private readonly sink: HoldingSink,
    private readonly hasQuorum: boolean,
    private readonly merges: MergeSender | null,
    private readonly place: () => Component | null,
  ) {}

  get isEmpty(): boolean {
    return this.state === null;
  }

  /** Whether it is the state of the component that this member is placed in, be it still being taken in. */
  get isCurrent(): boolean {
    return this.current;
  }

  /** What there is to say of it; null: it holds none. */
  get held(): Held | null {
    const { state, replica } = this;
    if (!state) return null;
    const { lineage, epoch, isBehind } = state;
    return { lineage, epoch, position: replica.position, ...(isBehind && { isBehind }) };
  }

  /** When `tick` wants to be called. */
  get dueAt(): number {
    return Math.min(this.loader?.dueAt ?? Infinity, this.retryAt);
  }

  /** The first state. A machine that is busy taking in another one comes to it afterwards. */
  private begin(lineage: number): void {
    this.state = { lineage, epoch: 0, splitAt: 0, holders: [] };
    this.replica.expect();
    if (!this.isTaking) return this.replica.begin();
    this.beginsLater = true;
    if (this.isFed) this.sink.restoreAbort();
    this.isFed = false;
  }

  /** The state here continues. @param first the lineage of the first state, which all begin with; null: none */
  win(first: number | null): void {
    this.current = true;
    if (this.state?.isBehind) {
      const { lineage, epoch, splitAt, holders } = this.state;
      this.state = { lineage, epoch, splitAt, holders };
    }
    if (!this.loader?.isComplete) this.loader = null;
    if (first !== null) this.begin(first);
  }

  /** Another one continues. This one stays until all of that is here (rule 11). @param said by member, what it holds */
  lose(said: ReadonlyMap<string, Pick<Statement, 'state'>>): void {
    const { state } = this;
    this.current = false;
    if (!state) return;
    const holders = [...said]
      .filter(([, each]) => each.state?.lineage === state.lineage)
      .map(([name]) => name);
    this.state = { ...state, holders };
  }

  /** Whether the machine is still taking in what lost: only then can the next state be asked for. */
  get isBusy(): boolean {
    return this.isTaking && this.state !== null && !this.current;
  }

  /** The state is to come, as it is at this place. */
  await(now: number): void {
    if (this.loader?.isComplete) this.loader = null;
    this.current = false;
    this.replica.expect();
    this.retryAt = now + DONOR_PATIENCE_MS;
  }

  /** The state here is the one that is to come. */
  keep(): void {
    this.loader = null;
    this.retryAt = Infinity;
    this.complete(this.place());
  }

  /** The state here is that of the component. */
  follow({ lineage, epoch }: Component): void {
    if (this.state && this.current) this.state = { ...this.state, lineage, epoch };
  }

  /** Members are lost: what is applied from here on may be undone. */
  split(): void {
    const { state, replica } = this;
    if (state && this.current) this.state = { ...state, splitAt: Math.max(state.splitAt, replica.position) };
  }

  /** The connection was lost: what came since is missing. @param side tells the state from that of all others */
  fallBehind(view: RecipeView['id'], side: string, now: number): void {
    this.pause(now);
    const { replica, state } = this;
    if (!state) return;
    const lineage = extendLineage(state.lineage, view, side);
    this.state = { ...state, lineage, splitAt: replica.position, isBehind: true };
  }

  /** What is on its way may not be what continues; what is here of it is of use if it is. */
  pause(now: number): void {
    if (this.current || this.isBusy) return;
    this.loader?.retain([], now);
    if (this.state) this.replica.goBack();
    else this.replica.expect();
  }

  /** @param isFirst whether the donor is the one that members agree to burden */
  offered(donor: string, isFirst: boolean, offer: Message & { kind: 'offer' }, now: number): void {
    if (this.current) return;
    const { capture, header } = offer;
    this.retryAt = Infinity;
    if (this.loader?.capture !== capture) this.load(capture, header);
    this.loader?.offered(donor, isFirst, now);
  }

  /** Whether the member owes pieces of a state, be it too late. */
  hasAsked(member: string): boolean {
    return this.donors.has(member);
  }

  /** What was asked for under the id before may come under the one that it has now. */
  renamed(from: string, to: string): void {
    if (this.donors.has(from)) this.asks(to);
  }

  /** @returns false when the state has to be asked for again */
  take(sender: string, message: Message & { kind: 'chunk' | 'none' }, now: number): boolean {
    return this.loader?.capture !== message.capture || this.loader.take(sender, message, now);
  }

  /** @returns false when nobody of these can give the state that is on its way: it has to be asked for again */
  retain(members: readonly string[], now: number): boolean {
    return this.loader?.retain(members, now) !== false;
  }

  /** A new request is made. */
  asking(now: number): void {
    this.retryAt = Infinity;
    if (!this.loader?.isComplete) this.loader?.retain([], now);
  }

  /** @returns false when the state has to be asked for again */
  tick(now: number): boolean {
    return this.loader?.tick(now) !== false && now < this.retryAt;
  }

  /** The machine is free again. @returns whether it has taken in what was wanted; null: nothing has changed */
  restored(isSound: boolean, now: number): boolean | null {
    const { loader, replica } = this;
    this.isTaking = false;
    if (this.beginsLater) {
      this.beginsLater = false;
      this.loader = null;
      replica.begin();
      return false;
    }
    if (!loader || replica.isWhole) return null;
    // It may not want all of it.
    if (isSound && !loader.isComplete) this.complete(this.place());
    this.loader = null;
    if (isSound && replica.restored(loader.header)) return true;
    this.state = null;
    this.current = false;
    // Another try at once would likely end in the same way, over and over.
    this.retryAt = now + DONOR_PATIENCE_MS;
    return false;
  }

  private load(capture: string, header: Buffer): void {
    const { sink } = this;
    this.loader = new SnapshotReceiver(capture, header, this.state === null, {
      sendTo: (name, body) => {
        this.asks(name);
        sink.sendTo(name, body);
      },
      restoreBegin: () => {
        this.replaced();
        this.isTaking = this.isFed = true;
        this.beginsLater = false;
        sink.restoreBegin();
      },
      restoreChunk: (data) => sink.restoreChunk(data),
      complete: () => this.complete(this.place()),
      restoreEnd: () => {
        this.isFed = false;
        sink.restoreEnd();
      },
    });
  }

  private asks(donor: string): void {
    this.donors.delete(donor);
    this.donors.add(donor);
    const [oldest] = this.donors;
    if (this.donors.size > MAX_DONORS && oldest !== undefined) this.donors.delete(oldest);
  }

  /** All of it is here. The machine may need a while to take it in, but nobody else is needed any more. */
  private complete(place: Component | null): void {
    if (!place) return;
    this.state = { lineage: place.lineage, epoch: place.epoch, splitAt: 0, holders: [] };
    this.current = true;
  }

  /** The state that lost is about to be replaced. */
  private replaced(): void {
    const { hasQuorum, merges, replica, sink, state } = this;
    this.state = null;
    // What is behind has nothing of its own.
    if (!state || hasQuorum || state.isBehind) return;
    merges?.keep(state.lineage, state.holders);
    if (replica.position > state.splitAt) sink.rolledBack(replica.position - state.splitAt);
  }
}
