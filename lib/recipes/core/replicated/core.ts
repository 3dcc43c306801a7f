/**
 * State that is the same at all members: views and rounds decide whose state continues, and the order of messages what
 * becomes of it. The rules, whose numbers the comments cite, and the argument for them are in docs/internals/recipes.md.
 * Only a member with a place in a component takes inputs, and it has one from the position of its snapshot on.
 */
import type { Buffer } from 'node:buffer';
import { PATIENCE_MS } from '../limits.js';
import type { DropReason, RecipeCore, RecipeView } from '../port.js';
import type { Electorate } from '../../../primary/ballot.js';
import { Agreement } from './agreement.js';
import { Component } from './component.js';
import { MergeSender } from './merge-sender.js';
import { couldChange, decide } from './decision.js';
import { SnapshotSender } from './snapshot-sender.js';
import { Holding } from './holding.js';
import { askOf, decode, encode, isAskOf, type Message, type Statement } from './messages.js';
import type { ReplicatedCoreOptions, ReplicatedSink } from './ports.js';
import { type Ordered, type Phase, phaseOf, type Place } from './place.js';
import { type Asked, type Input, Replica, type StateMachine } from './replica.js';
import { Separation } from './separation.js';
import { Submissions } from './submissions.js';

export class ReplicatedCore implements RecipeCore {
  readonly needs: RecipeCore['needs'];
  private readonly options: ReplicatedCoreOptions;
  private readonly electorate: Electorate | null;
  private readonly replica: Replica;
  private readonly submissions: Submissions;
  private readonly agreement: Agreement;
  private readonly donor: SnapshotSender;
  private readonly contributions: MergeSender;
  private readonly holding: Holding;
  private readonly separation: Separation;
  private place: Place = { kind: 'joining' };
  private current: RecipeView | null = null;
  /** What it asked with last; empty: it asks when the machine is free. */
  private ask = '';
  /** The name of the state that it had a place for when it asked, or that it began with. */
  private placedIn = 0;
  private asks = 0;
  /** Rule 4. Whether it has been part of an epoch in force. */
  private tookPart = false;
  private promised = 0;
  /** Since the transitional signal. */
  private isEnding = false;
  private now = 0;

  constructor(
    private readonly self: string,
    private readonly instance: number,
    machine: StateMachine,
    private readonly sink: ReplicatedSink,
    options: Partial<ReplicatedCoreOptions> = {},
  ) {
    this.options = { quorum: null, silenceTimeoutMs: PATIENCE_MS, merges: false, label: '', ...options };
    const { quorum, maxMembers: of, silenceTimeoutMs: patience } = this.options;
    this.electorate = quorum === null ? null : { quorum, of: of ?? 2 * quorum - 1 };
    this.needs = quorum === null ? 'agreed' : 'safe';
    this.replica = new Replica(self, instance, machine, {
      asked: (input, steps, header) => this.offer(input, steps, header),
      settled: (ticket, outcome) => this.submissions.settled(ticket, outcome, this.isBacked),
      merged: (past) => this.contributions.forget(past),
      interrupted: () => this.contributions.interrupted(),
      malformed: (sender) => sink.malformed(sender),
    });
    this.submissions = new Submissions((ticket, outcome) => sink.settled(ticket, outcome));
    this.agreement = new Agreement(self, quorum ?? 1, patience);
    this.donor = new SnapshotSender(sink);
    this.separation = new Separation(quorum);
    this.contributions = new MergeSender(self, sink, (part) => this.send(part));
    const kept = this.options.merges ? this.contributions : null;
    this.holding = new Holding(this.replica, sink, quorum !== null, kept, () => this.component);
  }

  get phase(): Phase {
    return phaseOf(this.place, this.self);
  }

  /** Whether this member has the state. */
  get hasState(): boolean {
    const { phase } = this;
    return phase !== 'loading' && phase !== 'left' && !this.holding.isEmpty && this.replica.isWhole;
  }

  /** Whether commands are applied now. */
  get isWritable(): boolean {
    return this.hasState && this.isOpen;
  }

