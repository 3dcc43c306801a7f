/**
 * Election: in every view each member that takes part makes a claim, and when the round is over the first of them in
 * the order of the view leads, with a term above every term that any of them has seen.
 *
 * With a quorum above half of all there can ever be, no two terms are equal: claims are safe messages, so if anybody
 * was told of the leader of a view, every member of the view that goes on delivers the same claims, if need be behind
 * the transitional signal, and knows the term; and the next quorum has one of them in it.
 */
import type { Buffer } from 'node:buffer';
import { equalGroupIds } from '../../wire/group-id.js';
import { BodyReader, BodyWriter } from './codec.js';
import { MAX_SILENT_NAMES, MAX_TERM, PATIENCE_MS } from './limits.js';
import type { Post, RecipeCore, RecipeView } from './port.js';
import { Round } from './round.js';

export interface Leadership {
  /** Private name. */
  readonly leader: string;
  /** The fencing token: greater than that of every leader before. */
  readonly term: number;
  readonly isMe: boolean;
}

export interface ElectionSink extends Post {
  elected(leadership: Leadership): void;
  /** There is no leader until the next one is elected. */
  lapsed(before: Leadership): void;
}

export interface ElectionCoreOptions {
  /** Members that have to take part; default 1. */
  readonly quorum: number;
  /** Milliseconds that a silent member is waited for. */
  readonly patience: number;
}

const CLAIM = 1;
const SETTLE = 2;

export class ElectionCore implements RecipeCore {
  dueAt = Infinity;
  private readonly options: ElectionCoreOptions;
  private current: RecipeView | null = null;
  private round: Round<number> | null = null;
  private silent = new Set<string>();
  /** Since the transitional signal: what is decided now may be unknown to members that are about to be lost. */
  private isEnding = false;
  private highest = 0;
  private led: Leadership | null = null;

  constructor(
    private readonly self: string,
    private readonly sink: ElectionSink,
    options: Partial<ElectionCoreOptions> = {},
  ) {
    this.options = { quorum: 1, patience: PATIENCE_MS, ...options };
  }

  get leadership(): Leadership | null {
    return this.led;
  }

  view(view: RecipeView, now: number): void {
    this.lapse();
    this.isEnding = false;
    this.current = view;
    this.round = new Round(view.members, this.options.quorum);
    const members = new Set(view.members);
    this.silent = new Set([...this.silent].filter((name) => members.has(name)));
    // The time of day keeps terms growing where everybody who knew the last one is gone.
    const floor = Math.max(this.highest + 1, Math.floor(now));
    const silent = [...this.silent].slice(0, MAX_SILENT_NAMES);
    const claim = new BodyWriter('election', CLAIM).groupId(view.id).number(floor).texts(silent);
    this.sink.send(claim.finish(), 'safe');
    this.dueAt = now + this.options.patience;
  }

  /** The view ends: its leader leads no more, for the others may be about to elect another. */
  transition(): void {
    this.lapse();
    this.isEnding = true;
  }

  message(sender: string, body: Buffer): void {
    const reader = BodyReader.open('election', body);
    const { round, current } = this;
    if (!reader || !round || !current) return;
    const id = reader.groupId();
    if (reader.kind === CLAIM) {
      const floor = reader.number();
      const silent = reader.texts(MAX_SILENT_NAMES);
      if (!reader.isSound || floor > MAX_TERM) return;
      this.silent.delete(sender);
      if (equalGroupIds(id, current.id) && round.state(sender, floor, silent)) this.decide(round);
    } else if (reader.kind === SETTLE && reader.isSound && equalGroupIds(id, current.id)) {
      if (round.settle(sender)) this.decide(round);
    }
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
    this.dueAt = now + this.options.patience;
    if (!round.canSettle || round.statement(this.self) === undefined) return;
    this.sink.send(new BodyWriter('election', SETTLE).groupId(current.id).finish(), 'safe');
  }

  private decide(round: Round<number>): void {
    const { speakers } = round;
    const term = Math.max(...speakers.map((name) => round.statement(name) as number));
    // Only a member that the others did not wait for can know of a higher one, and only without a quorum.
    const isNew = term > this.highest;
    this.highest = Math.max(this.highest, term);
    this.silent = new Set(round.others);
    this.dueAt = Infinity;
    if (this.isEnding || !isNew) return;
    const leader = speakers[0] as string;
    this.led = { leader, term, isMe: leader === this.self };
    this.sink.elected(this.led);
  }

  private lapse(): void {
    const { led } = this;
    this.led = null;
    if (led) this.sink.lapsed(led);
  }
}
