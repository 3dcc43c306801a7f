/**
 * Election: in every view each member that takes part makes a claim, and when the round is over the first of them in
 * the order of the view leads, with a term above every term that any of them has seen. Members that say nothing are left
 * out by the word of the one who leads, and by nobody else's: it acts with the term, so it has waited for those who may
 * know a higher one. Where all claims state since when their members take part, the oldest leads instead of the first.
 *
 * With a quorum above half of all there can ever be, no two terms are equal: claims are safe messages, so if anybody
 * was told of the leader of a view, every member of the view that continues delivers the same claims, if need be behind
 * the transitional signal, and knows the term; and the next quorum has one of them in it.
 */
import type { Buffer } from '#buffer';
import { equalGroupIds } from '../../wire/group-id.js';
import { Claims, isTimeFarAbove } from '../../primary/claims.js';
import { type BodyReader, BodyWriter, readBody } from './codec.js';
import { MAX_SILENT_NAMES, MAX_TERM, PATIENCE_MS } from './limits.js';
import type { DropReason, Sender, RecipeCore, RecipeView } from './port.js';
import { oldestFirst, readSeniority, type Seniority, SeniorityRecord, writeSeniority } from './seniority.js';
import { StatementRound } from './statement-round.js';

/** Who leads, and since which term. */
export interface Leadership {
  /** Id. */
  readonly leader: string;
  /** The fencing token: greater than that of every leader before. */
  readonly term: number;
  /** Whether this member leads. */
  readonly isMe: boolean;
}

export interface ElectionSink extends Sender {
  elected(leadership: Leadership): void;
  /** There is no leader until the next one is elected. */
  leaderLost(before: Leadership): void;
  /** The claim of this member is far above all others and does not count. */
  doubted(member: string): void;
}

export interface ElectionCoreOptions {
  /** Members that have to take part; default 1. */
  readonly quorum: number;
  /** Milliseconds that a silent member is waited for. */
  readonly silenceTimeoutMs: number;
  /** Who leads: the first in the order of the view, or the one that has taken part for the longest time. */
  readonly prefer: 'first' | 'oldest';
}

const CLAIM = 1;
const SETTLE = 2;

/** Tag of a claim's seniority. */
const SENIORITY = 1;

/** Members beside the only one that claimed, of which that many can take the lead from it; else it needs all. */
const ENOUGH_OTHERS = 2;

interface Claim {
  readonly term: number;
  /** Members of which it knows that they say nothing. */
  readonly silent: readonly string[];
  /** Null: it does not prefer the oldest. */
  readonly seniority: Seniority | null;
}

export class ElectionCore implements RecipeCore {
  /** If anybody hears of a leader, all who continue do. */
  readonly needs = 'safe';
  dueAt = Infinity;
  private readonly options: ElectionCoreOptions;
  private current: RecipeView | null = null;
  private round: StatementRound<Claim> | null = null;
  /** Members that this one has waited for itself, and that have said nothing since. */
  private silent = new Set<string>();
  /** When it has waited long enough in this view; Infinity: it has. */
  private waitsUntil = Infinity;
  /** Members that did not want to wait any longer in this view. */
  private readonly settlers = new Set<string>();
  /** Since the transitional signal: what is decided now may be unknown to members that are about to be lost. */
  private isEnding = false;
  private highest = 0;
  /** What this member claims in this view. */
  private claim = 0;
  private led: Leadership | null = null;
  /** Since the loss of the connection: nobody is followed until it is back. */
  private isLost = false;
  /** What would be so if it were not lost. */
  private kept: Leadership | null = null;
  /** Whom the round of this view made leader. */
  private leader: string | null = null;
  /** Whether its claim still stands alone, so that nothing in the order could be compared with it. */
  private isAlone = false;
  /** The term of one that claimed alone, which this member knows of and does not follow yet. */
  private learned: number | null = null;
  /** Whose claim did not count in this view, as was said. */
  private doubtful: string | null = null;
  private readonly seniority: SeniorityRecord;

  constructor(
    private self: string,
    private readonly sink: ElectionSink,
    options: Partial<ElectionCoreOptions> = {},
  ) {
    this.options = { quorum: 1, silenceTimeoutMs: PATIENCE_MS, prefer: 'first', ...options };
    this.seniority = new SeniorityRecord(self);
  }

