/**
 * The replicated state of one member as the order makes it: commands, members, snapshots and merges, one input after the
 * other. While the state is being transferred the inputs wait behind it.
 */
import { Buffer } from '#buffer';
import { BodyWriter, readBody } from '../codec.js';
import { CHUNK_BYTES, MAX_MERGE_BYTES, MAX_MERGED, MAX_PROCESSES, MERGE_STEPS } from '../limits.js';
import type { Command, MergePart } from './messages.js';
import { MalformedCommandError } from '../malformed.js';
import { Submitters } from './submitters.js';

/** Where a command comes from. */
export interface CommandInfo {
  /** Id of the member that submitted it. */
  readonly sender: string;
  /** Commands applied before it, the same at all replicas. */
  readonly index: number;
}

/** The state itself. Whatever is done to it is done in the same order at all replicas, and must do the same there. */
export interface StateMachine {
  /** Back to the first state. */
  reset(): void;
  /**
   * What it throws is the result of the command; the state must be the same at all replicas all the same.
   * @param traceparent the trace that the command belongs to, for whoever watches; the state does not depend on it
   */
  apply(command: Buffer, info: CommandInfo, traceparent?: string): unknown;
  /** Who is there from here on; called again only with another list, or when a state continues after a pause. */
  present(members: readonly string[]): void;
  /** Takes in the state of a component that was parted from this one. */
  merge(state: Buffer): void;
}

export interface ReplicaSink {
  /** The state as it is now is asked for. @param steps inputs taken so far: equal at equal states of one lineage */
  asked(input: Asked, steps: number, header: Buffer): void;
  /** A command of this member came to its end. */
  settled(ticket: number, outcome: CommandOutcome): void;
  /** The state of that component is merged. */
  merged(past: number): void;
  /** Merges that were under way have to begin anew. */
  interrupted(): void;
  /** What this member sent is invalid, and has changed nothing. */
  malformed(sender: string): void;
}

