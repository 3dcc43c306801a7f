/**
 * State that is the same at all members: views and rounds decide whose state continues, and the order of messages what
 * becomes of it. The rules, whose numbers the comments cite, and the argument for them are in docs/internals/recipes.md.
 * Only a member with a place in a component takes inputs, and it has one from the position of its snapshot on.
 */
import type { Buffer } from '#buffer';
import { PATIENCE_MS } from '../limits.js';
import type { DropReason, RecipeCore, RecipeView } from '../port.js';
import type { Electorate } from '../../../primary/ballot.js';
import { Agreement } from './agreement.js';
import { Component } from './component.js';
import { MergeSender } from './merge-sender.js';
import { couldChange, decide } from './decision.js';
import { Follower } from './follower.js';
import { Holding } from './holding.js';
import { decode, encode, type Message, type Statement } from './messages.js';
import type { ReplicatedCoreOptions, ReplicatedSink } from './ports.js';
import type { Ordered, Place } from './place.js';
import { type Input, Replica, type StateMachine } from './replica.js';
import { Separation } from './separation.js';
import { ReplicaStatus } from './status.js';
import { Submissions } from './submissions.js';
import { Transfer } from './transfer.js';

export class ReplicatedCore extends ReplicaStatus implements RecipeCore {
  readonly needs: RecipeCore['needs'];
  private readonly options: ReplicatedCoreOptions;
  protected readonly electorate: Electorate | null;
  protected readonly replica: Replica;
  protected readonly submissions: Submissions;
  protected readonly agreement: Agreement;
  private readonly contributions: MergeSender;
  protected readonly holding: Holding;
  private readonly transfer: Transfer;
  protected readonly separation: Separation;
  protected place: Place = { kind: 'joining' };
  private current: RecipeView | null = null;
  /** Rule 4. Whether it has been part of an epoch in force. */
  protected tookPart = false;
  private promised = 0;
  /** Since the transitional signal. */
  protected isEnding = false;
  /** Since the loss of the connection. */
  protected isLost = false;
  /** Rule 15. What it does from outside with the state here; null: nothing. */
  private follower: Follower | null = null;
  private now = 0;

  constructor(
    protected self: string,
    private readonly instance: number,
    machine: StateMachine,
    private readonly sink: ReplicatedSink,
    options: Partial<ReplicatedCoreOptions> = {},
  ) {
    super();
    this.options = { quorum: null, silenceTimeoutMs: PATIENCE_MS, merges: false, label: '', ...options };
    const { quorum, maxMembers: of, silenceTimeoutMs: patience } = this.options;
    this.electorate = quorum === null ? null : { quorum, of: of ?? 2 * quorum - 1 };
    this.needs = quorum === null ? 'agreed' : 'safe';
    this.replica = new Replica(self, instance, machine, {
      asked: (...asked) => this.transfer.offer(this.component, ...asked),
      settled: (ticket, outcome) => this.submissions.settled(ticket, outcome, this.isBacked),
      merged: (past) => this.contributions.forget(past),
      interrupted: () => this.contributions.interrupted(),
      malformed: (sender) => sink.malformed(sender),
    });
    this.submissions = new Submissions(instance, (ticket, outcome) => sink.settled(ticket, outcome));
    this.agreement = new Agreement(self, quorum ?? 1, patience);
    this.separation = new Separation(quorum);
    this.contributions = new MergeSender(self, sink, (part) => this.send(part));
    const kept = this.options.merges ? this.contributions : null;
    this.holding = new Holding(this.replica, sink, quorum !== null, kept, () => this.component);
    this.transfer = new Transfer(self, instance, sink, this.replica, this.holding);
  }

  /** @param traceparent the trace that it belongs to @returns the number that `settled` will name */
  submit(command: Buffer, traceparent?: string): number {
    const ticket = this.submissions.add(command, traceparent);
    this.flush();
    return ticket;
  }

  /** Takes a command back that was never sent. @returns whether it was one */
  withdraw(ticket: number): boolean {
    return this.submissions.withdraw(ticket);
  }

  view(view: RecipeView, now: number): void {
    this.now = now;
    const { current, place } = this;
    const along = new Set(view.cameWithMe);
    this.submissions.retain(view.members);
    for (const { from, to } of view.returned ?? []) this.holding.renamed(from, to);
    if (view.cause === 'network' && current?.members.some((name) => !along.has(name))) this.holding.split();
    this.current = view;
    this.follow((follower) => follower.view(view));
    if (view.cause === 'network') this.isEnding = false;
    this.agreement.newView(view);
    this.transfer.donor.retain(view.members);
    if (place.kind === 'placed' && place.component.canContinue(view)) this.continue(place.component, view);
    else {
      this.leaveComponent(view);
      this.agree(false);
    }
    this.changed();
  }

