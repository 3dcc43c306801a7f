/**
 * State that is the same at all members: views and rounds decide whose state goes on, and the order of messages what
 * becomes of it. docs/internals/recipes.md has the rules, with the argument why they hold; the numbers in comments are
 * theirs.
 *
 * A member is in one of seven phases. Only a member with a place in a component takes inputs, and it has one from the
 * position of its snapshot on: there is no state in which inputs are dropped that belong to the state it is given.
 */
import type { Buffer } from 'node:buffer';
import { DONOR_PATIENCE_MS, PATIENCE_MS } from '../limits.js';
import type { RecipeCore, RecipeView } from '../port.js';
import type { Electorate } from '../../../primary/rules.js';
import { Agreement } from './agreement.js';
import { Component } from './component.js';
import { Contributions } from './contributions.js';
import { couldChange, decide, type Decision } from './decision.js';
import { Donor } from './donor.js';
import { Loader } from './loader.js';
import { decode, encode, type Message, type Statement } from './messages.js';
import type { ReplicatedCoreOptions, ReplicatedSink } from './ports.js';
import { type Asked, type Input, Replica, type StateMachine } from './replica.js';
import { Submissions } from './submissions.js';

/** What a member is doing. */
export type Phase =
  /** It has no view yet. */
  | 'joining'
  /** It is not known whose state goes on. */
  | 'agreeing'
  /** It is being given the state that goes on. */
  | 'loading'
  /** It has the state that goes on, and a quorum has not voted for going on yet. */
  | 'forming'
  /** Commands are applied. */
  | 'primary'
  /** Too few that have the state are left. */
  | 'minority'
  | 'left';

/** Where a member is in the life of its group. */
type Place =
  | { readonly kind: 'joining' | 'left' }
  | {
      readonly kind: 'agreeing';
      /** What came since this member's own statement: it belongs to what it is given if others go on. */
      missed: { readonly sender: string; readonly message: Message }[] | null;
    }
  | { readonly kind: 'placed'; readonly component: Component };

/** The state that the machine holds. */
interface State {
  readonly lineage: number;
  readonly epoch: number;
  /** Commands applied where members were last lost: what came later may be undone where they are met again. */
  readonly splitAt: number;
  /** Where it lost: those who hold it too, in the order of the view. */
  readonly holders: readonly string[];
}

export class ReplicatedCore implements RecipeCore {
  private readonly options: ReplicatedCoreOptions;
  private readonly electorate: Electorate | null;
  private readonly replica: Replica;
  private readonly submissions: Submissions;
  private readonly agreement: Agreement;
  private readonly donor: Donor;
  private readonly contributions: Contributions;
  private place: Place = { kind: 'joining' };
  private current: RecipeView | null = null;
  private state: State | null = null;
  /** Whether that is the state of the component here, be it that the machine is still taking it in. */
  private isCurrent = false;
  private loader: Loader | null = null;
  /** When the state is asked for again; Infinity: never. */
  private askAgainAt = Infinity;
  /** Whether others go on with another state beside this member. */
  private isContested = false;
  private ask = '';
  private asks = 0;
  /** Rule 4. Whether it has been part of an epoch in force. */
  private tookPart = false;
  private promised = 0;
  /** Since the transitional signal. */
  private isEnding = false;
  /** Members of the last primary component with its state that have come along since. */
  private companions = new Set<string>();
  private wasParted = true;
  private now = 0;

  constructor(
    private readonly self: string,
    private readonly instance: number,
    machine: StateMachine,
    private readonly sink: ReplicatedSink,
    options: Partial<ReplicatedCoreOptions> = {},
  ) {
    this.options = { quorum: null, patience: PATIENCE_MS, merges: false, label: '', ...options };
    const { quorum, of, patience } = this.options;
    this.electorate = quorum === null ? null : { quorum, of: of ?? 2 * quorum - 1 };
    this.replica = new Replica(instance, machine, {
      asked: (input, steps, header) => this.offer(input, steps, header),
      settled: (ticket, outcome) =>
        this.submissions.settled(ticket, outcome, !this.electorate || this.isOpen),
      merged: (past) => this.contributions.forget(past),
      interrupted: () => this.contributions.interrupted(),
    });
    this.submissions = new Submissions((ticket, outcome) => sink.settled(ticket, outcome));
    this.agreement = new Agreement(self, quorum ?? 1, patience);
    this.donor = new Donor(sink);
    this.contributions = new Contributions(self, sink, (part) => this.send(part));
  }

