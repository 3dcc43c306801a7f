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
import { equalGroupIds, groupIdText } from '../../../wire/group-id.js';
import { PATIENCE_MS } from '../limits.js';
import type { RecipeCore, RecipeView } from '../port.js';
import type { Round } from '../round.js';
import { Census } from './census.js';
import { Contributions } from './contributions.js';
import { Donor } from './donor.js';
import { Gate } from './gate.js';
import { Lineup } from './lineup.js';
import { Loader } from './loader.js';
import { decode, encode, type Message, type Statement } from './messages.js';
import { hashText, pastBehind } from './past.js';
import { type Input, Replica, type StateMachine } from './replica.js';
import { Submissions } from './submissions.js';
import type { ReplicatedCoreOptions, ReplicatedSink } from './surroundings.js';
import { holdersOf, type Verdict, verdictOf } from './verdict.js';

export class ReplicatedCore implements RecipeCore {
  private readonly options: ReplicatedCoreOptions;
  private readonly replica: Replica;
  private readonly submissions: Submissions;
  private readonly census: Census;
  private current: RecipeView | null = null;
  /** Whether this member has a state that goes on, or is being given it. Else it waits for a round to tell. */
  private isAccounted = false;
  private past = 0;
  private epoch = 0;
  private readonly gate: Gate;
  private readonly lineup = new Lineup();
  private captures = 0;
  private readonly donor: Donor;
  private loader: Loader | null = null;
  private splitAt = 0;
  private readonly contributions: Contributions;
  private now = 0;

  constructor(
    private readonly self: string,
    private readonly instance: number,
    machine: StateMachine,
    private readonly sink: ReplicatedSink,
    options: Partial<ReplicatedCoreOptions> = {},
  ) {
    this.options = { quorum: null, patience: PATIENCE_MS, merges: false, ...options };
    this.replica = new Replica(instance, machine, {
      capture: (id, header) => this.donor.capture(id, header),
      settled: (ticket, outcome) => this.submissions.settled(ticket, outcome, this.gate.isPrimary),
      merged: (past) => this.contributions.forget(past),
      interrupted: () => this.contributions.interrupted(),
    });
    this.gate = new Gate(this.replica, this.options.quorum !== null);
    this.submissions = new Submissions((ticket, outcome) => sink.settled(ticket, outcome));
    this.census = new Census(self, this.needed, this.options.patience, {
      settle: (view) => this.send({ kind: 'settle', view }),
      decide: (round) => this.decide(round),
    });
    this.donor = new Donor(sink);
    this.contributions = new Contributions(self, {
      capture: (id) => sink.capture(id),
      release: (id) => sink.release(id),
      contribute: (id) => sink.contribute(id),
      sendPart: (part) => this.send(part),
    });
  }

  /** Whether this member has the state. */
  get isLive(): boolean {
    return this.isAccounted && this.replica.isWhole;
  }

  /** Whether commands are applied now. */
  get isWritable(): boolean {
    return this.isLive && this.gate.isOpen;
  }

  /** Whether this member is where nothing may be applied, and knows it: the transitional signal alone tells nothing. */
  get isParted(): boolean {
    return !this.gate.isHeld && !this.gate.isPrimary;
  }

  get position(): number {
    return this.replica.position;
  }

  /** Commands of this member that are not applied yet. */
  get waiting(): number {
    return this.submissions.size;
  }

  get dueAt(): number {
    return Math.min(this.census.dueAt, this.loader?.dueAt ?? Infinity);
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
      this.splitAt = Math.max(this.splitAt, this.replica.position);
    this.current = view;
    this.captures = 0;
    this.gate.closeView(this.isAccounted);
    this.census.newView(along);
    this.lineup.retain(along);
    this.donor.retain(this.lineup.wanted);
    const continues = this.isAccounted && this.canContinue(view, isWhole);
    if (this.isAccounted) {
      this.past = pastBehind(this.past, view.id, view.cameWithMe[0] ?? '');
      if (continues) this.goOn(false);
      else this.gate.wait();
    }
    if (!isWhole || !this.census.isDecided || this.lineup.size === 0) {
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
    if (this.options.quorum === null) this.splitAt = this.replica.position;
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
      case 'live':
      case 'again':
        this.census.behind(() => this.loads(sender, message));
        break;
      case 'pull':
        this.donor.pulled(sender, message);
        break;
      default:
        if (this.loader?.capture === message.capture) this.loader.take(sender, message, now);
    }
    this.flush();
  }

  left(): void {
    this.current = null;
    this.census.end();
    this.loader = null;
    this.isAccounted = false;
    this.donor.retain(new Set());
    this.changed();
  }

  tick(now: number): void {
    this.now = now;
    this.loader?.tick(now);
    this.census.tick(now);
  }

  /** Bytes of a snapshot for one who asked, from `offset` on. */
  supplied(id: string, to: string, offset: number, data: Buffer, isLast: boolean): void {
    this.donor.supplied(id, to, offset, data, isLast);
  }