export type CommandOutcome =
  | { readonly kind: 'applied'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** It was applied, but at others: nobody here knows its result. */
  | { readonly kind: 'unknown' }
  /** It came behind a gap and has to be sent again. */
  | { readonly kind: 'dropped' };

export type Input =
  | (Command & { readonly sender: string })
  | (MergePart & { readonly sender: string })
  | { readonly kind: 'present'; readonly members: readonly string[] }
  | Asked;

/** A member wants the state as it is at this place. */
export interface Asked {
  readonly kind: 'asked';
  readonly name: string;
  readonly ask: string;
  readonly lineage: number;
  /** As it is at this place. */
  readonly component: Buffer;
}

/** Pieces of one component's state on their way. */
interface Merge {
  readonly past: number;
  readonly sender: string;
  readonly parts: Buffer[];
  bytes: number;
  /** Inputs taken when the last piece came. */
  step: number;
}

/** The name of a snapshot: equal names, equal bytes. */
export const captureOf = (lineage: number, steps: number): string => `${lineage}/${steps}`;

export class Replica {
  /** Commands applied. */
  position = 0;
  /** Whether inputs are taken at once; else they wait behind a snapshot. */
  isWhole = false;
  private steps = 0;
  private readonly submitters = new Submitters();
  /** One at a time: what begins meanwhile is not taken, and sent again after it. */
  private merge: Merge | null = null;
  private readonly merged = new Set<number>();
  private waiting: Input[] = [];

  /** Ids that this member had before losses of its connection. */
  private readonly former = new Set<string>();
  /** With what it sent commands under them, the last ones. */
  private readonly earlier = new Set<number>();

  /** @param self id of this member @param instance number of its process, under that id */
  constructor(
    private self: string,
    private instance: number,
    private readonly machine: StateMachine,
    private readonly sink: ReplicaSink,
  ) {}

  /** Commands of this process that are applied in the state. @param instance with which it sent them; null: the present one */
  readonly ownApplied = (instance: number | null): number => {
    const { former, self, submitters } = this;
    if (instance === null) return submitters.lastOf(self, this.instance);
    return Math.max(...[self, ...former].map((id) => submitters.lastOf(id, instance)));
  };

  /** It has another id, and sends with another instance. */
  rename(self: string, instance: number): void {
    const { earlier, former } = this;
    former.add(this.self);
    earlier.add(this.instance);
    const [oldest] = earlier;
    if (earlier.size > MAX_PROCESSES && oldest !== undefined) earlier.delete(oldest);
    this.self = self;
    this.instance = instance;
  }

  /** The first state there is; then what waited for it. */
  begin(): void {
    this.position = this.steps = 0;
    this.submitters.clear();
    this.merge = null;
    this.merged.clear();
    this.machine.reset();
    this.catchUp();
  }

  /** A snapshot is on its way: what follows waits for it. */
  expect(): void {
    this.dismiss();
    this.isWhole = false;
  }

  /** The snapshot does not come, and the state is what it was. */
  goBack(): void {
    this.dismiss();
    this.isWhole = true;
  }

  /** The machine has the state of a snapshot. @returns whether the header could be read */
  restored(header: Buffer): boolean {
    this.merge = null;
    const isRead = readBody('replicated', header, (reader) => {
      this.position = reader.number();
      this.steps = reader.number();
      this.submitters.read(reader);
      this.merged.clear();
      for (let count = Math.min(reader.number(), MAX_MERGED); count > 0; count--)
        this.merged.add(reader.number());
      return true;
    });
    return isRead === true;
  }

  /** Takes what waited behind the snapshot. */
  catchUp(): void {
    this.isWhole = true;
    const inputs = this.waiting;
    this.waiting = [];
    for (const input of inputs) this.take(input);
  }

  run(input: Input): void {
    if (this.isWhole) this.take(input);
    else this.waiting.push(input);
  }

  /** An input that is not to be taken. */
  drop(input: Input): void {
    if (input.kind === 'command' && this.isOwn(input)) this.dropped(input);
  }

  /** Half a merge is none: whoever sends its pieces begins anew. */
  interrupt(): void {
    this.merge = null;
    this.sink.interrupted();
  }

  /** What a snapshot taken now would begin with, and the inputs taken before it. */
  mark(): { readonly steps: number; readonly header: Buffer } {
    return { steps: this.steps, header: this.header() };
  }

  isMerged(past: number): boolean {
    return this.merged.has(past);
  }

  private dismiss(): void {
    const inputs = this.waiting;
    this.waiting = [];
    for (const input of inputs) this.drop(input);
  }

  private take(input: Input): void {
    if (input.kind === 'asked') {
      // The snapshot holds no half merges.
      this.interrupt();
      this.sink.asked(input, this.steps, this.header());
      return;
    }
    this.steps++;
    if (input.kind === 'command') this.command(input);
    else if (input.kind === 'part') this.part(input);
    else {
      this.interrupt();
      this.submitters.present(input.members);
      this.machine.present(input.members);
    }
  }

  private command(input: Input & { kind: 'command' }): void {
    const { instance, ticket, sequence, payload, sender, traceparent } = input;
    const isOwn = this.isOwn({ instance, sender });
    const place = this.submitters.take(sender, instance, sequence);
    if (place !== 'next') {
      if (isOwn && place === 'old') this.sink.settled(ticket, { kind: 'unknown' });
      else if (isOwn) this.dropped({ instance, ticket });
      return;
    }
    const info = { sender, index: this.position++ };
    let outcome: CommandOutcome;
    try {
      outcome = { kind: 'applied', result: this.machine.apply(payload, info, traceparent) };
    } catch (error) {
      outcome = { kind: 'failed', error };
      if (error instanceof MalformedCommandError) this.sink.malformed(sender);
    }
    if (isOwn) this.sink.settled(ticket, outcome);
  }

  /** What the connection repeats of an earlier instance does not count: all of that is sent again with the present one. */
  private dropped({ instance, ticket }: Pick<Command, 'instance' | 'ticket'>): void {
    if (instance === this.instance) this.sink.settled(ticket, { kind: 'dropped' });
  }

  private isOwn({ instance, sender }: { readonly instance: number; readonly sender: string }): boolean {
    const isOurs = instance === this.instance || this.earlier.has(instance);
    return isOurs && (sender === this.self || this.former.has(sender));
  }

  private part({ past, index, isLast, data, sender }: MergePart & { readonly sender: string }): void {
    if (this.merged.has(past)) return;
    const isFree = this.merge === null || this.steps - this.merge.step > MERGE_STEPS;
    if (index === 0 && (isFree || this.merge?.sender === sender))
      this.merge = { past, sender, parts: [], bytes: 0, step: this.steps };
    const { merge } = this;
    if (merge?.past !== past || merge.sender !== sender || merge.parts.length !== index) return;
    merge.parts.push(data);
    merge.bytes += data.length;
    merge.step = this.steps;
    if (this.isWithinBounds(merge, isLast)) {
      if (isLast) this.mergeAll(merge);
    } else {
      this.merge = null;
      this.sink.malformed(sender);
    }
  }

  /** Only the last piece may be short: then many pieces are many bytes, and these are counted. */
  private isWithinBounds({ parts, bytes }: Merge, isLast: boolean): boolean {
    const least = (isLast ? parts.length - 1 : parts.length) * CHUNK_BYTES;
    return bytes >= least && bytes <= MAX_MERGE_BYTES;
  }

  private mergeAll({ past, parts }: Merge): void {
    this.merged.add(past);
    for (const oldest of this.merged) {
      if (this.merged.size <= MAX_MERGED) break;
      this.merged.delete(oldest);
    }
    this.machine.merge(Buffer.concat(parts));
    this.sink.merged(past);
    this.interrupt();
  }

  private header(): Buffer {
    const writer = new BodyWriter('replicated', HEADER).number(this.position).number(this.steps);
    this.submitters.write(writer);
    writer.number(this.merged.size);
    for (const past of this.merged) writer.number(past);
    return writer.finish();
  }
}

/** A kind that no message has. */
const HEADER = 0;