  get leadership(): Leadership | null {
    return this.led;
  }

  view(view: RecipeView, now: number): void {
    this.lapse();
    this.isEnding = false;
    this.leader = null;
    this.learned = null;
    this.doubtful = null;
    this.settlers.clear();
    this.current = view;
    this.round = new StatementRound(view.members, this.options.quorum);
    const members = new Set(view.members);
    this.silent = new Set([...this.silent].filter((name) => members.has(name)));
    this.claim = this.nextClaim(now);
    const silent = [...this.silent].slice(0, MAX_SILENT_NAMES);
    const claim = new BodyWriter('election', CLAIM).groupId(view.id).number(this.claim).texts(silent);
    const seniority = this.seniority.view(view);
    if (this.options.prefer === 'oldest')
      claim.tagged(SENIORITY, (writer) => writeSeniority(writer, seniority));
    this.sink.send(claim.finish(), this.needs);
    this.wait(now);
  }

  /** While the connection is lost nobody is silent: nothing is heard. */
  private wait(now: number): void {
    this.waitsUntil = this.isLost ? Infinity : now + this.options.silenceTimeoutMs;
    this.dueAt = this.waitsUntil;
  }

  /** The time of day keeps terms growing where everybody who knew the last one is gone. They stay at their end. */
  private nextClaim(now: number): number {
    return Math.min(Math.max(this.highest + 1, Math.floor(now)), MAX_TERM);
  }

  /** The view ends: its leader leads no more, for the others may be about to elect another. */
  transition(): void {
    this.lapse();
    this.isEnding = true;
  }

  message(sender: string, body: Buffer, now: number): DropReason | null {
    const message = readBody('election', body, (reader) => ({
      kind: reader.kind,
      id: reader.groupId(),
      claim: reader.kind === CLAIM ? readClaim(reader) : null,
    }));
    if (!message || (message.kind !== CLAIM && message.kind !== SETTLE)) return 'malformed';
    const { id, claim } = message;
    if (claim && claim.term > MAX_TERM) return 'malformed';
    if (claim) this.silent.delete(sender);
    const { round, current } = this;
    if (!round || !current || !equalGroupIds(id, current.id)) return null;
    if (claim) this.claimed(round, sender, claim, now);
    else {
      this.settlers.add(sender);
      if (round.settle(sender)) this.decide(round, now);
    }
    return null;
  }

  /** The daemon may have died: then the others elect another one at once. */
  lost(): void {
    const { led } = this;
    this.lapse();
    this.kept = led;
    this.isLost = true;
    this.waitsUntil = this.dueAt = Infinity;
  }

  /** Whatever was said of the view before counts no more; the terms do that it knows. */
  rejoined(self: string, isWhole: boolean): void {
    this.lapse();
    this.self = self;
    this.silent.clear();
    this.seniority.rejoined(self, isWhole);
    this.current = null;
    this.round = null;
  }

  /** Where the group has noticed nothing the same one leads, with the same term: nobody else was elected. */
  resumed(now: number): void {
    const { kept } = this;
    this.isLost = false;
    this.kept = null;
    this.wait(now);
    if (!kept) return;
    this.led = kept;
    this.sink.elected(kept);
  }

  left(): void {
    this.lapse();
    this.current = null;
    this.round = null;
    this.dueAt = Infinity;
  }

  tick(now: number): void {
    const { round, current } = this;
    if (now < this.dueAt) return;
    this.dueAt = Infinity;
    if (!round || !current) return;
    if (now >= this.waitsUntil) {
      this.waitsUntil = Infinity;
      this.silent = new Set(round.others);
    }
    if (round.isOver) return;
    this.dueAt = now + this.options.silenceTimeoutMs;
    // Nobody else's word ends it.
    const [first] = judged(round).claims.keys();
    if (!round.canSettle || first !== this.self) return;
    this.sink.send(new BodyWriter('election', SETTLE).groupId(current.id).finish(), this.needs);
  }

  private claimed(round: StatementRound<Claim>, sender: string, claim: Claim, now: number): void {
    this.seniority.heard(sender, claim.seniority);
    if (round.late(sender, claim)) this.hearLate(round, now);
    else if (round.state(sender, claim, claim.silent)) this.decide(round, now);
    else if (!round.isOver) this.waitOn(now);
  }

