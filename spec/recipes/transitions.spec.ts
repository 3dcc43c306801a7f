/** One member and what it is given, step by step: which phase follows, and what it says. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { RecipeView } from '../../lib/recipes/core/port.js';
import { Component } from '../../lib/recipes/core/replicated/component.js';
import { ReplicatedCore } from '../../lib/recipes/core/replicated/core.js';
import { decode, encode, type Held, type Message } from '../../lib/recipes/core/replicated/messages.js';

const [A, B, C, D] = ['#a#d1', '#b#d2', '#c#d3', '#d#d4'];
type Id = RecipeView['id'];

class Trace {
  readonly said: Message[] = [];
  readonly services: string[] = [];
  readonly lines: string[] = [];
  readonly misfits: string[] = [];
  readonly thrown: number[] = [];
  core: ReplicatedCore;
  /** Whether the machine needs a while to take in a state, until the test says `restored`. */
  isSlow = false;
  private now = 1000;
  private id: Id = [1, 1, 1];

  constructor(quorum: number | null, self: string = A) {
    this.core = new ReplicatedCore(
      self,
      1,
      {
        reset: () => void (this.lines.length = 0),
        apply: (command) => this.lines.push(command.toString()),
        present: () => undefined,
        merge: () => undefined,
      },
      {
        send: (body, service) => {
          this.said.push(decode(body) as Message);
          this.services.push(service);
        },
        sendTo: (_, body) => void this.said.push(decode(body) as Message),
        capture: () => undefined,
        release: () => undefined,
        supply: () => undefined,
        restoreBegin: () => undefined,
        restoreChunk: (data) => void this.lines.push(...data.toString().split(' ')),
        restoreEnd: () => !this.isSlow && this.core.restored(),
        restoreAbort: () => this.core.restored(false),
        contribute: () => undefined,
        settled: () => undefined,
        rolledBack: (commands) => void this.thrown.push(commands),
        misfit: (label) => void this.misfits.push(label),
        changed: () => undefined,
        doubted: () => undefined,
        malformed: () => undefined,
      },
      { quorum, label: 'x' },
    );
  }

  /** A view, @param along by default all of them. */
  view(cause: RecipeView['cause'], members: readonly string[], along = members): this {
    const [daemon, time, count] = this.id;
    this.id = cause === 'network' ? [daemon, time + 1, 1] : [daemon, time, count + 1];
    this.core.view({ id: this.id, cause, members, cameWithMe: along }, this.now);
    return this;
  }

  signal(): this {
    this.core.transition(this.now);
    return this;
  }

  hear(sender: string, message: Message): this {
    this.core.message(sender, encode(message), this.now);
    return this;
  }

  state(sender: string, state: Held | null, promised = 0, tookPart = state !== null): this {
    const statement = { label: 'x', state, tookPart, promised, ask: `${sender} asks` };
    return this.hear(sender, { kind: 'state', tag: this.tag, statement, silent: [] });
  }

  /** What this member said last comes back to it, as everything does that is sent to a group. */
  echo(kind: Message['kind']): this {
    return this.hear(A, this.last(kind));
  }

  vote(sender: string, epoch: number): this {
    return this.hear(sender, { kind: 'vote', tag: this.tag, epoch });
  }

  command(text: string): this {
    const payload = Buffer.from(text);
    const sequence = this.commands++;
    return this.hear(B, { kind: 'command', instance: 9, ticket: sequence, sequence, payload });
  }
  private commands = 1;

  last<K extends Message['kind']>(kind: K): Message & { kind: K } {
    return this.said.findLast((each) => each.kind === kind) as Message & { kind: K };
  }

  /** B gives the state for what this member asked with last. */
  offer(component: Component, header: Buffer): this {
    const { statement } = this.last('state');
    const bytes = component.encode();
    return this.hear(B, { kind: 'offer', ask: statement.ask, capture: '7/0', component: bytes, header });
  }

  chunk(text: string): this {
    return this.hear(B, { kind: 'chunk', capture: '7/0', offset: 0, isLast: true, data: Buffer.from(text) });
  }

  pass(milliseconds: number): this {
    this.now += milliseconds;
    this.core.tick(this.now);
    return this;
  }

  private get tag(): { readonly view: Id; readonly round: number } {
    return { view: this.id, round: 0 };
  }
}

/** What stands before a snapshot of a state without commands. */
const headerOf = (position: number): Buffer => {
  const before = new Trace(null, B);
  before.view('join', [B]).hear(B, before.last('state'));
  for (let i = 0; i < position; i++) before.command(`c${i}`);
  before.view('join', [A, B]).state(A, null);
  return before.last('offer').header;
};