  transition(now: number): void {
    this.now = now;
    this.isEnding = true;
    if (this.electorate === null) this.holding.split();
    this.changed();
  }

  message(sender: string, body: Buffer, now: number): DropReason | null {
    const message = decode(body);
    if (!message) return 'malformed';
    this.now = now;
    if (this.transfer.isOfAnother(message)) this.submissions.heardOther(sender);
    const reason = this.taken(sender, message);
    this.changed();
    return reason;
  }

  private taken(sender: string, message: Message): DropReason | null {
    switch (message.kind) {
      case 'offer':
      case 'misfit':
        if (!this.transfer.isOwn(message.ask)) return 'unowed';
        if (message.ask !== this.transfer.ask || !this.current?.members.includes(sender)) return null;
        if (message.kind === 'offer') this.offered(sender, message, this.current.members);
        else this.sink.misfit(message.label);
        return null;
      case 'pull':
        return this.transfer.donor.pulled(sender, message);
      case 'chunk':
      case 'none':
        if (!this.holding.hasAsked(sender)) return 'unowed';
        if (!this.holding.take(sender, message, this.now)) this.makeStatement();
        return null;
      default:
        this.ordered(sender, message);
        return null;
    }
  }

  /** What is applied is shown, and nothing is sent; a lock is not held any more. */
  lost(now: number): void {
    this.now = now;
    this.isLost = true;
    this.changed();
  }

  /** Rule 15. The group continues without this member. */
  observe(view: RecipeView, now: number): void {
    this.now = now;
    const { component, electorate, holding, options, replica, self } = this;
    if (component?.holders.has(self) && holding.isCurrent && replica.isWhole && !this.isEnding)
      this.follower = new Follower(component, replica, options.label, electorate !== null);
    this.depart();
    this.follow((follower) => follower.view(view));
    this.changed();
  }

  /** Rule 15. What is said there. */
  overhear(sender: string, body: Buffer, now: number): DropReason | null {
    const message = decode(body);
    if (!message) return 'malformed';
    this.now = now;
    this.follow((follower) => follower.take(sender, message));
    this.changed();
    return null;
  }

  private follow(step: (follower: Follower) => boolean): void {
    if (this.follower && !step(this.follower)) this.follower = null;
  }

  /** Rule 14. It has left the group, and keeps its promises, and its state until it has the one of the group. */
  private depart(self = this.self): void {
    const { agreement, current, holding, instance, now, separation } = this;
    this.dismiss();
    this.place = { kind: 'joining' };
    separation.lost();
    if (current) holding.fallBehind(current.id, `${instance} behind`, now);
    agreement.rejoined(self);
    this.current = null;
    this.isEnding = false;
  }

  rejoined(self: string, isWhole: boolean, now: number): void {
    const { contributions, replica, submissions } = this;
    this.now = now;
    this.depart(self);
    if (!isWhole) this.follower = null;
    submissions.rejoined(this.self === self ? null : this.self);
    if (this.self !== self) replica.rename(self, submissions.instance);
    this.transfer.rejoined(self);
    this.self = contributions.self = self;
    this.changed();
  }

  resumed(now: number): void {
    this.now = now;
    this.isLost = false;
    this.changed();
  }

  left(): void {
    this.place = { kind: 'left' };
    this.current = null;
    this.agreement.end();
    this.holding.asking(this.now);
    this.transfer.donor.retain([]);
    this.changed();
  }

  tick(now: number): void {
    this.now = now;
    if (this.agreement.tick(now)) this.sendTagged('settle');
    if (!this.holding.tick(now)) this.makeStatement();
  }

  /** Bytes of a snapshot for one who asked, from `offset` on. */
  supplied(id: string, to: string, offset: number, data: Buffer, isLast: boolean): void {
    this.transfer.donor.supplied(id, to, offset, data, isLast);
  }

  /** The machine has the state that was given to it; or could not make sense of it. */
  restored(isSound = true): void {
    const { holding, replica, submissions } = this;
    const hasTaken = holding.restored(isSound, this.now);
    if (hasTaken === null) return;
    if (hasTaken && holding.isCurrent) submissions.restored(replica.ownApplied, this.isOpen);
    if (hasTaken) replica.catchUp();
    // What was taken in has lost meanwhile.
    if (!holding.isCurrent) submissions.doubt();
    else if (hasTaken && this.component?.askOf(this.self) === this.transfer.ask)
      this.send({ kind: 'arrived', ask: this.transfer.ask });
    if (this.phase === 'loading' && this.transfer.ask === '') this.makeStatement();
    this.changed();
  }

  /** The state that lost, to be merged. */
  contribution(id: string, bytes: Buffer): void {
    this.contributions.has(id, bytes);
    this.flush();
  }

  // What comes in the order

