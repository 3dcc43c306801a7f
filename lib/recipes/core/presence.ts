/**
 * Who is here: every member announces itself to those who do not know it, with metadata and since when it is there. An
 * announcement carries the number of the process that made it, so that one who was out of reach and comes back is told
 * from another who took its name.
 */
import { Buffer } from '#buffer';
import { parsePrivateGroup } from '../../wire/name.js';
import { type BodyReader, BodyWriter, readBody } from './codec.js';
import {
  MAX_AWAY,
  MAX_DATE,
  MAX_KEY_BYTES,
  MAX_METADATA_BYTES,
  PATIENCE_MS,
  RETURN_PATIENCE_MS,
} from './limits.js';
import type { DropReason, Sender, RecipeCore, RecipeView } from './port.js';

export interface MemberPresence {
  /** Id. */
  readonly id: string;
  /** The number of its process. */
  readonly instance: number;
  /** Milliseconds since 1970 by its own clock: when it began to take part. */
  readonly since: number;
  readonly metadata: Buffer;
  /** Whose connection it is: what its daemon states, else what it says; a key of its own, where neither says anything. */
  readonly key: string;
  /** Whether its connection comes back after a loss. */
  readonly comesBack: boolean;
}

/** Why one is gone for good: it left, its connection ended, or it was out of reach for too long. */
export type Departure = 'left' | 'disconnected' | 'forgotten';

export interface MembersSink extends Sender {
  joined(who: MemberPresence): void;
  updated(who: MemberPresence, before: MemberPresence): void;
  left(who: MemberPresence, how: Departure): void;
  /** The network broke between us, or its connection did; it may come back. */
  unreachable(who: MemberPresence): void;
  returned(who: MemberPresence, before: MemberPresence): void;
  /** What the daemon states of a member; null for nothing. */
  subjectOf(id: string): string | null;
}

const ANNOUNCE = 1;

/** Tag of an announcement of one that comes back. */
const COMES_BACK = 1;
/** Tag of the key in an announcement. */
const KEY = 2;

/** Whether a member may say that it is this person's. */
export const isKey = (key: string): boolean => key !== '' && Buffer.byteLength(key) <= MAX_KEY_BYTES;

/** Of one whose person nobody knows; the same over its returns. */
const ownKey = (instance: number): string => `#${instance.toString(16)}`;

function readAnnouncement(reader: BodyReader) {
  let comesBack = false;
  let said: string | null = null;
  const fixed = {
    kind: reader.kind,
    instance: reader.number(),
    since: reader.number(),
    metadata: reader.data(),
  };
  reader.allTagged({
    [COMES_BACK]: () => (comesBack = true),
    [KEY]: (field) => (said = field.text()),
  });
  return { ...fixed, comesBack, said: said as string | null };
}

/** One that is out of reach, and when that is over. */
interface Away {
  readonly who: MemberPresence;
  readonly until: number;
  readonly how: Departure;
}

export class PresenceCore implements RecipeCore {
  readonly needs = 'agreed';
  private present: readonly string[] = [];
  private readonly here = new Map<string, MemberPresence>();
  private readonly away = new Map<string, Away>();
  /** By the id of a member that has returned, as the daemon says, the one that it had when it was here last. */
  private readonly origins = new Map<string, string>();
  /** Those who were here when the connection was lost and are not now, by the id of then. */
  private readonly missing = new Map<string, Away>();
  /** The id under which this member was here last. */
  private was: string;
  private me: MemberPresence | null = null;
  /** Whether the next view is the first one after a loss. */
  private isBack = false;