  private waitOn(now: number): void {
    if (this.isLost) return;
    if (this.dueAt === Infinity) this.dueAt = now + this.options.silenceTimeoutMs;
  }

  private decide(round: StatementRound<Claim>, now: number): void {
    const claims = this.counted(round);
    const [leader] = claims.keys();
    if (leader === undefined || claims.size < this.options.quorum) {
      // With another statement they may be enough, or it may be less far.
      this.dueAt = Infinity;
      return round.reopen();
    }
    if (!this.hasWaited(round, leader)) {
      round.reopen();
      return this.waitOn(now);
    }
    // The end of a round is somebody else's word: who is silent shows by itself.
    this.dueAt = round.others.length > 0 ? this.waitsUntil : Infinity;
    this.leader = leader;
    this.isAlone = round.speakers.length === 1;
    this.follow(claims);
  }

  /** Whether it has waited for those who have said nothing, in this view or before. */
  private hasWaited(round: StatementRound<Claim>, leader: string): boolean {
    const known = new Set(round.statement(leader)?.silent);
    return this.settlers.has(leader) || round.others.every((name) => known.has(name));
  }

  /** One that the others did not wait for may know of a higher term, without a quorum: then it rises once more. */
  private hearLate(round: StatementRound<Claim>, now: number): void {
    const { leader } = this;
    if (leader === null) return;
    const claims = this.counted(round);
    if (!this.isAlone || claims.has(leader)) {
      this.isAlone = false;
      return this.follow(claims);
    }
    // One member that claims too little must not take the lead from another: there would be two leaders in one view.
    if (round.speakers.length <= ENOUGH_OTHERS && round.others.length > 0) return;
    this.leader = null;
    this.lapse();
    round.reopen();
    this.decide(round, now);
  }

  /** The terms that count, by member. */
  private counted(round: StatementRound<Claim>): ReadonlyMap<string, number> {
    const { claims, doubtful } = judged(round);
    if (doubtful !== null && doubtful !== this.doubtful) this.sink.doubted(doubtful);
    this.doubtful = doubtful;
    // An end that nobody else knows of is no end for the group.
    if (doubtful === this.self && this.claim === MAX_TERM) this.highest = 0;
    return claims;
  }

  /** @param claims those that count */
  private follow(claims: ReadonlyMap<string, number>): void {
    const leader = this.leader as string;
    const isMe = leader === this.self;
    const term = Math.max(...claims.values());
    // Until the claim of this member has its place in the order it is the measure here.
    const isOpen = this.isAlone && !isMe;
    if (isOpen && isTimeFarAbove(term, [this.claim])) return;
    const isAgain = this.led === null && (term === MAX_TERM || term === this.learned);
    // Only one whose claim comes late or does not count knows of a higher one.
    if (term <= this.highest && !isAgain) return;
    this.highest = term;
    if (isOpen) this.learned = term;
    if (isOpen || this.isEnding) return;
    this.lapse();
    const leadership = { leader, term, isMe };
    if (this.isLost) this.kept = leadership;
    else this.led = leadership;
    if (this.led) this.sink.elected(this.led);
  }

  private lapse(): void {
    const { led } = this;
    this.led = this.kept = null;
    if (led) this.sink.leaderLost(led);
  }
}

const readClaim = (reader: BodyReader): Claim => ({
  term: reader.number(),
  silent: reader.texts(MAX_SILENT_NAMES),
  seniority: reader.tagged(SENIORITY, readSeniority),
});

/** The terms that count, the one to prefer first, and whose does not. */
function judged(round: StatementRound<Claim>): { claims: Map<string, number>; doubtful: string | null } {
  const stated = new Map(round.speakers.map((name) => [name, round.statement(name) as Claim]));
  const { doubtful } = new Claims(
    new Map([...stated].map(([name, { term }]) => [name, term])),
    isTimeFarAbove,
  );
  if (doubtful !== null) stated.delete(doubtful);
  const order = oldestFirst(new Map([...stated].map(([name, { seniority }]) => [name, seniority])));
  return { claims: new Map(order.map((name) => [name, (stated.get(name) as Claim).term])), doubtful };
}