  private ordered(sender: string, message: Message): void {
    if ('tag' in message && !this.agreement.isNow(message.tag)) return;
    if (message.kind === 'reopen') {
      if (!this.isEnding) this.agree(true);
    } else if (this.place.kind === 'placed') this.placed(this.place.component, sender, message);
    else if (this.place.kind === 'agreeing') this.agreeing(this.place, sender, message);
  }

  private agreeing(place: Place & { kind: 'agreeing' }, sender: string, message: Message): void {
    const { agreement, self } = this;
    const isAsking = message.kind === 'state' && sender === self;
    if (place.missed) place.missed.push({ sender, message });
    else if (this.follower) this.follow((follower) => isAsking || follower.take(sender, message));
    else if (message.kind === 'command') this.replica.drop({ ...message, sender });
    if (message.kind === 'state') {
      const isOver = agreement.stated(sender, message.statement, message.silent, this.now);
      if (isAsking) {
        place.missed = [];
        this.follow((follower) => follower.pause());
      }
      if (isOver) this.decide();
    } else if (message.kind === 'settle' && agreement.settle(sender)) this.decide();
  }

  private placed(component: Component, sender: string, message: Message): void {
    switch (message.kind) {
      case 'command':
      case 'part':
        this.take(component, { ...message, sender });
        break;
      case 'state':
        this.asked(component, sender, message.statement);
        break;
      case 'vote':
        if (component.vote(sender, message.epoch)) this.formed(component);
        break;
      case 'arrived':
        this.arrived(component, sender, message.ask);
    }
  }

  // Rounds

  /** @param isAgain in the same view; not after the signal: what others apply then only a view tells apart */
  private agree(isAgain: boolean): void {
    if (isAgain) {
      this.leaveComponent(null);
      this.follower = null;
    }
    this.dismiss();
    this.place = { kind: 'agreeing', missed: null };
    this.agreement.begin(isAgain, this.now);
    this.makeStatement();
  }

  /** In a round, and whenever the state is asked for again. Safe, so that holders with a quorum can turn it away. */
  private makeStatement(): void {
    const { agreement, holding, promised, tookPart } = this;
    const { label } = this.options;
    const { tag, silence: silent } = agreement;
    holding.asking(this.now);
    if (!tag) return;
    const statement = { label, state: holding.held, tookPart, promised, ask: this.transfer.next() };
    this.send({ kind: 'state', tag, statement, silent });
  }

  /** All that is said is said. */
  private decide(): void {
    const { agreement, electorate, options, self } = this;
    const { tag, statements } = agreement;
    if (!tag) return;
    const decision = decide(statements, electorate, tag.view, tag.round, (name) => this.sink.doubted(name));
    if (decision === null) return agreement.continueFrom();
    if (decision.label !== options.label) return this.sink.misfit(decision.label);
    agreement.decided();
    this.follower = null;
    const component = new Component({ quorum: options.quorum, ...decision });
    this.transfer.placedIn = component.lineage;
    this.dismiss();
    this.place = { kind: 'placed', component };
    if (component.holders.has(self)) this.holding.win(decision.isFirst ? decision.lineage : null);
    else this.lose(statements);
    if (component.holders.has(self) && decision.isFirst) this.submissions.rebase(() => 0);
    for (const [name, ask] of decision.needy) this.transfer.give(component, name, ask, this.now);
    if (component.isFormed) this.presentMembers(component);
    else this.vote(component);
  }

  private lose(statements: ReadonlyMap<string, Statement>): void {
    this.submissions.doubt();
    this.separation.lost();
    this.holding.lose(statements);
  }

  private vote(component: Component): void {
    const { tag } = this.agreement;
    const { holders, isFormed, next } = component;
    // One that was doubted may have promised a later one.
    if (isFormed || !holders.has(this.self) || !tag || next < this.promised) return;
    this.promised = next;
    this.send({ kind: 'vote', tag, epoch: next });
  }

  /** A quorum has voted for the epoch. */
  private formed(component: Component): void {
    this.holding.follow(component);
    if (component.holders.has(this.self)) this.tookPart = true;
    if (component.isPrimary) this.presentMembers(component);
  }

  // Places

  private continue(component: Component, view: RecipeView): void {
    component.continue(view);
    this.holding.follow(component);
    if (component.isPrimary) this.presentMembers(component);
    if (this.agreement.isContested) this.sendTagged('reopen');
    const canLoad = this.holding.retain(view.members, this.now);
    if (this.phase !== 'loading') return;
    // One whose request had no place in the last view asks again, and one whose donors are gone.
    if (this.holding.isBusy) this.transfer.ask = '';
    else if (component.askOf(this.self) !== this.transfer.ask || !canLoad) this.makeStatement();
  }