  /**
   * @param instance a number of this process that no other one has
   * @param forgetAfterMs milliseconds for which one who is out of reach is remembered
   * @param comesBack whether the connection of this member comes back after a loss
   * @param key whose connection it is, as this member says; null: it says nothing
   */
  constructor(
    private self: string,
    private readonly instance: number,
    private metadata: Buffer,
    private readonly forgetAfterMs: number,
    private readonly sink: MembersSink,
    private readonly comesBack = false,
    private readonly key: string | null = null,
  ) {
    this.was = self;
  }

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
    for (const all of [this.away, this.missing])
      for (const { until } of all.values()) due = Math.min(due, until);
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
      if (members.has(name)) continue;
      if (this.isBack) this.miss(who, now);
      else this.lose(who, view.cause, now);
    }
    this.isBack = false;
    this.returned(view, members);
    this.me ??= this.presence(now);
    if (view.cameWithMe.length < view.members.length || !this.here.has(this.self))
      this.introduce(this.me.since);
  }

  transition(): void {
    // Who is lost stands in the view that follows.
  }

  message(sender: string, body: Buffer): DropReason | null {
    if (!this.present.includes(sender)) return 'stranger';
    const message = readBody('members', body, readAnnouncement);
    if (message?.kind !== ANNOUNCE) return 'malformed';
    const { instance, since, metadata, comesBack, said } = message;
    if (since > MAX_DATE || metadata.length > MAX_METADATA_BYTES) return 'malformed';
    if (said !== null && !isKey(said)) return 'malformed';
    // Nobody is somebody else than its daemon states.
    const key = this.sink.subjectOf(sender) ?? said ?? ownKey(instance);
    // A copy: the body shares its memory with messages that arrived with it.
    this.announced({ id: sender, instance, since, metadata: Buffer.from(metadata), key, comesBack });
    return null;
  }

  lost(): void {
    // The list stays as it was.
  }

  /** The others announce themselves to this member as to any that comes. */
  rejoined(self: string): void {
    if (this.here.has(this.self)) this.was = this.self;
    this.self = self;
    this.isBack = true;
  }

  resumed(): void {
    // What has changed meanwhile comes with what the others announce. Until now the daemon stated nothing.
    for (const who of this.here.values()) {
      const key = this.sink.subjectOf(who.id) ?? who.key;
      if (key === who.key) continue;
      const stated = { ...who, key };
      this.here.set(who.id, stated);
      this.sink.updated(stated, who);
    }
  }

  left(): void {
    this.missing.clear();
    this.present = [];
    this.here.clear();
    this.away.clear();
    this.origins.clear();
  }

  tick(now: number): void {
    for (const all of [this.away, this.missing])
      for (const [id, { who, until, how }] of all)
        if (until <= now && all.delete(id)) this.sink.left(who, how);
  }

  private announced(who: MemberPresence): void {
    const { id: name } = who;
    const before = this.here.get(name);
    // A member that comes back is reported as it was, then what it has changed meanwhile.
    const known = before ?? this.pastOf(who);
    this.here.set(name, who);
    if (known?.instance !== who.instance) {
      if (known) this.sink.left(known, 'disconnected');
      this.sink.joined(who);
      return;
    }
    if (!before) this.sink.returned(who, known);
    const isOther = before !== undefined && known.key !== who.key;
    if (isOther || !known.metadata.equals(who.metadata)) this.sink.updated(who, known);
  }

  /**
   * What is known of one that was not here: under the id that it had, where that is the same process, else the one of before is
   * gone. One that nobody sees any more under that id is known again by its instance. Anybody can know that number, so its name
   * has to be the same too, as it is where a connection moves to another daemon.
   */
  private pastOf(who: MemberPresence): MemberPresence | undefined {
    const { away, missing } = this;
    const origin = this.origins.get(who.id) ?? who.id;
    for (const [all, id] of [
      [away, origin],
      [missing, who.id],
    ] as const) {
      const past = all.get(id)?.who;
      if (!past || !all.delete(id)) continue;
      if (past.instance === who.instance) return past;
      this.sink.left(past, 'disconnected');
    }
    for (const all of [away, missing])
      for (const [id, { who: past }] of all) if (this.isSame(past, who) && all.delete(id)) return past;
    return undefined;
  }

  private isSame(before: MemberPresence, now: MemberPresence): boolean {
    if (before.instance !== now.instance) return false;
    if (now.id === this.self && before.id === this.was) return true;
    return parsePrivateGroup(before.id)?.name === parsePrivateGroup(now.id)?.name;
  }

  /** Who of them was here under another id. */
  private returned({ returned }: RecipeView, members: ReadonlySet<string>): void {
    const { origins } = this;
    for (const name of origins.keys()) if (!members.has(name)) origins.delete(name);
    for (const { from, to } of returned ?? []) if (this.away.has(from)) origins.set(to, from);
  }

  /** It left while this member was away, or it moved and says so. */
  private miss(who: MemberPresence, now: number): void {
    this.here.delete(who.id);
    this.missing.set(who.id, { who, until: now + PATIENCE_MS, how: 'disconnected' });
  }

  private lose(who: MemberPresence, cause: RecipeView['cause'], now: number): void {
    this.here.delete(who.id);
    const isBroken = cause === 'disconnect' && who.comesBack;
    if (cause !== 'network' && !isBroken) {
      this.sink.left(who, cause === 'leave' ? 'left' : 'disconnected');
      return;
    }
    const patience = isBroken ? Math.min(RETURN_PATIENCE_MS, this.forgetAfterMs) : this.forgetAfterMs;
    this.away.set(who.id, { who, until: now + patience, how: isBroken ? 'disconnected' : 'forgotten' });
    this.sink.unreachable(who);
    const [oldest] = this.away;
    if (this.away.size > MAX_AWAY && oldest && this.away.delete(oldest[0]))
      this.sink.left(oldest[1].who, 'forgotten');
  }

  private presence(now: number): MemberPresence {
    const { self: id, instance, metadata, comesBack } = this;
    const key = this.sink.subjectOf(id) ?? this.key ?? ownKey(instance);
    return { id, instance, since: Math.floor(now), metadata, key, comesBack };
  }

  private introduce(since: number): void {
    const writer = new BodyWriter('members', ANNOUNCE).number(this.instance).number(since);
    writer.data(this.metadata);
    if (this.comesBack) writer.tagged(COMES_BACK, () => undefined);
    // The subject, too: members whose daemon does not tell them subjects see the same people.
    const key = this.sink.subjectOf(this.self) ?? this.key;
    if (key !== null) writer.tagged(KEY, (field) => void field.text(key));
    this.sink.send(writer.finish(), this.needs);
  }
}
