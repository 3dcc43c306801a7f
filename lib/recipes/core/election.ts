/**
 * Election: in every view each member that takes part makes a claim, and when the round is over the first of them in
 * the order of the view leads, with a term above every term that any of them has seen.
 *
 * With a quorum above half of all there can ever be, no two terms are equal: claims are safe messages, so if anybody
 * was told of the leader of a view, every member of the view that continues delivers the same claims, if need be behind
 * the transitional signal, and knows the term; and the next quorum has one of them in it.
 */
import type { Buffer } from 'node:buffer';
import { equalGroupIds } from '../../wire/group-id.js';
import { Claims, isTimeFarAbove } from '../../primary/claims.js';
import { BodyWriter, readBody } from './codec.js';
import { MAX_SILENT_NAMES, MAX_TERM, PATIENCE_MS } from './limits.js';
import type { DropReason, Sender, RecipeCore, RecipeView } from './port.js';
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
}

const CLAIM = 1;
const SETTLE = 2;

export class ElectionCore implements RecipeCore {
  /** If anybody hears of a leader, all who continue do. */
  readonly needs = 'safe';
  dueAt = Infinity;
  private readonly options: ElectionCoreOptions;
  private current: RecipeView | null = null;
  private round: StatementRound<number> | null = null;
  private silent = new Set<string>();
  /** Since the transitional signal: what is decided now may be unknown to members that are about to be lost. */
  private isEnding = false;
  private highest = 0;
  private led: Leadership | null = null;
  /** What the round of this view came to; the leader stays the same. */
  private decided: Leadership | null = null;

  constructor(
    private readonly self: string,
    private readonly sink: ElectionSink,
    options: Partial<ElectionCoreOptions> = {},
  ) {
    this.options = { quorum: 1, silenceTimeoutMs: PATIENCE_MS, ...options };
  }

  get leadership(): Leadership | null {
    return this.led;
  }

  view(view: RecipeView, now: number): void {
    this.lapse();
    this.isEnding = false;
    this.decided = null;
    this.current = view;
    this.round = new StatementRound(view.members, this.options.quorum);
    const members = new Set(view.members);
    this.silent = new Set([...this.silent].filter((name) => members.has(name)));
    const floor = this.floor(Math.floor(now));
    const silent = [...this.silent].slice(0, MAX_SILENT_NAMES);
    const claim = new BodyWriter('election', CLAIM).groupId(view.id).number(floor).texts(silent);
    this.sink.send(claim.finish(), this.needs);
    this.dueAt = now + this.options.silenceTimeoutMs;
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
      ...(reader.kind === CLAIM && { floor: reader.number(), silent: reader.texts(MAX_SILENT_NAMES) }),
    }));
    if (!message || (message.kind !== CLAIM && message.kind !== SETTLE)) return 'malformed';
    const { kind, id, floor = 0, silent = [] } = message;
    if (floor > MAX_TERM) return 'malformed';
    if (kind === CLAIM) this.silent.delete(sender);
    const { round, current } = this;
    if (!round || !current || !equalGroupIds(id, current.id)) return null;
    if (kind === CLAIM) this.claimed(round, sender, floor, silent, now);
    else if (round.settle(sender)) this.decide(round);
    return null;
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
    if (!round || !current || round.isOver) return;
    this.dueAt = now + this.options.silenceTimeoutMs;
    if (!round.canSettle || round.statement(this.self) === undefined) return;
    this.sink.send(new BodyWriter('election', SETTLE).groupId(current.id).finish(), this.needs);
  }

  private claimed(
    round: StatementRound<number>,
    sender: string,
    floor: number,
    silent: string[],
    now: number,
  ): void {
    if (round.late(sender, floor)) this.hearLate(round);
    else if (round.state(sender, floor, silent)) this.decide(round);
    else if (!round.isOver && this.dueAt === Infinity) this.dueAt = now + this.options.silenceTimeoutMs;
  }

  /** The time of day keeps terms growing where everybody who knew the last one is gone. */
  private floor(time: number): number {
    // Nobody counts up to the end: only claims that were not true lead there, and from there it begins again.
    return this.isAtEnd ? time : Math.min(Math.max(this.highest + 1, time), MAX_TERM);
  }

  private get isAtEnd(): boolean {
    return this.highest >= MAX_TERM;
  }

  private decide(round: StatementRound<number>): void {
    const claims = this.counted(round);
    const [leader] = claims.keys();
    this.dueAt = Infinity;
    // With another statement they may be enough, or it may be less far.
    if (leader === undefined || claims.size < this.options.quorum) return round.reopen();
    this.silent = new Set(round.others);
    this.lead(leader, Math.max(...claims.values()));
  }

  /** One that the others did not wait for may know of a higher term, without a quorum: then it rises once more. */
  private hearLate(round: StatementRound<number>): void {
    const { decided } = this;
    const term = Math.max(...this.counted(round).values());
    if (decided && term > decided.term) this.lead(decided.leader, term);
  }

  /** The claims that count. */
  private counted(round: StatementRound<number>): Map<string, number> {
    const claims = new Map(round.speakers.map((name) => [name, round.statement(name) as number]));
    const { doubtful } = new Claims(claims, isTimeFarAbove);
    if (doubtful === null) return claims;
    claims.delete(doubtful);
    this.sink.doubted(doubtful);
    return claims;
  }

  private lead(leader: string, term: number): void {
    this.decided = { leader, term, isMe: leader === this.self };
    // Only one whose claim comes late or does not count knows of a higher one.
    const isNew = term > this.highest || this.isAtEnd;
    if (isNew) this.highest = term;
    if (this.isEnding || !isNew) return;
    this.lapse();
    this.led = this.decided;
    this.sink.elected(this.led);
  }

  private lapse(): void {
    const { led } = this;
    this.led = null;
    if (led) this.sink.leaderLost(led);
  }
}