  /** @param view the next one; null: another round in this one */
  private leaveComponent(view: RecipeView | null): void {
    const { component, separation } = this;
    const { tag } = this.agreement;
    if (component) {
      if (component.isPrimary) separation.ended(component.holders);
      // Others may have another end of the component; or, where a round is held again, had no place in it yet.
      if (view === null && tag) component.leave(tag.view, `round ${tag.round}`);
      else if (view?.cause === 'network') component.leave(view.id, view.cameWithMe[0] ?? '');
      this.holding.follow(component);
      this.holding.pause(this.now);
    }
    separation.cameAlong(view?.cause === 'network' ? view.cameWithMe : (this.current?.members ?? []));
  }

  /** What came for a state that is not given is nowhere applied. */
  private dismiss(): void {
    if (this.place.kind !== 'agreeing') return;
    for (const { sender, message } of this.place.missed ?? [])
      if (message.kind === 'command') this.replica.drop({ ...message, sender });
    this.place.missed = null;
  }

  // Transfers

  /** A statement that comes after the round: somebody wants the state, or knows better. */
  private asked(component: Component, name: string, statement: Statement): void {
    const { agreement, options, electorate } = this;
    if (statement.label !== options.label)
      return this.transfer.turnAway(component, name, statement.ask, options.label);
    const isKnown = component.askOf(name) !== undefined || component.holders.has(name);
    agreement.heard(name);
    if (!isKnown && couldChange(statement, component, electorate !== null)) this.sendTagged('reopen');
    else this.transfer.give(component, name, statement.ask, this.now);
  }

  private offered(donor: string, offer: Message & { kind: 'offer' }, members: readonly string[]): void {
    const { place } = this;
    const theirs = Component.decode(offer.component);
    if (theirs && place.kind === 'agreeing' && place.missed) this.enter(theirs, place.missed);
    const { component } = this;
    if (!theirs || !component) return;
    if (theirs.lineage !== this.transfer.placedIn) return this.contest();
    if (this.follower?.has(offer)) return this.keep(component);
    this.follower = null;
    const first = members.find((name) => component.holders.has(name));
    this.holding.offered(donor, donor === first, offer, this.now);
  }

  /** Rule 15. What is offered is here. */
  private keep(component: Component): void {
    const { holding, replica, self, submissions, transfer } = this;
    this.follower = null;
    holding.keep();
    submissions.restored(replica.ownApplied, this.isOpen);
    replica.catchUp();
    if (component.askOf(self) === transfer.ask) this.send({ kind: 'arrived', ask: transfer.ask });
  }

  /** Rule 13. Others go on with another state beside this member. */
  private contest(): void {
    if (!this.agreement.isContested) this.sendTagged('reopen');
    this.agreement.isContested = true;
  }

  /** Others go on, and have given this member a place. @param missed what has come since */
  private enter(component: Component, missed: readonly Ordered[]): void {
    this.agreement.end();
    this.submissions.doubt();
    this.separation.lost();
    this.transfer.placedIn = component.lineage;
    this.place = { kind: 'placed', component };
    this.holding.await(this.now);
    for (const { sender, message } of missed) this.placed(component, sender, message);
  }

  /** Rule 12. One more has the state. */
  private arrived(component: Component, name: string, ask: string): void {
    const wasPrimary = component.isPrimary;
    if (!component.arrived(name, ask)) return;
    this.transfer.donor.forget(name);
    if (name === this.self) {
      // Before the signal all daemons have it: nobody of the epoch has gone elsewhere.
      if (component.isFormed && !this.isEnding) this.tookPart = true;
      this.holding.follow(component);
      this.vote(component);
    }
    if (component.isPrimary && !wasPrimary) this.presentMembers(component);
  }

  // What follows from it

  private take(component: Component, input: Input): void {
    if (component.isPrimary && this.transfer.hasPlace(component)) this.replica.run(input);
    else this.replica.drop(input);
  }

  private presentMembers(component: Component): void {
    this.take(component, { kind: 'present', members: this.current?.members ?? [] });
  }

  private send(message: Message): void {
    this.sink.send(encode(message), message.kind === 'state' ? 'safe' : this.needs);
  }

  private sendTagged(kind: 'settle' | 'reopen'): void {
    if (this.agreement.tag) this.send({ kind, tag: this.agreement.tag });
  }

  private flush(): void {
    if (!this.isWritable) return;
    const { current, replica, submissions } = this;
    submissions.flush(replica.ownApplied, (ticket, sequence, payload, traceparent) =>
      this.send({ kind: 'command', instance: submissions.instance, ticket, sequence, payload, traceparent }),
    );
    this.contributions.send(current?.members ?? [], (past) => replica.isMerged(past));
  }

  private changed(): void {
    this.separation.update(this.component?.isPrimary === true, this.isEnding);
    this.sink.changed();
    this.flush();
  }
}
