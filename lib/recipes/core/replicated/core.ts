/**
 * State that is the same at all members: views and rounds decide whose state goes on, and the order of messages what
 * becomes of it.
 *
 * With a quorum, commands are safe messages and are taken only where a quorum of live replicas is together. What was
 * taken anywhere before the transitional signal is delivered to every member of the view that goes on, so each of them
 * has it, behind the signal if need be; and the next quorum has one of them in it. What is taken behind the signal may be
 * undone where another component had the quorum; its results are withheld until a quorum is together again. Without a
 * quorum every component goes on, and where components meet, the state of the larger one stays.
 */
import type { Buffer } from 'node:buffer';
import { equalGroupIds } from '../../../wire/group-id.js';
import { PATIENCE_MS } from '../limits.js';
import type { RecipeCore, RecipeView } from '../port.js';
import type { Round } from '../round.js';
import { Census } from './census.js';
import { Contributions } from './contributions.js';
import { Gate } from './gate.js';
import { Lineup } from './lineup.js';
import { decode, encode, type Message, type Mode, type Statement } from './messages.js';
import { Primary } from './primary.js';
import { type Input, Replica, type StateMachine } from './replica.js';
import { Standing } from './standing.js';
import { Submissions } from './submissions.js';
import type { ReplicatedCoreOptions, ReplicatedSink } from './surroundings.js';
import { Transfers } from './transfers.js';
import { holdersOf, type Verdict, verdictOf } from './verdict.js';

export class ReplicatedCore implements RecipeCore {
  private readonly options: ReplicatedCoreOptions;
  private readonly replica: Replica;
  private readonly submissions: Submissions;
  private readonly census: Census;
  private current: RecipeView | null = null;
  private readonly standing = new Standing();
  private readonly gate: Gate;
  private readonly lineup: Lineup;
  private readonly primary: Primary;
  private readonly transfers: Transfers;
  private readonly contributions: Contributions;
  private now = 0;

  constructor(
    private readonly self: string,
    private readonly instance: number,
    machine: StateMachine,
    private readonly sink: ReplicatedSink,
    options: Partial<ReplicatedCoreOptions> = {},
  ) {
    this.options = { quorum: null, patience: PATIENCE_MS, merges: false, label: '', ...options };
    const { needed } = this;
    this.lineup = new Lineup(this.options.quorum, this.options.of ?? 2 * needed - 1);
    this.replica = new Replica(instance, machine, {
      capture: (id, header) => this.transfers.captured(id, header),
      settled: (ticket, outcome) => this.submissions.settled(ticket, outcome, this.gate.isPrimary),
      merged: (past) => this.contributions.forget(past),
      interrupted: () => this.contributions.interrupted(),
    });
    this.gate = new Gate(this.replica, this.options.quorum !== null);
    const { gate, lineup, standing, replica } = this;
    const say = this.options.quorum === null ? null : (epoch: number): void => this.form(epoch);
    this.primary = new Primary(self, gate, lineup, standing, replica, say);
    this.submissions = new Submissions((ticket, outcome) => sink.settled(ticket, outcome));
    this.census = new Census(self, needed, this.options.patience, {
      settle: (view) => this.send({ kind: 'settle', view }),
      decide: (round) => this.decide(round),
    });
    this.transfers = new Transfers(sink, {
      replacing: () => this.replaced(),
      exhausted: (capture) => this.send({ kind: 'again', capture }),
    });
    this.contributions = new Contributions(self, sink, (part) => this.send(part));
  }

  /** Whether this member has the state. */
  get isLive(): boolean {
    return this.standing.isAccounted && this.replica.isWhole;
  }

  /** Whether commands are applied now. */
  get isWritable(): boolean {
    return this.isLive && this.gate.isOpen;
  }

  /** Whether this member is where nothing may be applied, and knows it: the transitional signal alone tells nothing. */
  get isParted(): boolean {
    return this.gate.isParted;
  }

  /** Whether a quorum can count on what this member knows. */
  get remembers(): boolean {
    return this.standing.votes && (this.isLive || this.standing.hasLost);
  }

  get position(): number {
    return this.replica.position;
  }

  /** Commands of this member that are not applied yet. */
  get waiting(): number {
    return this.submissions.size;
  }

  get dueAt(): number {
    return Math.min(this.census.dueAt, this.transfers.dueAt);
  }

  /** @returns the number that `settled` will name */
  submit(command: Buffer): number {
    const ticket = this.submissions.add(command);
    this.flush();
    return ticket;
  }

  /** Takes a command back that was never sent. @returns whether it was one */
  withdraw(ticket: number): boolean {
    return this.submissions.withdraw(ticket);
  }

