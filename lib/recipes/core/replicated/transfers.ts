/** States on their way between members: those that are given, and the one that is taken. */
import type { Buffer } from 'node:buffer';
import { type GroupId, groupIdText } from '../../../wire/group-id.js';
import { DONOR_PATIENCE_MS } from '../limits.js';
import { Donor, type DonorSink } from './donor.js';
import { Loader } from './loader.js';
import type { Message } from './messages.js';

/** Where the state that is taken goes. */
export interface TakerSink {
  /** What was restored before belongs to nothing. */
  restoreBegin(): void;
  restoreChunk(data: Buffer): void;
  /** All of it was there: answer with `restored`. */
  restoreEnd(): void;
}

export interface TransfersOwner {
  /** The state that is here is about to be replaced. */
  replacing(): void;
  /** Nobody has the snapshot any more. */
  exhausted(capture: string): void;
}

/** What was taken. */
export interface Loaded {
  readonly capture: string;
  /** Null: the transfer never began. */
  readonly header: Buffer | null;
}

export class Transfers {
  private readonly donor: Donor;
  private loader: Loader | null = null;
  private captures = 0;
  /** One that made no sense, to be asked for anew when its time has come. */
  private bad: { readonly capture: string; readonly until: number } | null = null;

  constructor(
    private readonly sink: DonorSink & TakerSink,
    private readonly owner: TransfersOwner,
  ) {
    this.donor = new Donor(sink);
  }

  get isLoading(): boolean {
    return this.loader !== null;
  }

  /** Which snapshot is being taken; empty: none. */
  get capture(): string {
    return this.loader?.capture ?? '';
  }

  get dueAt(): number {
    return Math.min(this.loader?.dueAt ?? Infinity, this.bad?.until ?? Infinity);
  }

  /** A name for a snapshot that no other one of the group has. */
  name(view: GroupId): string {
    return `${groupIdText(view)}/${++this.captures}`;
  }

  /** @param wanted snapshots that somebody in it still needs */
  newView(wanted: ReadonlySet<string>): void {
    this.captures = 0;
    this.retain(wanted);
  }

  retain(wanted: ReadonlySet<string>): void {
    this.donor.retain(wanted);
  }

  /** A snapshot has its place in the order. */
  expect(id: string): void {
    this.donor.expect(id);
  }

  captured(id: string, header: Buffer): void {
    this.donor.capture(id, header);
  }

  supplied(id: string, to: string, offset: number, data: Buffer, isLast: boolean): void {
    this.donor.supplied(id, to, offset, data, isLast);
  }

  /** @param isHandingOn whether nothing has to be kept until all is here */
  load(id: string, isHandingOn: boolean): void {
    const { sink, owner } = this;
    this.bad = null;
    this.loader = new Loader(id, isHandingOn, {
      sendTo: (name, body) => sink.sendTo(name, body),
      restoreBegin: () => {
        owner.replacing();
        sink.restoreBegin();
      },
      restoreChunk: (data) => sink.restoreChunk(data),
      restoreEnd: () => sink.restoreEnd(),
      exhausted: (capture) => owner.exhausted(capture),
    });
  }

  stop(): void {
    this.loader = null;
    this.bad = null;
  }

  /** It could not be restored. Another try at once would likely end in the same way, over and over. */
  failed(capture: string, now: number): void {
    this.bad = { capture, until: now + DONOR_PATIENCE_MS };
  }

  /** @param donors those that have the state, in the order in which they are to be asked */
  choose(donors: readonly string[], now: number): void {
    this.loader?.choose(donors, now);
  }

  /** A message of the other side of a transfer. */
  take(sender: string, message: Message, now: number): void {
    if (message.kind === 'pull') this.donor.pulled(sender, message);
    else if ('capture' in message && this.loader?.capture === message.capture)
      this.loader.take(sender, message, now);
  }

  tick(now: number): void {
    this.loader?.tick(now);
    const { bad } = this;
    if (!bad || now < bad.until) return;
    this.bad = null;
    this.owner.exhausted(bad.capture);
  }

  /** All of it is here and restored. */
  loaded(): Loaded | null {
    const { loader } = this;
    this.loader = null;
    return loader;
  }
}