  /** Whether this member is where nothing may be applied, and knows it: the transitional signal alone tells nothing. */
  get isPartitioned(): boolean {
    return this.separation.isPartitioned;
  }

  /** Rule 4. Whether a quorum can count on what this member knows. */
  get remembers(): boolean {
    return this.tookPart && !this.holding.isEmpty;
  }

  /** The newest epoch whose commands are in the state here. */
  get epoch(): number {
    return this.holding.held?.epoch ?? 0;
  }

  get position(): number {
    return this.replica.position;
  }

  /** Commands of this member that are not applied yet. */
  get waiting(): number {
    return this.submissions.size;
  }

  get dueAt(): number {
    return Math.min(this.agreement.dueAt, this.holding.dueAt);
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
    const { current, place } = this;
    const along = new Set(view.cameWithMe);
    if (view.cause === 'network' && current?.members.some((name) => !along.has(name))) this.holding.split();
    this.current = view;
    if (view.cause === 'network') this.isEnding = false;
    this.agreement.newView(view);
    this.donor.retain(view.members);
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
    const reason = this.taken(sender, message);
    this.changed();
    return reason;
  }

  private taken(sender: string, message: Message): DropReason | null {
    switch (message.kind) {
      case 'offer':
      case 'misfit':
        if (!isAskOf(this.instance, this.asks, message.ask)) return 'unowed';
        if (message.ask !== this.ask || !this.current?.members.includes(sender)) return null;
        if (message.kind === 'offer') this.offered(sender, message, this.current.members);
        else this.sink.misfit(message.label);
        return null;
      case 'pull':
        return this.donor.pulled(sender, message);
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

  left(): void {
    this.place = { kind: 'left' };
    this.current = null;
    this.agreement.end();
    this.holding.asking(this.now);
    this.donor.retain([]);
    this.changed();
  }

  tick(now: number): void {
    this.now = now;
    if (this.agreement.tick(now)) this.sendTagged('settle');
    if (!this.holding.tick(now)) this.makeStatement();
  }

  /** Bytes of a snapshot for one who asked, from `offset` on. */
  supplied(id: string, to: string, offset: number, data: Buffer, isLast: boolean): void {
    this.donor.supplied(id, to, offset, data, isLast);
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
    else if (hasTaken && this.component?.askOf(this.self) === this.ask)
      this.send({ kind: 'arrived', ask: this.ask });
    if (this.phase === 'loading' && this.ask === '') this.makeStatement();
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
    if (place.missed) place.missed.push({ sender, message });
    else if (message.kind === 'command') this.replica.drop({ ...message, sender });
    if (message.kind === 'state') {
      const isOver = agreement.stated(sender, message.statement, message.silent, this.now);
      if (sender === self) place.missed = [];
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
    if (isAgain) this.leaveComponent(null);
    this.dismiss();
    this.place = { kind: 'agreeing', missed: null };
    this.agreement.begin(isAgain, this.now);
    this.makeStatement();
  }

  /** In a round, and whenever the state is asked for again. */
  private makeStatement(): void {
    const { agreement, holding, options, promised, tookPart } = this;
    const { tag, silence: silent } = agreement;
    holding.asking(this.now);
    if (!tag) return;
    this.ask = askOf(this.instance, ++this.asks);
    const statement = { label: options.label, state: holding.held, tookPart, promised, ask: this.ask };
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
    const component = new Component({ quorum: options.quorum, ...decision });
    this.placedIn = component.lineage;
    this.dismiss();
    this.place = { kind: 'placed', component };
    if (component.holders.has(self)) this.holding.win(decision.isFirst ? decision.lineage : null);
    else this.lose(statements);
    if (component.holders.has(self) && decision.isFirst) this.submissions.rebase(0);
    for (const [name, ask] of decision.needy) this.give(component, name, ask);
    if (component.isFormed) this.presentMembers(component);
    else this.vote(component);
  }

  private lose(statements: ReadonlyMap<string, Statement>): void {
    this.submissions.doubt();
    this.separation.lost();
    this.holding.lose((lineage) =>
      [...statements].filter(([, { state }]) => state?.lineage === lineage).map(([name]) => name),
    );
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
    if (this.holding.isBusy) this.ask = '';
    else if (component.askOf(this.self) !== this.ask || !canLoad) this.makeStatement();
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
    const { agreement, options, electorate, self } = this;
    if (statement.label !== options.label) {
      if (component.holders.has(self))
        this.sink.sendTo(name, encode({ kind: 'misfit', ask: statement.ask, label: options.label }));
      return;
    }
    const isKnown = component.askOf(name) !== undefined || component.holders.has(name);
    agreement.heard(name);
    if (!isKnown && couldChange(statement, component, electorate !== null)) this.sendTagged('reopen');
    else this.give(component, name, statement.ask);
  }

  /** Rule 11. A member is given the state as it is at this place. */
  private give(component: Component, name: string, ask: string): void {
    component.asked(name, ask);
    if (name !== this.self) {
      const { lineage } = component;
      if (this.hasPlace(component))
        this.replica.run({ kind: 'asked', name, ask, lineage, component: component.encode() });
      return;
    }
    this.placedIn = component.lineage;
    if (this.holding.isBusy) this.ask = '';
    else this.holding.await(this.now);
  }

  /** Its place in the order has come, and the state here is what was asked for. */
  private offer({ name, ask, lineage, component }: Asked, steps: number, header: Buffer): void {
    if (this.component?.askOf(name) !== ask) return;
    const capture = `${lineage}/${steps}`;
    this.donor.give(name, capture);
    this.sink.sendTo(name, encode({ kind: 'offer', ask, capture, component, header }));
  }

  private offered(donor: string, offer: Message & { kind: 'offer' }, members: readonly string[]): void {
    const { place } = this;
    const theirs = Component.decode(offer.component);
    if (theirs && place.kind === 'agreeing' && place.missed) this.enter(theirs, place.missed);
    const { component } = this;
    if (!theirs || !component) return;
    if (theirs.lineage !== this.placedIn) return this.contest();
    const first = members.find((name) => component.holders.has(name));
    this.holding.offered(donor, donor === first, offer, this.now);
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
    this.placedIn = component.lineage;
    this.place = { kind: 'placed', component };
    this.holding.await(this.now);
    for (const { sender, message } of missed) this.placed(component, sender, message);
  }

  /** Rule 12. One more has the state. */
  private arrived(component: Component, name: string, ask: string): void {
    const wasPrimary = component.isPrimary;
    if (!component.arrived(name, ask)) return;
    this.donor.forget(name);
    if (name === this.self) {
      // Before the signal all daemons have it: nobody of the epoch has gone elsewhere.
      if (component.isFormed && !this.isEnding) this.tookPart = true;
      this.holding.follow(component);
      this.vote(component);
    }
    if (component.isPrimary && !wasPrimary) this.presentMembers(component);
  }

  // What follows from it

  private get component(): Component | null {
    return this.place.kind === 'placed' ? this.place.component : null;
  }

  /** Rule 9. Whether results may be reported. */
  private get isOpen(): boolean {
    return this.component?.isPrimary === true && !(this.isEnding && this.electorate);
  }

  /** Whether a result may be reported: with a quorum only of the state that continues. */
  private get isBacked(): boolean {
    return this.electorate === null || (this.isOpen && this.holding.isCurrent);
  }

  /** Rule 11. Whether inputs of the component belong to the state here, or to the one that it is given. */
  private hasPlace(component: Component): boolean {
    return component.holders.has(this.self) || component.askOf(this.self) === this.ask;
  }

  private take(component: Component, input: Input): void {
    if (component.isPrimary && this.hasPlace(component)) this.replica.run(input);
    else this.replica.drop(input);
  }

  private presentMembers(component: Component): void {
    this.take(component, { kind: 'present', members: this.current?.members ?? [] });
  }

  private send(message: Message): void {
    this.sink.send(encode(message), this.needs);
  }

  private sendTagged(kind: 'settle' | 'reopen'): void {
    if (this.agreement.tag) this.send({ kind, tag: this.agreement.tag });
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
    this.separation.update(this.component?.isPrimary === true, this.isEnding);
    this.sink.changed();
    this.flush();
  }
}