/** A component of B and C with an epoch in force, as it is where A asks for the state. */
const formed = (ask: string): Component => {
  const component = new Component({ quorum: 2, lineage: 7, epoch: 4, next: 5, holders: [B, C] });
  component.vote(B, 5);
  component.vote(C, 5);
  component.asked(A, ask);
  return component;
};

describe('the phases of a member', () => {
  it('are joining, agreeing, forming and primary where two of three begin', () => {
    const trace = new Trace(2);
    expect(trace.core.phase).to.equal('joining');
    trace.view('join', [A, B], [A]);
    expect(trace.core.phase).to.equal('agreeing');
    trace.echo('state').state(B, null);
    expect([trace.core.phase, trace.last('vote').epoch]).to.deep.equal(['forming', 1]);
    trace.command('too early').echo('vote');
    expect([trace.core.phase, trace.core.remembers]).to.deep.equal(['forming', false]);
    trace.vote(B, 1).command('c');
    expect([trace.core.phase, trace.core.remembers, trace.core.isWritable]).to.deep.equal([
      'primary',
      true,
      true,
    ]);
    expect(trace.services.every((service) => service === 'safe')).to.equal(true);
  });

  it('are minority when a holder ends, and agreeing when the network changes', () => {
    const trace = new Trace(2).view('join', [A, B], [A]).echo('state').state(B, null);
    trace.echo('vote').vote(B, 1);
    expect(trace.view('disconnect', [A]).core.phase).to.equal('minority');
    expect(trace.command('c').lines).to.deep.equal([]);
    expect(trace.view('network', [A, C], [A]).core.phase).to.equal('agreeing');
    expect(trace.last('state').statement).to.deep.include({ tookPart: true, promised: 1 });
    // One that remembers and a new one, of three, cannot know what is newest.
    expect(trace.echo('state').state(C, null).core.phase).to.equal('agreeing');
    expect(trace.core.isPartitioned).to.equal(true);
  });

  it('are agreeing again in each view before an epoch has formed', () => {
    const trace = new Trace(2).view('join', [A, B], [A]).echo('state').state(B, null);
    trace.vote(B, 1);
    expect(trace.view('join', [A, B, C], [A, B]).core.phase).to.equal('agreeing');
    // A vote of the view before counts no more.
    trace.echo('vote');
    expect(trace.core.phase).to.equal('agreeing');
  });

  it('are loading until the state is here, and nothing is dropped meanwhile', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    const { ask } = trace.last('state').statement;
    trace.command('c1').offer(formed(ask), headerOf(0)).command('c2');
    expect([trace.core.phase, trace.lines]).to.deep.equal(['loading', []]);
    trace.chunk('c0');
    expect([trace.core.phase, trace.lines]).to.deep.equal(['loading', ['c0', 'c1', 'c2']]);
    trace.echo('arrived');
    expect([trace.core.phase, trace.core.remembers, trace.core.epoch]).to.deep.equal(['primary', true, 5]);
    expect(new Set(trace.services)).to.deep.equal(new Set(['safe']));
  });

  it('take no part in an epoch by arriving after the transitional signal: somebody may have gone elsewhere', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    trace.offer(formed(trace.last('state').statement.ask), headerOf(0)).chunk('c0');
    trace.signal().echo('arrived');
    expect([trace.core.hasState, trace.core.remembers, trace.core.isWritable]).to.deep.equal([
      true,
      false,
      false,
    ]);
    trace.view('network', [A, B], [A, B]);
    expect(trace.last('state').statement).to.deep.include({ tookPart: false });
  });

  it('ask again when what was asked had no place in the view', () => {
    const trace = new Trace(null).view('join', [A, B], [A]);
    // The round is settled before the own statement is there, and another one joins.
    trace.state(B, null).hear(B, { kind: 'settle', tag: trace.last('state').tag });
    expect(trace.core.phase).to.equal('loading');
    const before = trace.last('state').statement.ask;
    trace.view('join', [A, B, C], [A, B]);
    expect(trace.last('state').statement.ask).not.to.equal(before);
  });

  it('ask again when the machine is free, and not before, where what it takes in has lost meanwhile', () => {
    const trace = new Trace(null).view('join', [A, B, C], [A]).echo('state');
    trace.isSlow = true;
    const { ask } = trace.last('state').statement;
    const component = new Component({ quorum: null, lineage: 7, epoch: 4, next: 5, holders: [B, C] });
    component.asked(A, ask);
    trace.offer(component, headerOf(0)).chunk('c0').view('network', [A, B], [A]);
    trace.state(B, { lineage: 9, epoch: 50, position: 3 });
    trace.hear(B, { kind: 'settle', tag: trace.last('state').tag });
    const before = trace.last('state').statement.ask;
    trace.view('join', [A, B, C], [A, B]);
    expect([trace.core.phase, trace.last('state').statement.ask]).to.deep.equal(['loading', before]);
    trace.core.restored();
    expect(trace.last('state').statement.ask).not.to.equal(before);
  });

  it('ask again when the donors end, though others have the state since', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    const before = trace.last('state').statement.ask;
    trace.offer(formed(before), headerOf(0)).view('disconnect', [A, C]);
    expect(trace.last('state').statement.ask).not.to.equal(before);
  });

  it('ask again when no donor has the snapshot any more', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    const before = trace.last('state').statement.ask;
    trace.offer(formed(before), headerOf(0)).hear(B, { kind: 'none', capture: '7/0' });
    expect(trace.last('state').statement.ask).not.to.equal(before);
  });

  it('ask again for a state that could not be taken in after a pause, and not at once', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    trace.isSlow = true;
    const before = trace.last('state').statement.ask;
    trace.offer(formed(before), headerOf(0)).chunk('c0').core.restored(false);
    const asked = (): string => trace.pass(0).last('state').statement.ask;
    expect([asked(), trace.pass(1999) && asked()]).to.deep.equal([before, before]);
    trace.pass(1);
    expect(asked()).not.to.equal(before);
  });

  it('reopen a round when a late statement could change it', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state').state(B, null);
    trace.pass(1000).echo('settle');
    expect(trace.core.phase).to.equal('forming');
    trace.state(C, { lineage: 3, epoch: 8, position: 2 });
    expect(trace.last('reopen').tag.round).to.equal(0);
    expect(trace.echo('reopen').core.phase).to.equal('agreeing');
    expect(trace.last('state').tag.round).to.equal(1);
  });

  it('reopen the round, once in each view, when others continue with another state beside this one', () => {
    const trace = new Trace(null).view('join', [A, B, C], [A]).echo('state');
    trace.state(B, { lineage: 5, epoch: 0, position: 1 }).pass(1000).echo('settle');
    expect(trace.core.phase).to.equal('loading');
    const reopened = (): number => trace.said.filter(({ kind }) => kind === 'reopen').length;
    const component = (lineage: number): Component => {
      const made = new Component({ quorum: null, lineage, epoch: 0, next: 1, holders: [B, C] });
      made.asked(A, trace.last('state').statement.ask);
      return made;
    };
    trace.offer(component(5), headerOf(0));
    expect(reopened()).to.equal(0);
    trace.offer(component(7), headerOf(0)).offer(component(7), headerOf(0));
    expect(reopened()).to.equal(1);
    trace.view('join', [A, B, C, D], [A, B, C]);
    expect(reopened()).to.equal(2);
    trace.view('network', [A, B], [A]).echo('state').state(B, null).view('join', [A, B, C], [A, B]);
    expect(reopened()).to.equal(2);
  });

  it('do not reopen for a late one that holds what was decided, or was known: that is given the state', () => {
    const trace = new Trace(null).view('join', [A, B, C], [A]).echo('state').state(B, null);
    trace.pass(1000).echo('settle');
    const { lineage } = trace.core.phase === 'primary' ? { lineage: 1 } : { lineage: 0 };
    expect(lineage).to.equal(1);
    trace.state(C, null);
    expect([trace.last('reopen'), trace.last('offer').ask]).to.deep.equal([undefined, `${C} asks`]);
    trace.state(B, { lineage: 99, epoch: 0, position: 9 });
    expect(trace.last('reopen')).to.equal(undefined);
  });

  it('take the word of members alone, for what they asked with last', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    const { ask } = trace.last('state').statement;
    const misfit = (sender: string, asked: string): void =>
      void trace.hear(sender, { kind: 'misfit', ask: asked, label: 'other' });
    misfit(D, ask);
    misfit(B, 'another');
    expect(trace.misfits).to.deep.equal([]);
    misfit(B, ask);
    expect(trace.misfits).to.deep.equal(['other']);
    const bytes = formed(ask).encode();
    const offer = { kind: 'offer', capture: '7/0', component: bytes, header: headerOf(0) } as const;
    trace.hear(D, { ...offer, ask }).hear(B, { ...offer, ask: 'another' });
    trace.hear(B, { ...offer, ask, component: Buffer.from('none') });
    expect(trace.core.phase).to.equal('agreeing');
    trace.hear(B, { ...offer, ask });
    expect(trace.core.phase).to.equal('loading');
  });

  it('are told of another thing that is replicated, by the round or by those who hold it', () => {
    const other = (label: string, state: Held | null) => ({
      label,
      state,
      tookPart: false,
      promised: 0,
      ask: 'theirs',
    });
    const trace = new Trace(null).view('join', [A, B], [A]).echo('state');
    const { tag } = trace.last('state');
    const held = { lineage: 5, epoch: 0, position: 1 };
    trace.hear(B, { kind: 'state', tag, statement: other('y', held), silent: [] });
    expect([trace.misfits, trace.core.phase]).to.deep.equal([['y'], 'agreeing']);
    const holder = new Trace(null).view('join', [A, B], [A]).echo('state').pass(1000).echo('settle');
    expect(holder.core.phase).to.equal('primary');
    const late = { kind: 'state', tag: holder.last('state').tag, silent: [] } as const;
    holder.hear(B, { ...late, statement: other('y', held) });
    expect(holder.last('misfit')).to.deep.include({ ask: 'theirs', label: 'x' });
    expect(holder.last('reopen')).to.equal(undefined);
  });

  it('throw back what was applied since members were lost to the network, whoever came since', () => {
    const trace = new Trace(null).view('join', [A, B, C], [A]).echo('state').state(B, null);
    trace.state(C, null).command('c1').view('network', [A], [A]).command('c2');
    trace.view('join', [A, D], [A]).command('c3').view('network', [A, B, C, D], [A, D]).echo('state');
    const theirs = { lineage: 99, epoch: 0, position: 9 };
    trace.state(B, theirs).state(C, theirs).pass(1000).echo('settle');
    expect(trace.core.phase).to.equal('loading');
    const component = new Component({ quorum: null, lineage: 99, epoch: 0, next: 1, holders: [B, C] });
    component.asked(A, trace.last('state').statement.ask);
    trace.offer(component, headerOf(0)).chunk('other');
    expect([trace.thrown, trace.lines.at(-1)]).to.deep.equal([[2], 'other']);
  });

  it('do not ask again while a request has its place and its donors', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    const { ask } = trace.last('state').statement;
    trace.offer(formed(ask), headerOf(0)).view('join', [A, B, C, D], [A, B, C]);
    expect([trace.core.phase, trace.last('state').statement.ask]).to.deep.equal(['loading', ask]);
  });

  it('lose no command that comes back while it is not known whose state continues', () => {
    const trace = new Trace(null).view('join', [A, B], [A]).echo('state').state(B, null);
    trace.core.submit(Buffer.from('mine'));
    const sent = (): number => trace.said.filter(({ kind }) => kind === 'command').length;
    trace.view('network', [A, B, C], [A, B]).echo('state').echo('command');
    expect([sent(), trace.lines]).to.deep.equal([1, []]);
    trace.state(B, trace.last('state').statement.state).state(C, null);
    expect([trace.core.phase, sent()]).to.deep.equal(['primary', 2]);
    expect(trace.echo('command').lines).to.deep.equal(['mine']);
  });

  it('are not changed by an offer that comes when the state is here', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    const component = formed(trace.last('state').statement.ask);
    trace.offer(component, headerOf(0)).chunk('c0').offer(component, headerOf(0));
    expect(trace.echo('arrived').core.phase).to.equal('primary');
    trace.offer(component, headerOf(0));
    expect([trace.core.hasState, trace.core.phase, trace.lines]).to.deep.equal([true, 'primary', ['c0']]);
  });

  it('are none that a message before the first view could change', () => {
    const trace = new Trace(null);
    trace.hear(B, { kind: 'misfit', ask: '', label: 'other' }).command('c');
    trace
      .hear(B, { kind: 'none', capture: '' })
      .hear(B, { kind: 'pull', capture: '', offset: 0, until: 1, restart: true });
    expect([trace.core.phase, trace.lines, trace.misfits]).to.deep.equal(['joining', [], []]);
  });

  it('end with left', () => {
    const trace = new Trace(null).view('join', [A]).echo('state');
    expect(trace.core.phase).to.equal('primary');
    trace.core.left();
    expect([trace.core.phase, trace.core.dueAt, trace.core.hasState]).to.deep.equal([
      'left',
      Infinity,
      false,
    ]);
  });
});