  view(view: RecipeView, now: number): void {
    this.now = now;
    const { current } = this;
    const along = new Set(view.cameWithMe);
    const isWhole = along.size === view.members.length;
    if (view.cause === 'network' && current?.members.some((name) => !along.has(name)) === true)
      this.standing.split(this.replica.position);
    this.current = view;
    this.gate.closeView(this.standing.isAccounted);
    this.census.newView(along);
    this.lineup.newView(view, current?.members ?? []);
    this.primary.newView();
    this.transfers.newView(this.lineup.wanted);
    if (this.standing.hasLost && this.lineup.isEmpty) this.goBack();
    const continues = this.standing.isAccounted && this.canContinue(view, isWhole);
    if (this.standing.isAccounted) {
      this.standing.goThrough(view);
      this.gate.wait(this.lineup.isSole(view));
      if (continues) this.primary.goOn(view.members, false);
    }
    if (!isWhole || !this.census.isDecided || this.lineup.isEmpty) {
      this.census.begin(view, now);
      this.state(view, continues);
    }
    // One that the last round did not wait for asks for the state now.
    else if (!this.lineup.has(this.self)) this.state(view, false);
    else this.look();
    this.changed();
  }

  transition(now: number): void {
    this.now = now;
    this.gate.isEnding = true;
    if (this.options.quorum === null) this.standing.split(this.replica.position);
    this.changed();
  }

  message(sender: string, body: Buffer, now: number): void {
    const message = decode(body);
    if (!message) return;
    this.now = now;
    switch (message.kind) {
      case 'command':
      case 'part':
        this.input({ ...message, sender });
        break;
      case 'state':
        if (this.isCurrent(message.view)) this.stated(sender, message.statement, message.silent);
        break;
      case 'settle':
        if (this.isCurrent(message.view)) this.census.settle(sender);
        break;
      case 'form':
        if (this.isCurrent(message.view))
          this.primary.said(sender, message.epoch, this.current?.members ?? []);
        this.changed();
        break;
      case 'live':
      case 'again':
        this.census.behind(() => this.loads(sender, message));
        break;
      default:
        this.transfers.take(sender, message, now);
    }
    this.flush();
  }

  left(): void {
    this.current = null;
    this.census.end();
    this.transfers.stop();
    this.standing.isAccounted = false;
    this.transfers.retain(new Set());
    this.changed();
  }

  tick(now: number): void {
    this.now = now;
    this.transfers.tick(now);
    this.census.tick(now);
  }

  /** Bytes of a snapshot for one who asked, from `offset` on. */
  supplied(id: string, to: string, offset: number, data: Buffer, isLast: boolean): void {
    this.transfers.supplied(id, to, offset, data, isLast);
  }

  /** The machine has the state that was given to it; or could not make sense of it. */
  restored(isSound = true): void {
    const { replica } = this;
    const loaded = replica.isWhole ? null : this.transfers.loaded();
    if (!loaded) return;
    const { capture, header } = loaded;
    if (!isSound || !header || !replica.restored(header)) return this.transfers.failed(capture, this.now);
    this.submissions.restored(replica.ownApplied, this.gate.isPrimary);
    replica.catchUp();
    this.send({ kind: 'live', capture });
    this.flush();
    this.changed();
  }

  /** The state that lost, to be merged. */
  contribution(id: string, bytes: Buffer): void {
    this.contributions.has(id, bytes);
    this.flush();
  }

  private get needed(): number {
    return this.options.quorum ?? 1;
  }

  private isCurrent(view: RecipeView['id']): boolean {
    return this.current !== null && equalGroupIds(view, this.current.id);
  }

  private send(message: Message): void {
    this.sink.send(encode(message), this.options.quorum === null ? 'agreed' : 'safe');
  }

  /**
   * Whether the state goes on without asking the others: they are new, or too few to have had a quorum since. What is
   * asked of a component must have the same answer at all of it.
   */
  private canContinue(view: RecipeView, isWhole: boolean): boolean {
    if (!this.census.isDecided || this.lineup.isEmpty) return false;
    return isWhole || this.lineup.isSole(view);
  }

  private input(input: Input): void {
    if (this.standing.isAccounted) this.gate.input(input);
    else this.replica.drop(input);
  }

  // The round

  private state(view: RecipeView, continues: boolean): void {
    const given = this.standing.isAccounted && this.transfers.isLoading ? 'loading' : 'fresh';
    const mode: Mode = this.isLive ? 'live' : given;
    const { instance, position, transfers, options } = this;
    const own = { mode, continues, label: options.label, instance, position, capture: transfers.capture };
    const statement = { ...own, ...this.standing.words, ...this.lineup.words };
    this.send({ kind: 'state', view: view.id, statement, silent: this.census.silence });
  }