  get phase(): Phase {
    const { place, self } = this;
    if (place.kind !== 'placed') return place.kind;
    const { component } = place;
    if (!component.holders.has(self)) return 'loading';
    if (!component.isFormed) return 'forming';
    return component.isPrimary ? 'primary' : 'minority';
  }

  /** Whether this member has the state. */
  get isLive(): boolean {
    const { phase } = this;
    return phase !== 'loading' && phase !== 'left' && this.state !== null && this.replica.isWhole;
  }

  /** Whether commands are applied now. */
  get isWritable(): boolean {
    return this.isLive && this.isOpen;
  }

  /** Whether this member is where nothing may be applied, and knows it: the transitional signal alone tells nothing. */
  get isParted(): boolean {
    return this.wasParted;
  }

  /** Rule 4. Whether a quorum can count on what this member knows. */
  get remembers(): boolean {
    return this.tookPart && this.state !== null;
  }

  /** The newest epoch whose commands are in the state here. */
  get epoch(): number {
    return this.state?.epoch ?? 0;
  }

  get position(): number {
    return this.replica.position;
  }

  /** Commands of this member that are not applied yet. */
  get waiting(): number {
    return this.submissions.size;
  }

  get dueAt(): number {
    return Math.min(this.agreement.dueAt, this.loader?.dueAt ?? Infinity, this.askAgainAt);
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
    if (view.cause === 'network' && current?.members.some((name) => !along.has(name))) this.split();
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
    if (this.electorate === null) this.split();
    this.changed();
  }

  message(sender: string, body: Buffer, now: number): void {
    const message = decode(body);
    if (!message) return;
    this.now = now;
    switch (message.kind) {
      case 'offer':
        this.offered(sender, message);
        break;
      case 'misfit':
        if (message.ask === this.ask && this.isMember(sender)) this.sink.misfit(message.label);
        break;
      case 'pull':
        this.donor.pulled(sender, message);
        break;
      case 'chunk':
      case 'none':
        if (this.loader?.capture === message.capture) this.loader.take(sender, message, now);
        break;
      default:
        this.ordered(sender, message);
    }
    this.changed();
  }

  left(): void {
    this.place = { kind: 'left' };
    this.current = null;
    this.agreement.end();
    this.loader = null;
    this.askAgainAt = Infinity;
    this.donor.retain([]);
    this.changed();
  }

  tick(now: number): void {
    this.now = now;
    if (this.agreement.tick(now)) this.sendTagged('settle');
    if (this.loader?.tick(now) === false || now >= this.askAgainAt) this.askAgain();
  }

  /** Bytes of a snapshot for one who asked, from `offset` on. */
  supplied(id: string, to: string, offset: number, data: Buffer, isLast: boolean): void {
    this.donor.supplied(id, to, offset, data, isLast);
  }

