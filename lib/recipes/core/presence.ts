/**
 * Who is here: every member announces itself to those who do not know it, with metadata and since when it is there. An
 * announcement carries the number of the process that made it, so that one who was out of reach and comes back is told
 * from another who took its name.
 */
import { Buffer } from 'node:buffer';
import { BodyWriter, readBody } from './codec.js';
import { MAX_AWAY, MAX_DATE, MAX_METADATA_BYTES } from './limits.js';
import type { DropReason, Sender, RecipeCore, RecipeView } from './port.js';

export interface MemberPresence {
  /** Id. */
  readonly id: string;
  /** The number of its process. */
  readonly instance: number;
  /** Milliseconds since 1970 by its own clock: when it began to take part. */
  readonly since: number;
  readonly metadata: Buffer;
}

/** Why one is gone for good: it left, its connection ended, or it was out of reach for too long. */
export type Departure = 'left' | 'disconnected' | 'forgotten';

export interface MembersSink extends Sender {
  joined(who: MemberPresence): void;
  updated(who: MemberPresence, before: MemberPresence): void;
  left(who: MemberPresence, how: Departure): void;
  /** The network broke between us; it may come back. */
  unreachable(who: MemberPresence): void;
  returned(who: MemberPresence): void;
}

const ANNOUNCE = 1;

export class PresenceCore implements RecipeCore {
  readonly needs = 'agreed';
  private present: readonly string[] = [];
  private readonly here = new Map<string, MemberPresence>();
  private readonly away = new Map<string, { readonly who: MemberPresence; readonly until: number }>();
  private me: MemberPresence | null = null;

  /**
   * @param instance a number of this process that no other one has
   * @param forgetAfterMs milliseconds for which one who is out of reach is remembered
   */
  constructor(
    private readonly self: string,
    private readonly instance: number,
    private metadata: Buffer,
    private readonly forgetAfterMs: number,
    private readonly sink: MembersSink,
  ) {}

  /** Those who announced themselves, in the order of the view. */
  get reachable(): MemberPresence[] {
    return this.present.flatMap((name) => this.here.get(name) ?? []);
  }

  get unreachable(): MemberPresence[] {
    return [...this.away.values()].map(({ who }) => who);
  }

  /** Members of the group that do not take part, in the order of the view. */
  get silent(): string[] {
    return this.present.filter((name) => !this.here.has(name));
  }

  get dueAt(): number {
    let due = Infinity;
    for (const { until } of this.away.values()) due = Math.min(due, until);
    return due;
  }

  /** Announces other metadata. */
  announce(metadata: Buffer): void {
    this.metadata = metadata;
    if (this.me) this.introduce(this.me.since);
  }

  view(view: RecipeView, now: number): void {
    this.present = view.members;
    const members = new Set(view.members);
    for (const [name, who] of this.here) {
      if (!members.has(name)) this.lose(who, view.cause, now);
    }
    this.me ??= this.presence(now);
    if (view.cameWithMe.length < view.members.length || !this.here.has(this.self))
      this.introduce(this.me.since);
  }

  transition(): void {
    // Who is lost stands in the view that follows.
  }

  message(sender: string, body: Buffer): DropReason | null {
    if (!this.present.includes(sender)) return 'stranger';
    const message = readBody('members', body, (reader) => ({
      kind: reader.kind,
      instance: reader.number(),
      since: reader.number(),
      metadata: reader.data(),
    }));
    if (message?.kind !== ANNOUNCE) return 'malformed';
    const { instance, since, metadata } = message;
    if (since > MAX_DATE || metadata.length > MAX_METADATA_BYTES) return 'malformed';
    // A copy: the body shares its memory with messages that arrived with it.
    this.announced({ id: sender, instance, since, metadata: Buffer.from(metadata) });
    return null;
  }

  left(): void {
    this.present = [];
    this.here.clear();
    this.away.clear();
  }

  tick(now: number): void {
    for (const [name, { who, until }] of this.away) if (until <= now) this.forget(name, who, 'forgotten');
  }

  private announced(who: MemberPresence): void {
    const { id: name } = who;
    const before = this.here.get(name);
    const past = this.away.get(name)?.who;
    if (past && past.instance !== who.instance) this.forget(name, past, 'disconnected');
    // A member that comes back is reported as it was, then what it has changed meanwhile.
    const known = before ?? (this.away.delete(name) ? past : undefined);
    this.here.set(name, who);
    if (known?.instance !== who.instance) {
      if (known) this.sink.left(known, 'disconnected');
      this.sink.joined(who);
      return;
    }
    if (!before) this.sink.returned(known);
    if (!known.metadata.equals(who.metadata)) this.sink.updated(who, known);
  }

  private lose(who: MemberPresence, cause: RecipeView['cause'], now: number): void {
    this.here.delete(who.id);
    if (cause !== 'network') {
      this.sink.left(who, cause === 'leave' ? 'left' : 'disconnected');
      return;
    }
    this.away.set(who.id, { who, until: now + this.forgetAfterMs });
    this.sink.unreachable(who);
    const [oldest] = this.away;
    if (this.away.size > MAX_AWAY && oldest) this.forget(oldest[0], oldest[1].who, 'forgotten');
  }

  private forget(name: string, who: MemberPresence, how: Departure): void {
    this.away.delete(name);
    this.sink.left(who, how);
  }

  private presence(now: number): MemberPresence {
    const { self: name, instance, metadata } = this;
    return { id: name, instance, since: Math.floor(now), metadata };
  }

  private introduce(since: number): void {
    const writer = new BodyWriter('members', ANNOUNCE).number(this.instance).number(since);
    this.sink.send(writer.data(this.metadata).finish(), this.needs);
  }
}