  private stated(sender: string, statement: Statement, silent: readonly string[]): void {
    const isLate = this.census.stated(sender, statement, silent, this.now);
    if (!isLate || this.lineup.has(sender) || !this.current?.members.includes(sender)) return;
    if (statement.label !== this.options.label) return;
    this.lineup.late(sender, statement, this.standing.epoch);
    this.give([sender]);
  }

  /** @returns whether it could be decided */
  private decide(round: Round<Statement>): boolean {
    const verdict = verdictOf(round, this.lineup.spare);
    if (verdict === null) return false;
    if (verdict.label !== this.options.label) {
      this.sink.misfit(verdict.label);
      return false;
    }
    if (verdict.live.length === 0) this.begin(verdict);
    else this.adopt(verdict, round);
    this.look();
    this.changed();
    return true;
  }

  /** Nobody has a state: those who spoke begin with the first one. */
  private begin(verdict: Verdict): void {
    const { current } = this;
    if (!current) return;
    this.abandon([]);
    this.standing.begin(current);
    const { needy: speakers } = verdict;
    this.lineup.replace(speakers, new Map(), verdict);
    // Also a member that said nothing knows whose state goes on: what comes behind its snapshot must find it.
    this.standing.isAccounted = true;
    if (speakers.includes(this.self)) {
      this.replica.begin();
      this.submissions.rebase(0);
    }
    this.primary.begin(current.members);
  }

  private adopt(verdict: Verdict, round: Round<Statement>): void {
    const { current, self } = this;
    if (!current) return;
    const isMine = verdict.live.includes(self) || verdict.loading.has(self);
    if (!isMine) this.abandon(holdersOf(round, self, this.standing.past));
    this.lineup.replace(verdict.live, verdict.loading, verdict);
    this.standing.adopt(verdict.past, verdict.epoch, verdict.known);
    this.standing.isAccounted = true;
    // Those who go on without asking have done this when the view came.
    if (verdict.continues) this.primary.goesOn(current.members);
    else this.primary.goOn(current.members, true);
    if (verdict.needy.length > 0) this.give(verdict.needy);
  }

  /** This member would go on, as one of the quorum of this epoch. */
  private form(epoch: number): void {
    if (this.current) this.send({ kind: 'form', view: this.current.id, epoch });
  }

  /** This member's state does not go on. @param holders those who have the same one */
  private abandon(holders: readonly string[]): void {
    if (this.isLive) this.standing.lose(holders);
    this.gate.dismiss();
    this.submissions.doubt();
    this.transfers.retain(new Set());
    this.transfers.stop();
    this.replica.expect();
    this.standing.isAccounted = true;
  }

  /** The state that lost is about to be replaced. */
  private replaced(): void {
    const { options, replica, sink } = this;
    const lost = this.standing.giveUp();
    if (!lost || options.quorum !== null) return;
    if (options.merges) this.contributions.keep(lost.past, lost.holders);
    if (replica.position > lost.splitAt) sink.thrownBack(replica.position - lost.splitAt);
  }

  /** All who have the state that was to take the place of this one are gone. */
  private goBack(): void {
    this.standing.goBack();
    this.transfers.stop();
    this.replica.goBack();
  }

  // Transfers

  /** These are given the state as it is at this place in the order. */
  private give(names: readonly string[]): void {
    const { current, replica } = this;
    if (!current) return;
    const id = this.transfers.name(current.id);
    this.lineup.give(names, id);
    if (!names.includes(this.self)) {
      this.transfers.expect(id);
      this.input({ kind: 'capture', id });
      return;
    }
    this.gate.dismiss();
    this.standing.isAccounted = true;
    replica.expect();
    this.transfers.load(id, !this.standing.hasLost);
    this.look();
  }

  private loads(
    sender: string,
    { kind, capture }: { readonly kind: 'live' | 'again'; readonly capture: string },
  ): void {
    if (!this.lineup.isGiven(sender, capture)) return;
    if (kind === 'again') return this.give([sender]);
    this.lineup.arrived(sender);
    this.transfers.retain(this.lineup.wanted);
    this.primary.grown(this.current?.members ?? []);
    this.changed();
  }

  private look(): void {
    this.transfers.choose(this.current?.members.filter((name) => this.lineup.isLive(name)) ?? [], this.now);
    this.flush();
  }

  private flush(): void {
    if (!this.isWritable) return;
    const { instance, replica, current } = this;
    this.submissions.flush(replica.ownApplied, (ticket, sequence, payload) =>
      this.send({ kind: 'command', instance, ticket, sequence, payload }),
    );
    this.contributions.send(current?.members ?? [], (past) => replica.isMerged(past));
  }

  private changed(): void {
    this.gate.look();
    this.sink.changed();
    this.flush();
  }
}
