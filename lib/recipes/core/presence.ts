/**
 * Who is here: every member announces itself to those who do not know it, with metadata and since when it is there. An
 * announcement carries the number of the process that made it, so that one who was out of reach and comes back is told
 * from another who took its name.
 *
 * Where members meet that did not come together, those whose side is not the larger one announce themselves to the group. The
 * others answer each of them privately: one that joins costs two messages for each member, where announcements of all to all would
 * cost one for each pair. A member that never announces itself costs nothing.
 */
import { Buffer } from '#buffer';
import { parsePrivateGroup } from '../../wire/name.js';
import { ANNOUNCEMENT, readAnnouncement, writeAnnouncement } from './announcement.js';
import { MAX_AWAY, PATIENCE_MS, RETURN_PATIENCE_MS } from './limits.js';
import type { DropReason, Sender, RecipeCore, RecipeView } from './port.js';
import { INTRODUCTION } from './private-kinds.js';

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

/** Of one whose person nobody knows; the same over its returns. */
const ownKey = (instance: number): string => `#${instance.toString(16)}`;

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
  /** When it began to take part; null: its first view has not come. */
  private since: number | null = null;
  /** Whether the next view is the first one after a loss. */
  private isBack = false;
  /** Newcomers that do not know this member: it introduces itself when they have announced themselves. */
  private readonly unmet = new Set<string>();
  /** Members that are to introduce themselves to this one, and have not announced themselves to all since. */
  private readonly asked = new Set<string>();
  /** Whether an announcement of this member is on its way: all who are there when it comes will know it. */
  private isUnderWay = false;
  /** Whether the daemon refuses private messages of this member. */
  private isRefused = false;

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
    if (this.since !== null) this.introduce();
  }

  view(view: RecipeView, now: number): void {
    this.present = view.members;
    const members = new Set(view.members);
    for (const [name, who] of this.here) {
      if (members.has(name)) continue;
      this.here.delete(name);
      if (this.isBack) this.miss(who, now);
      else this.lose(who, view.cause, now);
    }
    this.isBack = false;
    const { away, origins } = this;
    for (const names of [this.asked, this.unmet, origins])
      for (const name of names.keys()) if (!members.has(name)) names.delete(name);
    // Who of them was here under another id.
    for (const { from, to } of view.returned ?? []) if (away.has(from)) origins.set(to, from);
    this.since ??= Math.floor(now);
    this.meet(view);
  }

  transition(): void {
    // Who is lost stands in the view that follows.
  }

  message(sender: string, body: Buffer): DropReason | null {
    if (!this.present.includes(sender)) return 'stranger';
    const message = readAnnouncement(body);
    if (!message) return 'malformed';
    const { kind, key, takesPrivate, ...rest } = message;
    if (kind === ANNOUNCEMENT) this.met(sender, takesPrivate);
    // One that is not known yet may have said this to the member that this one was before.
    else if (!this.asked.has(sender)) return this.here.has(sender) ? 'unowed' : null;
    // Nobody is somebody else than its daemon states.
    const person = this.sink.subjectOf(sender) ?? key ?? ownKey(rest.instance);
    // A copy: the body shares its memory with messages that arrived with it.
    this.announced({ ...rest, id: sender, metadata: Buffer.from(rest.metadata), key: person });
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
    this.isUnderWay = this.isRefused = false;
    this.unmet.clear();
    this.asked.clear();
  }

  /** Then it goes by the group. */
  refused(): void {
    this.isRefused = true;
    if (!this.isUnderWay) this.introduce();
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
    const { missing, here, away, origins, unmet, asked } = this;
    this.present = [];
    for (const all of [missing, here, away, origins, unmet, asked]) all.clear();
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

  /** It left while this member was away, or it moved and says so. */
  private miss(who: MemberPresence, now: number): void {
    this.missing.set(who.id, { who, until: now + PATIENCE_MS, how: 'disconnected' });
  }

  private lose(who: MemberPresence, cause: RecipeView['cause'], now: number): void {
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

  /** Those who came together know each other; others have to be introduced. */
  private meet({ members, cameWithMe }: RecipeView): void {
    const { asked, unmet } = this;
    const isLarger = 2 * cameWithMe.length > members.length;
    const together = new Set(cameWithMe);
    for (const name of members) if (!together.has(name)) (isLarger ? unmet : asked).add(name);
    // What is under way comes in this view, or a later one.
    if (this.isUnderWay) unmet.clear();
    else if (!isLarger || !this.here.has(this.self)) this.introduce();
  }

  /** A member has announced itself to the group. */
  private met(sender: string, takesPrivate: boolean): void {
    this.asked.delete(sender);
    if (sender === this.self) this.isUnderWay = false;
    if (!this.unmet.delete(sender)) return;
    if (takesPrivate && !this.isRefused) this.sink.sendTo(sender, this.statement(INTRODUCTION));
    else this.introduce();
  }

  private introduce(): void {
    this.isUnderWay = true;
    this.unmet.clear();
    this.sink.send(this.statement(ANNOUNCEMENT), this.needs);
  }

  private statement(kind: number): Buffer {
    const { instance, since, metadata, comesBack } = this;
    // The subject, too: members whose daemon does not tell them subjects see the same people.
    const key = this.sink.subjectOf(this.self) ?? this.key;
    return writeAnnouncement(kind, { instance, since: since as number, metadata, comesBack, key });
  }
}
