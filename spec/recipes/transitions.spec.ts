/** What comes to one member, step by step: which phase follows, and what it says. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { firstLineage } from '../../lib/primary/lineage.js';
import { LAST_EPOCH } from '../../lib/primary/ballot.js';
import { Component } from '../../lib/recipes/core/replicated/component.js';
import type { Held, Message } from '../../lib/recipes/core/replicated/messages.js';
import { A, B, C, D, formed, headerOf, loose, Trace } from './replica-trace.js';

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

  it('are not writable from the transitional signal to the next view of the network, whoever joins', () => {
    const trace = new Trace(2).view('join', [A, B], [A]).echo('state').state(B, null);
    trace.echo('vote').vote(B, 1);
    expect([trace.core.isWritable, trace.signal().core.isWritable]).to.deep.equal([true, false]);
    trace.view('join', [A, B, C], [A, B]);
    expect([trace.core.phase, trace.core.isWritable]).to.deep.equal(['primary', false]);
    trace.view('network', [A, B], [A, B]).echo('state').state(B, trace.last('state').statement.state);
    trace.echo('vote').vote(B, 2);
    expect([trace.core.phase, trace.core.isWritable]).to.deep.equal(['primary', true]);
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
    expect(trace.core.hasState, 'the others have to know').to.equal(false);
    expect(trace.last('state').statement.ask, 'it asks once').to.equal(ask);
    trace.echo('arrived');
    expect([trace.core.phase, trace.core.remembers, trace.core.epoch]).to.deep.equal(['primary', true, 5]);
    expect(trace.core.hasState).to.equal(true);
    expect(trace.last('vote'), 'it is in force already').to.equal(undefined);
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

  it('are told who is there with the first state, and at each change', () => {
    const trace = new Trace(null).view('join', [A, B], [A]).echo('state');
    expect(trace.presented).to.deep.equal([]);
    trace.state(B, null);
    expect(trace.presented).to.deep.equal([`${A} ${B}`]);
    trace.view('disconnect', [A]);
    expect(trace.presented).to.deep.equal([`${A} ${B}`, A]);
    trace.core.submit(Buffer.from('c'));
    expect(new Set(trace.services), 'statements and the rest').to.deep.equal(new Set(['safe', 'agreed']));
    const voting = new Trace(2).view('join', [A, B], [A]).echo('state').state(B, null).echo('vote');
    expect(voting.presented).to.deep.equal([]);
    expect(voting.vote(B, 1).presented).to.deep.equal([`${A} ${B}`]);
    voting.view('disconnect', [A]).view('join', [A, C]).state(C, null);
    expect([voting.core.phase, voting.presented.length], 'too few to apply anything').to.deep.equal([
      'minority',
      1,
    ]);
    voting.hear(C, { kind: 'arrived', ask: `${C} asks` });
    expect([voting.core.phase, voting.presented.at(-1)]).to.deep.equal(['primary', `${A} ${C}`]);
    voting.view('join', [A, C, D]).state(D, null);
    const { length } = voting.presented;
    expect(voting.hear(D, { kind: 'arrived', ask: `${D} asks` }).presented.length).to.equal(length);
  });

  it('vote for no epoch of a state that they do not have, nor for one below one that they voted for', () => {
    const unformed = (lineage: number, next: number, others: readonly string[]): Component => {
      const component = new Component({ quorum: 2, lineage, epoch: 0, next, holders: others });
      component.asked(A, trace.last('state').statement.ask);
      return component;
    };
    const far = 100_000_000;
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    for (const name of [B, C]) trace.state(name, { lineage: 7, epoch: far, position: 0 });
    expect([trace.core.phase, trace.last('vote')]).to.deep.equal(['loading', undefined]);
    trace
      .offer(unformed(7, far + 1, [B, C]), headerOf(0))
      .chunk('c0')
      .echo('arrived');
    expect([trace.core.phase, trace.last('vote').epoch]).to.deep.equal(['forming', far + 1]);
    // The others do not count on it, for nobody else knows of such an epoch.
    trace.view('network', [A, B, C], [A]).echo('state').state(B, null).state(C, null);
    expect(trace.doubted).to.deep.equal([A]);
    const { view, round } = trace.last('state').tag;
    trace
      .offer(unformed(firstLineage(view, round), 1, [B, C]), headerOf(0))
      .chunk('c1')
      .echo('arrived');
    expect([trace.core.phase, trace.core.hasState]).to.deep.equal(['forming', true]);
    expect(trace.said.filter(({ kind }) => kind === 'vote').length).to.equal(1);
  });

  it('take no part in an epoch that forms while they are loading', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    for (const name of [B, C]) trace.state(name, { lineage: 7, epoch: 4, position: 0 }, 4);
    trace.vote(B, 5).vote(C, 5).view('join', [A, B, C, D]).state(D, null);
    trace.hear(D, { kind: 'arrived', ask: `${D} asks` });
    expect([trace.core.phase, trace.core.epoch]).to.deep.equal(['loading', 0]);
    trace.view('network', [A, B], [A]);
    expect(trace.last('state').statement).to.deep.include({ tookPart: false, state: null });
  });

  it('vote for the last epoch again and again', () => {
    const trace = new Trace(2).view('join', [A, B], [A]).echo('state').state(B, null).echo('vote').vote(B, 1);
    const { length } = trace.said;
    for (let i = 0; i < 2; i++) {
      trace.view('network', [A, B, C], [A, B]).echo('state');
      trace.state(B, trace.last('state').statement.state, LAST_EPOCH).state(C, null, LAST_EPOCH);
      trace.echo('vote').vote(B, LAST_EPOCH);
      expect(trace.core.phase).to.equal('primary');
    }
    const votes = trace.said.slice(length).flatMap((each) => (each.kind === 'vote' ? each.epoch : []));
    expect(votes).to.deep.equal([LAST_EPOCH, LAST_EPOCH]);
  });

  it('have states with different names where they come from different sides into a view', () => {
    const lineageOf = (self: string, along: readonly string[]): number | undefined => {
      const trace = new Trace(null, self).view('join', [A, B, C], [self]);
      for (const name of [A, B, C]) trace.state(name, null);
      return trace.view('network', [A, B, C], along).last('state').statement.state?.lineage;
    };
    const [a, b, c] = [lineageOf(A, [A]), lineageOf(B, [B, C]), lineageOf(C, [B, C])];
    expect([a === undefined, a === b, b === c]).to.deep.equal([false, false, true]);
  });

  it('are parted where those that they worked with come from another side', () => {
    const begun = (): Trace =>
      new Trace(2).view('join', [A, B], [A]).echo('state').state(B, null).echo('vote').vote(B, 1);
    expect(begun().view('network', [A, B, C], [A, B]).core.isPartitioned).to.equal(false);
    expect(begun().view('network', [A, B, C], [A]).core.isPartitioned).to.equal(true);
  });

  it('name a member whose epoch is far above all others', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state').state(B, null);
    expect(trace.doubted).to.deep.equal([]);
    trace.state(C, { lineage: 7, epoch: 100_000_000, position: 0 });
    expect([trace.doubted, trace.core.phase]).to.deep.equal([[C], 'forming']);
  });

  it('say nothing in a view that changes nothing for them', () => {
    const trace = new Trace(null).view('join', [A, B], [A]).echo('state').state(B, null);
    const { length } = trace.said;
    trace.view('join', [A, B, C], [A, B]).view('disconnect', [A, B]);
    expect([trace.core.phase, trace.said.length]).to.deep.equal(['primary', length]);
  });

  it('count those who came along from a primary component, also one that said nothing in a round since', () => {
    const E = '#e#d5';
    const trace = new Trace(3).view('join', [A, B, C], [A]).echo('state').state(B, null).state(C, null);
    trace.echo('vote').vote(B, 1).vote(C, 1);
    expect([trace.core.phase, trace.core.isPartitioned]).to.deep.equal(['primary', false]);
    trace.view('network', [A, B, C, D, E], [A, B, C]).echo('state');
    const { state } = trace.last('state').statement;
    trace.state(B, state).state(D, { lineage: 9, epoch: 0, position: 0 }, 0, true).pass(1000).echo('settle');
    expect([trace.core.phase, trace.core.isPartitioned]).to.deep.equal(['forming', false]);
    trace.view('join', [A, B, C, D, E], [A, B, C, D, E]);
    expect([trace.core.phase, trace.core.isPartitioned]).to.deep.equal(['agreeing', false]);
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

  it('reopen no round after the transitional signal: not everybody hears of it in this view', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state').state(B, null);
    trace.pass(1000).echo('settle').state(C, { lineage: 3, epoch: 8, position: 2 });
    expect(trace.signal().echo('reopen').core.phase).to.equal('forming');
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
    for (let i = 0; i < 2; i++) {
      trace.offer(component(7), headerOf(0));
      expect(reopened()).to.equal(1);
    }
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

  it('reopen a round without a quorum for a late one with another state, and not again while it waits', () => {
    const trace = new Trace(null).view('join', [A, B, C], [A]).echo('state').state(B, null);
    trace.pass(1000).echo('settle').state(C, { lineage: 3, epoch: 0, position: 2 });
    expect(trace.last('reopen').tag.round).to.equal(0);
    const knowing = new Trace(null).view('join', [A, B], [A]).echo('state').state(B, null);
    knowing.view('network', [A, B, C], [A, B]).echo('state');
    knowing.state(B, knowing.last('state').statement.state).state(C, { lineage: 3, epoch: 0, position: 2 });
    expect([knowing.core.phase, knowing.last('offer').ask]).to.deep.equal(['primary', `${C} asks`]);
    const { length } = knowing.said;
    knowing.state(C, { lineage: 3, epoch: 0, position: 2 });
    expect(knowing.said.slice(length).map(({ kind }) => kind)).to.deep.equal(['offer']);
  });

  it('are given no place before their own statement has one', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]);
    const { length } = trace.said;
    trace.offer(formed(trace.last('state').statement.ask), headerOf(0));
    expect([trace.core.phase, trace.said.length]).to.deep.equal(['agreeing', length]);
  });

  it('reopen no round of an epoch in force, whatever state somebody comes with', () => {
    const trace = new Trace(2).view('join', [A, B], [A]).echo('state').state(B, null).echo('vote').vote(B, 1);
    trace.view('join', [A, B, C], [A, B]).state(C, { lineage: 3, epoch: 8, position: 2 });
    expect([trace.last('reopen'), trace.last('offer').ask]).to.deep.equal([undefined, `${C} asks`]);
  });

  it('leave it to those who have the state to tell one with another label', () => {
    const trace = new Trace(2).view('join', [A, B, C, D], [A]).echo('state');
    trace.offer(formed(trace.last('state').statement.ask), headerOf(0));
    const statement = { label: 'y', state: null, tookPart: false, promised: 0, ask: 'theirs' };
    trace.hear(D, { kind: 'state', tag: trace.last('state').tag, statement, silent: [] });
    expect([trace.core.phase, trace.last('misfit')]).to.deep.equal(['loading', undefined]);
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

  it('end no round before a quorum has said something, however long the others take', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state').pass(1000);
    expect(trace.last('settle')).to.equal(undefined);
    trace.state(B, null).pass(1000);
    expect(trace.last('settle').tag.round).to.equal(0);
    const early = new Trace(null).view('join', [A, B, C], [A]).state(B, null).pass(1000);
    expect(early.last('settle'), 'its own words are not there').to.equal(undefined);
    expect(early.echo('state').pass(1000).last('settle').tag.round).to.equal(0);
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

  it('are agreeing in the first view, whatever its cause', () => {
    const trace = new Trace(null).view('network', [A, B], [A]);
    expect([trace.core.phase, trace.core.epoch]).to.deep.equal(['agreeing', 0]);
  });

  it('are none that a message before the first view could change', () => {
    const trace = new Trace(null);
    expect([trace.core.hasState, trace.core.epoch, trace.core.dueAt]).to.deep.equal([false, 0, Infinity]);
    trace.hear(B, { kind: 'misfit', ask: '', label: 'other' }).command('c');
    const component = loose('', 7).encode();
    trace.hear(B, { kind: 'offer', ask: '', capture: '7/0', component, header: headerOf(0) });
    trace
      .hear(B, { kind: 'none', capture: '' })
      .hear(B, { kind: 'pull', capture: '', offset: 0, until: 1, restart: true });
    expect([trace.core.phase, trace.lines, trace.misfits]).to.deep.equal(['joining', [], []]);
  });

  it('count no message that nobody can read, nor what this member never asked for', () => {
    const trace = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    const { ask } = trace.last('state').statement;
    expect(trace.core.message(B, Buffer.from('none'), 1000)).to.equal('malformed');
    const bytes = { component: formed(ask).encode(), header: headerOf(0) };
    const reasonOf = (message: Message): string | null => trace.hear(B, message).reason;
    const answers = (asked: string): (string | null)[] => [
      reasonOf({ kind: 'offer', ask: asked, capture: '7/0', ...bytes }),
      reasonOf({ kind: 'misfit', ask: asked, label: 'other' }),
    ];
    expect(answers('another')).to.deep.equal(['unowed', 'unowed']);
    const pieces = (): (string | null)[] => [
      reasonOf({ kind: 'chunk', capture: '7/0', offset: 9, isLast: false, data: Buffer.alloc(0) }),
      reasonOf({ kind: 'none', capture: '6/0' }),
    ];
    expect(pieces()).to.deep.equal(['unowed', 'unowed']);
    expect([trace.misfits, trace.core.phase]).to.deep.equal([[], 'agreeing']);
    trace.offer(formed(ask), headerOf(0));
    expect([trace.reason, trace.core.phase]).to.deep.equal([null, 'loading']);
    expect(pieces(), 'it has asked this one').to.deep.equal([null, null]);
    trace.core.left();
    expect([answers(ask), trace.misfits], 'right, and too late').to.deep.equal([[null, null], []]);
  });

  it('name a member that sends what no state can be merged from', () => {
    const trace = new Trace(null).view('join', [A, B], [A]).echo('state').state(B, null);
    trace.hear(B, { kind: 'part', past: 7, index: 0, isLast: false, data: Buffer.from('short') });
    expect(trace.malformed).to.deep.equal([B]);
  });

  it('can take a command back that was never sent', () => {
    const trace = new Trace(null);
    const tickets = [1, 2].map((each) => trace.core.submit(Buffer.from(`${each}`))) as [number, number];
    expect([trace.core.withdraw(tickets[0]), trace.core.waiting]).to.deep.equal([true, 1]);
    trace.view('join', [A]).echo('state');
    expect(trace.last('command').ticket).to.equal(tickets[1]);
    expect([trace.core.withdraw(tickets[1]), trace.core.waiting]).to.deep.equal([false, 1]);
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
    const loading = new Trace(2).view('join', [A, B, C], [A]).echo('state');
    loading.offer(formed(loading.last('state').statement.ask), headerOf(0));
    loading.core.left();
    expect(loading.chunk('late').lines, 'what is on its way comes to nothing').to.deep.equal([]);
    expect([loading.core.phase, loading.core.dueAt]).to.deep.equal(['left', Infinity]);
  });
});
