/** What comes to one member, step by step: which state it is given, and what becomes of the one that it had. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { MAX_SILENCES } from '../../lib/recipes/core/limits.js';
import { Component } from '../../lib/recipes/core/replicated/component.js';
import type { ReplicatedCoreOptions } from '../../lib/recipes/core/replicated/ports.js';
import { A, B, C, D, formed, headerOf, loose, Trace } from './replica-trace.js';

describe('members that are given a state', () => {
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
    const { statement } = trace.last('state');
    expect(statement.ask).not.to.equal(before);
    expect(statement.state?.lineage, 'it has what lost').not.to.equal(9);
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
    trace.offer(formed(before), headerOf(0));
    expect(trace.core.dueAt, 'the donor may be silent').to.equal(3000);
    trace.hear(B, { kind: 'none', capture: '7/0' });
    expect(trace.last('state').statement.ask).not.to.equal(before);
  });

  it('ask again for a state that could not be taken in after a pause, and not at once', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    trace.isSlow = true;
    const before = trace.last('state').statement.ask;
    trace.offer(formed(before), headerOf(0)).chunk('c0').command('c1').core.restored(false);
    expect(trace.lines, 'nothing is applied to what is none').to.deep.equal(['c0']);
    expect(trace.core.dueAt).to.equal(3000);
    const asked = (): string => trace.pass(0).last('state').statement.ask;
    expect([asked(), trace.pass(1999) && asked()]).to.deep.equal([before, before]);
    trace.pass(1);
    expect(asked()).not.to.equal(before);
    trace.isSlow = false;
    trace.lines.length = 0;
    trace.echo('state').offer(formed(asked()), headerOf(0)).chunk('c0').echo('arrived');
    expect([trace.core.phase, trace.core.hasState, trace.lines]).to.deep.equal(['primary', true, ['c0']]);
  });

  it('begin with the first state when the machine is free, where half of another one is in it', () => {
    const trace = new Trace(null).view('join', [A, B, C], [A]).echo('state');
    trace.isSlow = true;
    trace.offer(loose(trace.last('state').statement.ask, 7), headerOf(0)).chunk('half', false);
    expect(trace.aborted).to.equal(0);
    for (let i = 0; i < 2; i++) trace.view('network', [A], [A]).echo('state');
    expect([trace.core.phase, trace.core.hasState, trace.aborted]).to.deep.equal(['primary', false, 1]);
    trace.command('early').core.restored(false);
    expect([trace.core.hasState, trace.lines]).to.deep.equal([true, ['early']]);
    const quick = new Trace(null).view('join', [A, B, C], [A]).echo('state');
    quick.offer(loose(quick.last('state').statement.ask, 7), headerOf(0)).chunk('half', false);
    expect(quick.view('network', [A], [A]).echo('state').core.hasState).to.equal(true);
    expect([quick.aborted, quick.lines]).to.deep.equal([1, []]);
  });

  it('have what they have taken in, where it continues before the machine is free', () => {
    const trace = new Trace(null).view('join', [A, B, C], [A]).echo('state');
    trace.isSlow = true;
    trace.offer(loose(trace.last('state').statement.ask, 7), headerOf(0)).chunk('c0');
    trace.view('network', [A, B], [A]).echo('state').state(B, null).command('c1');
    expect([trace.core.phase, trace.core.hasState, trace.lines]).to.deep.equal(['primary', false, ['c0']]);
    trace.core.restored();
    expect([trace.core.hasState, trace.lines]).to.deep.equal([true, ['c0', 'c1']]);
  });

  it('have a state of which the machine does not want all', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    trace.isSlow = true;
    trace
      .offer(formed(trace.last('state').statement.ask), headerOf(1))
      .chunk('c0', false)
      .core.restored();
    trace.echo('arrived').chunk('late', false);
    expect([trace.core.phase, trace.core.hasState, trace.core.position]).to.deep.equal(['primary', true, 1]);
    expect([trace.core.epoch, trace.lines]).to.deep.equal([5, ['c0']]);
  });

  it('ask again when nobody offers the state for a while', () => {
    const trace = new Trace(null).view('join', [A, B, C], [A]).echo('state').state(B, null).state(C, null);
    trace.view('network', [A, B, C], [A]).echo('state');
    for (const name of [B, C]) trace.state(name, { lineage: 9, epoch: 0, position: 5 });
    const asked = (): string => trace.pass(0).last('state').statement.ask;
    const before = asked();
    expect([trace.core.phase, trace.core.dueAt]).to.deep.equal(['loading', 3000]);
    expect(trace.pass(1999) && asked()).to.equal(before);
    expect(trace.pass(1) && asked()).not.to.equal(before);
  });

  it('ask again when the donor says nothing for long', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    const { ask } = trace.last('state').statement;
    trace.offer(formed(ask), headerOf(0));
    for (let i = 1; i < MAX_SILENCES; i++) trace.pass(2000);
    expect(trace.last('state').statement.ask).to.equal(ask);
    expect(trace.pass(2000).last('state').statement.ask).not.to.equal(ask);
  });

  it('have a state that lost under its own name, whoever comes to those with the other one', () => {
    const trace = new Trace(null).view('join', [A, B, C], [A]).echo('state').state(B, null).state(C, null);
    trace.view('network', [A, B, C], [A]).echo('state');
    const { state } = trace.last('state').statement;
    for (const name of [B, C]) trace.state(name, { lineage: 9, epoch: 0, position: 5 });
    trace.view('join', [A, B, C, D]).view('network', [A], [A]);
    expect(trace.last('state').statement.state).to.deep.equal(state);
  });

  it('take one snapshot from whoever offers it', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    const { ask } = trace.last('state').statement;
    trace.offer(formed(ask), headerOf(0));
    const bytes = { component: formed(ask).encode(), header: headerOf(0) };
    trace.hear(C, { kind: 'offer', ask, capture: '7/0', ...bytes });
    const pulls = trace.said.filter(({ kind }) => kind === 'pull').length;
    expect([trace.restores, pulls]).to.deep.equal([1, 1]);
  });

  it('ask the first of those with the state at once, and another one only after a moment', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    const { ask } = trace.last('state').statement;
    const bytes = { component: formed(ask).encode(), header: headerOf(0) };
    trace.hear(C, { kind: 'offer', ask, capture: '7/0', ...bytes });
    expect([trace.last('pull'), trace.core.dueAt < 2000]).to.deep.equal([undefined, true]);
    trace.offer(formed(ask), headerOf(0));
    expect(trace.last('pull').capture).to.equal('7/0');
  });

  it('ask again for a state that came with a header without sense', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    const before = trace.last('state').statement.ask;
    trace.offer(formed(before), Buffer.from('none')).chunk('c0');
    expect([trace.last('arrived'), trace.core.hasState]).to.deep.equal([undefined, false]);
    trace.pass(2000);
    expect(trace.last('state').statement).to.deep.include({ state: null });
    expect(trace.last('state').statement.ask).not.to.equal(before);
  });

  it('do not ask again while a request has its place and its donors', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    const { ask } = trace.last('state').statement;
    trace.offer(formed(ask), headerOf(0)).view('join', [A, B, C, D], [A, B, C]);
    expect([trace.core.phase, trace.last('state').statement.ask]).to.deep.equal(['loading', ask]);
  });

  it('are not changed by an offer that comes when the state is here', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    const component = formed(trace.last('state').statement.ask);
    trace.offer(component, headerOf(0)).chunk('c0').offer(component, headerOf(0));
    expect(trace.echo('arrived').core.phase).to.equal('primary');
    const { length } = trace.said;
    trace.offer(component, headerOf(0));
    expect([trace.core.hasState, trace.core.phase, trace.lines]).to.deep.equal([true, 'primary', ['c0']]);
    expect([trace.core.dueAt, trace.pass(50).said.length], 'it asks for nothing').to.deep.equal([
      Infinity,
      length,
    ]);
  });

  it('tell no result of what was applied while the state that was taken in had lost', () => {
    const trace = new Trace(2).view('join', [A, B], [A]).echo('state').state(B, null).echo('vote').vote(B, 1);
    trace.core.submit(Buffer.from('mine'));
    const sent = (): number => trace.said.filter(({ kind }) => kind === 'command').length;
    const loses = (lineage: number, epoch: number): void => {
      trace.view('network', [A, B, C], [A]).echo('state');
      for (const name of [B, C]) trace.state(name, { lineage, epoch, position: 3 }, epoch);
      trace.vote(B, epoch + 1).vote(C, epoch + 1);
      expect(trace.core.phase).to.equal('loading');
    };
    loses(7, 4);
    trace.isSlow = true;
    trace
      .offer(formed(trace.last('state').statement.ask), headerOf(0))
      .chunk('c0')
      .echo('command');
    loses(9, 8);
    trace.core.restored();
    expect([trace.lines, trace.settled], 'it belongs to nothing').to.deep.equal([['c0', 'mine'], []]);
    trace.isSlow = false;
    trace
      .echo('state')
      .offer(formed(trace.last('state').statement.ask, 9, 9), headerOf(3))
      .chunk('c1');
    expect(sent()).to.equal(1);
    trace.echo('arrived');
    expect([trace.core.phase, trace.settled, sent()]).to.deep.equal(['primary', [], 2]);
    trace.echo('command');
    expect(trace.settled).to.deep.equal(['1 applied']);
  });

  it('tell a result without a quorum as soon as the command is applied', () => {
    const trace = new Trace(null).view('join', [A, B, C], [A]).echo('state').state(B, null).state(C, null);
    trace.core.submit(Buffer.from('mine'));
    trace.view('network', [A, B, C], [A]).echo('state');
    for (const name of [B, C]) trace.state(name, { lineage: 7, epoch: 0, position: 3 });
    trace.isSlow = true;
    trace
      .offer(loose(trace.last('state').statement.ask, 7), headerOf(0))
      .chunk('c0')
      .echo('command');
    expect(trace.settled).to.deep.equal([]);
    trace.core.restored();
    expect([trace.core.phase, trace.settled]).to.deep.equal(['loading', ['1 applied']]);
  });

  it('give up no command for a state that has lost while it was taken in', () => {
    const trace = new Trace(null).view('join', [A, B, C], [A]).echo('state').state(B, null).state(C, null);
    trace.core.submit(Buffer.from('mine'));
    const { instance, ticket, sequence, payload } = trace.last('command');
    trace.view('network', [A, B, C], [A]).echo('state');
    for (const name of [B, C]) trace.state(name, { lineage: 7, epoch: 0, position: 3 });
    trace.isSlow = true;
    const withMine = headerOf(0, { kind: 'command', instance, ticket, sequence, payload });
    trace.offer(loose(trace.last('state').statement.ask, 7), withMine).chunk('c0 mine');
    trace.view('network', [A, B, C], [A]).echo('state');
    for (const name of [B, C]) trace.state(name, { lineage: 9, epoch: 0, position: 5 });
    trace.core.restored();
    expect([trace.core.phase, trace.settled]).to.deep.equal(['loading', []]);
    trace.isSlow = false;
    trace
      .echo('state')
      .offer(loose(trace.last('state').statement.ask, 9), headerOf(0))
      .chunk('c0');
    trace.echo('arrived').echo('command');
    expect([trace.lines.slice(-2), trace.settled]).to.deep.equal([['c0', 'mine'], ['1 applied']]);
  });

  it('apply no command twice where the state that it is in lost, and is then the one that continues', () => {
    const trace = new Trace(2).view('join', [A, B], [A]).echo('state').state(B, null).echo('vote').vote(B, 1);
    trace.core.submit(Buffer.from('mine'));
    trace.signal().echo('command');
    expect([trace.lines, trace.settled], 'a quorum has to stand behind it').to.deep.equal([['mine'], []]);
    trace.view('network', [A, B, C], [A]).echo('state');
    for (const name of [B, C]) trace.state(name, { lineage: 7, epoch: 4, position: 3 }, 4);
    expect(trace.core.phase).to.equal('loading');
    trace.view('network', [A, B], [A]).echo('state').state(B, trace.last('state').statement.state, 1);
    trace.echo('vote').vote(B, trace.last('vote').epoch);
    expect([trace.core.phase, trace.settled]).to.deep.equal(['primary', ['1 unknown']]);
    expect(trace.said.filter(({ kind }) => kind === 'command').length).to.equal(1);
  });

  it('tell the result of a command that comes back late, into the first state that all begin with', () => {
    for (const isBusy of [false, true]) {
      const trace = new Trace(2).view('join', [A, B], [A]).echo('state').state(B, null);
      trace.echo('vote').vote(B, 1).core.submit(Buffer.from('mine'));
      // Two others have another state, which the machine cannot take in: now it has none.
      trace.view('network', [A, B, C], [A]).echo('state');
      for (const name of [B, C]) trace.state(name, { lineage: 7, epoch: 4, position: 3 }, 4);
      trace.isSlow = true;
      trace.offer(formed(trace.last('state').statement.ask), headerOf(0)).chunk('c0');
      trace.core.restored(false);
      trace.view('network', [A, B, C], [A]).echo('state');
      if (isBusy) {
        trace.offer(formed(trace.last('state').statement.ask), headerOf(0)).chunk('half', false);
        trace.view('network', [A, B, C], [A]).echo('state');
      }
      trace.signal().state(B, null).state(C, null).echo('vote').vote(B, trace.last('vote').epoch);
      expect([trace.core.phase, trace.core.isWritable], `${isBusy}`).to.deep.equal(['primary', false]);
      trace.echo('command');
      if (isBusy) trace.core.restored(false);
      expect([trace.lines, trace.settled], `${isBusy}`).to.deep.equal([['mine'], []]);
      trace.view('network', [A, B], [A, B]).echo('state').state(B, trace.last('state').statement.state);
      trace.echo('vote').vote(B, trace.last('vote').epoch);
      expect([trace.core.phase, trace.settled], `${isBusy}`).to.deep.equal(['primary', ['1 applied']]);
    }
  });

  it('have no state where the machine wants no more of it before it is known whose state continues', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    trace.isSlow = true;
    trace.offer(formed(trace.last('state').statement.ask), headerOf(0)).chunk('c0', false);
    trace.view('network', [A, B], [A]).core.restored();
    expect([trace.core.phase, trace.core.hasState]).to.deep.equal(['agreeing', false]);
    trace.view('network', [A, B], [A, B]);
    expect(trace.last('state').statement.state).to.equal(null);
  });

  it('are not changed by a machine that is ready without having been given anything', () => {
    const joining = new Trace(null);
    joining.core.restored();
    expect([joining.core.phase, joining.core.hasState]).to.deep.equal(['joining', false]);
    const trace = new Trace(null).view('join', [A, B], [A]).echo('state').state(B, null).command('mine');
    // It has lost, and half of the other state is here.
    trace.view('network', [A, B, C], [A]).echo('state').state(B, { lineage: 9, epoch: 0, position: 3 });
    trace.state(C, { lineage: 9, epoch: 0, position: 3 });
    const component = new Component({ quorum: null, lineage: 9, epoch: 0, next: 1, holders: [B, C] });
    component.asked(A, trace.last('state').statement.ask);
    trace.offer(component, headerOf(3)).chunk('c0', false).view('network', [A], [A]);
    trace.core.restored();
    expect([trace.lines, trace.core.position]).to.deep.equal([['mine'], 1]);
    expect([trace.echo('state').core.hasState, trace.core.phase]).to.deep.equal([true, 'primary']);
  });

  it('are given another state after one that they were given', () => {
    const trace = new Trace(null).view('join', [A, B, C], [A]).echo('state');
    const given = (lineage: number, text: string): void => {
      const component = new Component({ quorum: null, lineage, epoch: 0, next: 1, holders: [B, C] });
      component.asked(A, trace.last('state').statement.ask);
      trace.offer(component, headerOf(0)).chunk(text).echo('arrived');
    };
    given(7, 'one');
    expect([trace.core.hasState, trace.core.phase]).to.deep.equal([true, 'primary']);
    trace.view('network', [A, B, C], [A]).echo('state');
    for (const name of [B, C]) trace.state(name, { lineage: 9, epoch: 0, position: 5 });
    expect([trace.core.hasState, trace.core.phase]).to.deep.equal([false, 'loading']);
    given(9, 'two');
    expect(trace.thrown, 'there was nothing to throw back').to.deep.equal([]);
    expect([trace.core.hasState, trace.core.phase, trace.lines.at(-1)]).to.deep.equal([
      true,
      'primary',
      'two',
    ]);
  });

  it('offer the state for the last request alone, where they come to several at once', () => {
    const trace = new Trace(2).view('join', [A, B, C, D], [A]).echo('state');
    trace.isSlow = true;
    trace.offer(formed(trace.last('state').statement.ask), headerOf(0)).chunk('c0');
    const { tag } = trace.last('state');
    for (const ask of ['first', 'second']) {
      const statement = { label: 'x', state: null, tookPart: false, promised: 0, ask };
      trace.hear(D, { kind: 'state', tag, statement, silent: [] });
    }
    trace.core.restored();
    const offers = trace.said.flatMap((each) => (each.kind === 'offer' ? each.ask : []));
    expect(offers).to.deep.equal(['second']);
  });

  it('offer nothing where it is not known yet whose state continues', () => {
    const trace = new Trace(2).view('join', [A, B, C, D], [A]).echo('state');
    trace.isSlow = true;
    trace
      .offer(formed(trace.last('state').statement.ask), headerOf(0))
      .chunk('c0')
      .state(D, null);
    trace.view('network', [A, B], [A]).core.restored();
    expect([trace.core.phase, trace.last('offer'), trace.lines]).to.deep.equal([
      'agreeing',
      undefined,
      ['c0'],
    ]);
  });

  /** Two others have another state, and this member takes that over. */
  function lost(options: Partial<ReplicatedCoreOptions>): Trace {
    const label = options.label ?? '';
    const trace = new Trace(null, A, options).view('join', [A]).echo('state').command('mine');
    trace.view('network', [B, A, C], [A]).echo('state');
    const { tag } = trace.last('state');
    for (const name of [B, C]) {
      const state = { lineage: 9, epoch: 0, position: 5 };
      const statement = { label, state, tookPart: false, promised: 0, ask: `${name} asks` };
      trace.hear(name, { kind: 'state', tag, statement, silent: [] });
    }
    const component = new Component({ quorum: null, lineage: 9, epoch: 0, next: 1, holders: [B, C] });
    component.asked(A, trace.last('state').statement.ask);
    return trace.offer(component, headerOf(0)).chunk('theirs').echo('arrived');
  }

  it('keep a state that lost for those who can merge, and for nobody else', () => {
    const kept = ({ captured }: Trace): number => captured.filter((id) => id.startsWith('lost ')).length;
    expect([lost({}), lost({ merges: false }), lost({ merges: true })].map(kept)).to.deep.equal([0, 0, 1]);
  });

  it('send a state that lost again when somebody comes before all of it is merged, and give it back then', () => {
    const trace = lost({ merges: true });
    const [id] = trace.captured.filter((each) => each.startsWith('lost ')) as [string];
    const parts = (): number => trace.said.filter(({ kind }) => kind === 'part').length;
    trace.core.contribution(id, Buffer.from('mine'));
    expect(parts()).to.equal(1);
    trace.view('join', [A, B, C, D], [A, B, C]);
    expect([parts(), trace.released]).to.deep.equal([2, []]);
    trace.echo('part').view('join', [A, B, C], [A, B, C]);
    expect([parts(), trace.released]).to.deep.equal([2, [id]]);
  });

  it('throw back also what was applied before a member ended or left, which loses nobody to the network', () => {
    const trace = new Trace(null).view('join', [A, B], [A]).echo('state').state(B, null).command('one');
    trace.view('disconnect', [A]).command('two').view('network', [A, B, C], [A]).echo('state');
    for (const name of [B, C]) trace.state(name, { lineage: 9, epoch: 0, position: 5 });
    const component = new Component({ quorum: null, lineage: 9, epoch: 0, next: 1, holders: [B, C] });
    component.asked(A, trace.last('state').statement.ask);
    trace.offer(component, headerOf(0)).chunk('theirs');
    expect([trace.core.phase, trace.thrown]).to.deep.equal(['loading', [2]]);
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

  it('throw back what a state applied that lost, though members are lost again before the other one is here', () => {
    const trace = new Trace(null).view('join', [A]).echo('state').command('mine');
    trace.view('network', [A, B, C], [A]).echo('state');
    for (const name of [B, C]) trace.state(name, { lineage: 9, epoch: 0, position: 5 });
    expect(trace.view('network', [A, B]).core.phase).to.equal('loading');
    const { ask } = trace.last('state').statement;
    trace.offer(loose(ask, 9), headerOf(0)).chunk('theirs');
    expect([trace.thrown, trace.lines.at(-1)]).to.deep.equal([[1], 'theirs']);
  });

  it('throw nothing back with a quorum, which nothing was told without', () => {
    const trace = new Trace(2).view('join', [A, B], [A]).echo('state').state(B, null);
    trace.echo('vote').vote(B, 1).command('mine').view('network', [A, B, C], [A, B]).echo('state');
    trace.state(B, trace.last('state').statement.state);
    trace.state(C, { lineage: 7, epoch: 4, position: 3 }, 4);
    expect([trace.core.phase, trace.lines]).to.deep.equal(['loading', ['mine']]);
    const { ask } = trace.last('state').statement;
    const bytes = { component: formed(ask).encode(), header: headerOf(0) };
    trace.hear(C, { kind: 'offer', ask, capture: '7/0', ...bytes });
    trace.hear(C, { kind: 'chunk', capture: '7/0', offset: 0, isLast: true, data: Buffer.from('theirs') });
    expect([trace.lines.at(-1), trace.thrown]).to.deep.equal(['theirs', []]);
  });

  it('replicate nothing by name where nobody names it', () => {
    const trace = lost({});
    expect([trace.misfits, trace.core.hasState, trace.last('state').statement.label]).to.deep.equal([
      [],
      true,
      '',
    ]);
  });
});