  /** The machine has the state that was given to it; or could not make sense of it. */
  restored(isSound = true): void {
    const { loader, replica } = this;
    if (!loader || replica.isWhole) return;
    const { capture, header } = loader;
    this.loader = null;
    if (!isSound || !header || !replica.restored(header)) return this.send({ kind: 'again', capture });
    this.submissions.rebase(replica.ownApplied);
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

  private get hasQuorum(): boolean {
    return this.lineup.size >= this.needed;
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
    const { quorum } = this.options;
    if (!this.census.isDecided || this.lineup.size === 0) return false;
    return isWhole || view.cause !== 'network' || (quorum !== null && this.lineup.size >= quorum);
  }

  /** It is known whose state goes on. @param isAsked whether the others were asked */
  private goOn(isAsked: boolean): void {
    this.gate.decided(this.hasQuorum, isAsked);
    if (this.gate.isPrimary) this.epoch++;
    this.welcome();
  }

  /** The state is told who is there, when it is known whose state it is. */
  private welcome(): void {
    const { current, gate } = this;
    if (!gate.isPrimary || !current) this.replica.interrupt();
    else if (!gate.isHeld) this.replica.run({ kind: 'present', members: current.members });
  }

  private input(input: Input): void {
    if (this.isAccounted) this.gate.input(input);
    else this.replica.drop(input);
  }

  // The round

  private state(view: RecipeView, continues: boolean): void {
    const mode = this.isLive ? 'live' : this.isAccounted && this.loader ? 'loading' : 'fresh';
    const { past, epoch, position } = this;
    const capture = this.loader?.capture ?? '';
    const statement: Statement = { mode, continues, past, epoch, position, capture };
    this.send({ kind: 'state', view: view.id, statement, silent: this.census.silence });
  }

  private stated(sender: string, statement: Statement, silent: readonly string[]): void {
    const isLate = this.census.stated(sender, statement, silent, this.now);
    if (isLate && !this.lineup.has(sender) && this.current?.members.includes(sender)) this.give([sender]);
  }

  /** @returns whether it could be decided */
  private decide(round: Round<Statement>): boolean {
    const verdict = verdictOf(round, this.options.quorum !== null);
    if (verdict === null) return false;
    if (verdict.live.length === 0) this.begin(verdict.needy, verdict.epoch);
    else this.adopt(verdict, round);
    this.look();
    this.changed();
    return true;
  }

  /** Nobody has a state: those who spoke begin with the first one. */
  private begin(speakers: readonly string[], epoch: number): void {
    const { current } = this;
    if (!current) return;
    this.abandon([]);
    this.past = hashText(`begin ${groupIdText(current.id)}`);
    this.epoch = epoch + 1;
    this.lineup.replace(speakers, new Map());
    this.isAccounted = speakers.includes(this.self);
    if (this.isAccounted) {
      this.replica.begin();
      this.submissions.rebase(0);
    }
    this.gate.decided(this.hasQuorum, false);
    this.welcome();
  }

  private adopt(verdict: Verdict, round: Round<Statement>): void {
    const { current, self } = this;
    if (!current) return;
    const isMine = verdict.live.includes(self) || verdict.loading.has(self);
    if (!isMine) this.abandon(holdersOf(round, self, this.past));
    this.lineup.replace(verdict.live, verdict.loading);
    this.past = verdict.past;
    this.epoch = verdict.epoch;
    this.isAccounted = true;
    // Those who go on without asking have done this when the view came.
    if (verdict.continues) this.gate.decided(this.hasQuorum, false);
    else this.goOn(true);
    if (verdict.needy.length > 0) this.give(verdict.needy);
  }

  /** This member's state does not go on. @param holders those who have the same one */
  private abandon(holders: readonly string[]): void {
    const { replica, options, past } = this;
    if (this.isLive && this.options.quorum === null) {
      if (options.merges) this.contributions.keep(past, holders);
      if (replica.position > this.splitAt) this.sink.thrownBack(replica.position - this.splitAt);
    }
    this.gate.dismiss();
    this.submissions.doubt();
    this.donor.retain(new Set());
    this.loader = null;
    this.splitAt = 0;
    replica.expect();
    this.isAccounted = true;
  }

  // Transfers

  /** These are given the state as it is at this place in the order. */
  private give(names: readonly string[]): void {
    const { current, replica } = this;
    if (!current) return;
    const id = `${groupIdText(current.id)}/${++this.captures}`;
    this.lineup.give(names, id);
    if (!names.includes(this.self)) {
      this.donor.expect(id);
      this.input({ kind: 'capture', id });
      return;
    }
    this.gate.dismiss();
    this.isAccounted = true;
    replica.expect();
    this.loader = new Loader(id, {
      sendTo: (name, body) => this.sink.sendTo(name, body),
      restoreBegin: () => this.sink.restoreBegin(),
      restoreChunk: (data) => this.sink.restoreChunk(data),
      restoreEnd: () => this.sink.restoreEnd(),
      exhausted: (capture) => this.send({ kind: 'again', capture }),
    });
    this.look();
  }

  private loads(
    sender: string,
    { kind, capture }: { readonly kind: 'live' | 'again'; readonly capture: string },
  ): void {
    if (!this.lineup.isGiven(sender, capture)) return;
    if (kind === 'again') return this.give([sender]);
    this.lineup.arrived(sender);
    this.donor.retain(this.lineup.wanted);
    if (!this.gate.isPrimary && !this.gate.isWaiting && this.hasQuorum) {
      this.epoch++;
      this.gate.isPrimary = true;
      this.welcome();
    }
    this.changed();
  }

  private look(): void {
    this.loader?.choose(this.current?.members.filter((name) => this.lineup.isLive(name)) ?? [], this.now);
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
    this.sink.changed();
    this.flush();
  }
}