  /** The machine has the state that was given to it; or could not make sense of it. */
  restored(isSound = true): void {
    const { loader, place, replica } = this;
    if (!loader || replica.isWhole) return;
    // It may not want all of it.
    if (isSound && !loader.isComplete) this.complete();
    this.loader = null;
    if (!isSound || !replica.restored(loader.header)) {
      // Another try at once would likely end in the same way, over and over.
      this.state = null;
      this.isCurrent = false;
      this.askAgainAt = this.now + DONOR_PATIENCE_MS;
      return this.changed();
    }
    this.submissions.restored(replica.ownApplied, this.isOpen);
    replica.catchUp();
    if (place.kind === 'placed' && place.component.askOf(this.self) === this.ask)
      this.send({ kind: 'arrived', ask: this.ask });
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
      this.leaveComponent(null);
      this.agree(true);
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

  /** @param isAgain in the same view */
  private agree(isAgain: boolean): void {
    this.dismiss();
    this.isContested = false;
    this.place = { kind: 'agreeing', missed: null };
    this.agreement.begin(isAgain, this.now);
    this.makeStatement();
  }

  private makeStatement(): void {
    const { agreement, options, replica, promised, tookPart, state } = this;
    const { tag, silence: silent } = agreement;
    if (!tag) return;
    this.ask = `${this.instance}.${++this.asks}`;
    this.askAgainAt = Infinity;
    const held = state && { lineage: state.lineage, epoch: state.epoch, position: replica.position };
    const statement: Statement = { label: options.label, state: held, tookPart, promised, ask: this.ask };
    this.send({ kind: 'state', tag, statement, silent });
  }

  /** All that is said is said. */
  private decide(): void {
    const { agreement, electorate, options, self } = this;
    const { tag, statements } = agreement;
    if (!tag) return;
    const decision = decide(statements, electorate, tag.view, tag.round);
    if (decision === null) return agreement.goOn();
    if (decision.label !== options.label) return this.sink.misfit(decision.label);
    agreement.decided();
    const component = new Component({ quorum: options.quorum, ...decision });
    this.dismiss();
    this.place = { kind: 'placed', component };
    this.isCurrent = decision.holders.includes(self);
    if (this.isCurrent) this.win(decision);
    else this.lose(statements);
    for (const [name, ask] of decision.needy) this.give(component, name, ask);
    if (component.isFormed) this.presentMembers(component);
    else this.vote(component);
  }

  /** The state of this member goes on. */
  private win({ isFirst, lineage }: Decision): void {
    if (!this.loader?.isComplete) this.loader = null;
    if (!isFirst) return;
    this.state = { lineage, epoch: 0, splitAt: 0, holders: [] };
    this.replica.begin();
    this.submissions.rebase(0);
  }

  /** Another state goes on. This one stays until all of the other one is here (rule 11). */
  private lose(statements: ReadonlyMap<string, Statement>): void {
    const { state } = this;
    this.submissions.doubt();
    this.companions.clear();
    if (!state) return;
    // One that is still being taken in and is not what goes on cannot be kept beside the next one.
    if (!this.replica.isWhole) return this.giveUp();
    const holders = [...statements].filter(([, each]) => each.state?.lineage === state.lineage);
    this.state = { ...state, holders: holders.map(([name]) => name) };
  }

  private vote(component: Component): void {
    const { agreement } = this;
    if (component.isFormed || !component.holders.has(this.self) || !agreement.tag) return;
    this.promised = Math.max(this.promised, component.next);
    this.send({ kind: 'vote', tag: agreement.tag, epoch: component.next });
  }

  /** A quorum has voted for going on. */
  private formed(component: Component): void {
    this.follow(component);
    if (component.holders.has(this.self)) this.tookPart = true;
    if (component.isPrimary) this.presentMembers(component);
  }

  // Places

  private continue(component: Component, view: RecipeView): void {
    component.continue(view);
    this.follow(component);
    if (component.isPrimary) this.presentMembers(component);
    if (this.isContested) this.sendTagged('reopen');
    if (this.loader?.retain(view.members, this.now) === false) this.askAgain();
    // One whose request had no place in the last view asks again.
    else if (this.phase === 'loading' && component.askOf(this.self) !== this.ask) this.makeStatement();
  }

  /** @param view the next one; null: another round in this one */
  private leaveComponent(view: RecipeView | null): void {
    const { place, electorate } = this;
    const along = new Set(view?.cause === 'network' ? view.cameWithMe : this.current?.members);
    if (place.kind === 'placed') {
      const { component } = place;
      if (electorate && component.isPrimary && !this.wasParted) this.companions = new Set(component.holders);
      if (view?.cause === 'network') this.branch(component, view);
      else if (!this.isCurrent) this.pause();
    }
    this.companions = new Set([...this.companions].filter((name) => along.has(name)));
  }

  /** The network has taken members away, or brought them: others may have another end of the component. */
  private branch(component: Component, view: RecipeView): void {
    if (!this.isCurrent) return this.pause();
    component.leave(view.id, view.cameWithMe);
    this.follow(component);
  }

  /** The state that was on its way may not go on; what is here of it can be of use if it does. */
  private pause(): void {
    this.loader?.retain([], this.now);
    if (this.state) this.replica.goBack();
    else this.replica.expect();
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
    if (this.loader?.isComplete) this.loader = null;
    this.isCurrent = false;
    this.replica.expect();
    this.askAgainAt = this.now + DONOR_PATIENCE_MS;
  }

  /** Its place in the order has come, and the state here is what was asked for. */
  private offer({ name, ask, lineage, component }: Asked, steps: number, header: Buffer): void {
    const { place } = this;
    if (place.kind !== 'placed' || place.component.askOf(name) !== ask) return;
    const capture = `${lineage}/${steps}`;
    this.donor.give(name, capture);
    this.sink.sendTo(name, encode({ kind: 'offer', ask, capture, component, header }));
  }

  private offered(donor: string, { ask, capture, component, header }: Message & { kind: 'offer' }): void {
    const { place } = this;
    if (ask !== this.ask || !this.isMember(donor)) return;
    if (place.kind === 'agreeing' && place.missed) this.enter(Component.decode(component), place.missed);
    if (this.place.kind !== 'placed') return;
    if (this.phase !== 'loading') {
      this.contest(Component.decode(component), this.place.component);
      return;
    }
    if (this.isCurrent) return;
    this.askAgainAt = Infinity;
    if (this.loader?.capture !== capture) this.load(capture, header);
    this.loader?.offered(donor, this.now);
  }

  /** Rule 13. Somebody went on while this member believed that nobody did. */
  private contest(theirs: Component | null, { lineage }: Component): void {
    if (!theirs || theirs.lineage === lineage || this.isContested) return;
    this.isContested = true;
    this.sendTagged('reopen');
  }

  /** Others go on, and have given this member a place. @param missed what has come since */
  private enter(
    component: Component | null,
    missed: readonly { readonly sender: string; readonly message: Message }[],
  ): void {
    if (!component) return;
    this.agreement.end();
    this.submissions.doubt();
    this.companions.clear();
    this.place = { kind: 'placed', component };
    this.isCurrent = false;
    this.replica.expect();
    for (const { sender, message } of missed) this.placed(component, sender, message);
  }

  private load(capture: string, header: Buffer): void {
    const { sink } = this;
    this.loader = new Loader(capture, header, this.state === null, {
      sendTo: (name, body) => sink.sendTo(name, body),
      restoreBegin: () => {
        this.replaced();
        sink.restoreBegin();
      },
      restoreChunk: (data) => sink.restoreChunk(data),
      complete: () => this.complete(),
      restoreEnd: () => sink.restoreEnd(),
    });
  }

  /** The state that lost is about to be replaced. */
  private replaced(): void {
    const { options, replica, sink, state } = this;
    this.state = null;
    if (!state || options.quorum !== null) return;
    if (options.merges) this.contributions.keep(state.lineage, state.holders);
    if (replica.position > state.splitAt) sink.thrownBack(replica.position - state.splitAt);
  }

  /** All of the state is here. The machine may need a while to take it in, but nobody else is needed any more. */
  private complete(): void {
    if (this.place.kind !== 'placed') return;
    const { lineage, epoch } = this.place.component;
    this.state = { lineage, epoch, splitAt: 0, holders: [] };
    this.isCurrent = true;
  }

  /** Nobody gives it. */
  private askAgain(): void {
    this.loader?.retain([], this.now);
    this.makeStatement();
  }

  /** Rule 12. One more has the state. */
  private arrived(component: Component, name: string, ask: string): void {
    const wasPrimary = component.isPrimary;
    if (!component.arrived(name, ask)) return;
    this.donor.forget(name);
    if (name === this.self) {
      // Before the signal all daemons have it: nobody of the epoch has gone elsewhere.
      if (component.isFormed && !this.isEnding) this.tookPart = true;
      this.follow(component);
      this.ask = '';
      this.vote(component);
    }
    if (component.isPrimary && !wasPrimary) this.presentMembers(component);
  }

  // What follows from it

  /** Rule 9. Whether what is applied may be told. */
  private get isOpen(): boolean {
    const { place } = this;
    return place.kind === 'placed' && place.component.isPrimary && !(this.isEnding && this.electorate);
  }

  /** Rule 11. Whether inputs of the component belong to the state here, or to the one that it is given. */
  private hasPlace(component: Component): boolean {
    return component.holders.has(this.self) || component.askOf(this.self) !== undefined;
  }

  private take(component: Component, input: Input): void {
    if (component.isPrimary && this.hasPlace(component)) this.replica.run(input);
    else this.replica.drop(input);
  }

  private presentMembers(component: Component): void {
    this.take(component, { kind: 'present', members: this.current?.members ?? [] });
  }

  private follow({ lineage, epoch }: Component): void {
    if (this.state && this.isCurrent) this.state = { ...this.state, lineage, epoch };
  }

  private giveUp(): void {
    this.state = null;
    this.loader = null;
  }

  private split(): void {
    if (this.state && this.isCurrent)
      this.state = { ...this.state, splitAt: Math.max(this.state.splitAt, this.position) };
  }

  private isMember(name: string): boolean {
    return this.current?.members.includes(name) === true;
  }

  private send(message: Message): void {
    this.sink.send(encode(message), this.electorate === null ? 'agreed' : 'safe');
  }

  private sendTagged(kind: 'settle' | 'reopen'): void {
    const { tag } = this.agreement;
    if (tag) this.send({ kind, tag });
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
    const { electorate, place } = this;
    const isApplying = place.kind === 'placed' && place.component.isPrimary;
    const isSole = electorate !== null && this.companions.size >= electorate.quorum;
    if (isApplying || !this.isEnding || !electorate) this.wasParted = !isApplying && !isSole;
    this.sink.changed();
    this.flush();
  }
}
