import { expect } from 'chai';
import { MAX_LEAD } from '../../lib/primary/claims.js';
import { LAST_EPOCH } from '../../lib/primary/ballot.js';
import { Component } from '../../lib/recipes/core/replicated/component.js';
import { couldChange } from '../../lib/recipes/core/replicated/decision.js';
import type { Statement } from '../../lib/recipes/core/replicated/messages.js';
import { Separation } from '../../lib/recipes/core/replicated/separation.js';
import { Submitters } from '../../lib/recipes/core/replicated/submitters.js';

const [A, B, C, D] = ['#a#d1', '#b#d2', '#c#d3', '#d#d4'];

const three = (): Component => new Component({ quorum: 2, lineage: 1, epoch: 4, next: 5, holders: [A, B] });

const view = (members: readonly string[], cause: 'disconnect' | 'network' = 'disconnect') =>
  ({ id: [1, 2, 3], members, cause, cameWithMe: members }) as const;

describe('a component of replicated state', () => {
  it('forms with the votes of a quorum of holders, for its own epoch', () => {
    const component = three();
    expect([
      component.vote(A, 5),
      component.vote(A, 5),
      component.vote(B, 4),
      component.vote(C, 5),
    ]).to.deep.equal([false, false, false, false]);
    expect([component.isFormed, component.epoch]).to.deep.equal([false, 4]);
    expect(component.vote(B, 5)).to.equal(true);
    expect([component.isPrimary, component.epoch]).to.deep.equal([true, 5]);
  });

  it('does not count the vote of one that has become a holder since', () => {
    const component = three();
    component.asked(C, 'c.1');
    component.vote(C, 5);
    component.arrived(C, 'c.1');
    expect(component.vote(A, 5)).to.equal(false);
  });

  it('applies commands only while a quorum of holders is there', () => {
    const component = three();
    component.vote(A, 5);
    component.vote(B, 5);
    component.continue(view([A, C]));
    expect([component.isFormed, component.isPrimary]).to.deep.equal([true, false]);
    component.asked(C, 'c.1');
    expect([component.arrived(C, 'c.0'), component.isPrimary]).to.deep.equal([false, false]);
    expect([component.arrived(C, 'c.1'), component.isPrimary]).to.deep.equal([true, true]);
  });

  it('continues in no view before it has formed, and in no view of the network', () => {
    const component = three();
    expect(component.canContinue(view([A, B, C]))).to.equal(false);
    component.vote(A, 5);
    component.vote(B, 5);
    expect(component.canContinue(view([A, B, C]))).to.equal(true);
    expect(component.canContinue(view([A, B], 'network'))).to.equal(false);
    expect(component.canContinue(view([C, D]))).to.equal(false);
  });

  it('does not count the vote of a holder that asks for the state again', () => {
    const component = three();
    component.vote(A, 5);
    component.asked(A, 'a.1');
    expect([component.vote(B, 5), component.isFormed]).to.deep.equal([false, false]);
  });

  it('forgets who waits for the state and ends', () => {
    const component = three();
    component.asked(C, 'c.1');
    component.asked(D, 'd.1');
    component.continue(view([A, B, D]));
    expect([component.askOf(C), component.askOf(D), [...component.holders]]).to.deep.equal([
      undefined,
      'd.1',
      [A, B],
    ]);
  });

  it('has another name on each side of a network that breaks, and the same whoever comes or ends', () => {
    const nameIn = (
      cause: 'disconnect' | 'network',
      cameWithMe: readonly string[],
      quorum?: number,
    ): number => {
      const component = new Component({
        quorum: quorum ?? null,
        lineage: 1,
        epoch: 0,
        next: 1,
        holders: [A, B],
      });
      component.continue({ ...view([A, B], cause), cameWithMe });
      return component.lineage;
    };
    expect(nameIn('disconnect', [A, B])).to.equal(1);
    expect(new Set([1, nameIn('network', [A, B]), nameIn('network', [B])]).size).to.equal(3);
    expect(nameIn('network', [A]), 'by the first of those who came along').to.equal(
      nameIn('network', [A, B]),
    );
    expect(nameIn('network', [A], 2), 'nothing was applied before it formed').to.equal(1);
  });

  it('comes out of its bytes as it was', () => {
    const component = three();
    component.asked(C, 'c.1');
    component.vote(B, 5);
    const copy = Component.decode(component.encode());
    expect(copy?.encode()).to.deep.equal(component.encode());
    expect([copy?.askOf(C), copy?.vote(A, 5)]).to.deep.equal(['c.1', true]);
    expect(Component.decode(component.encode().subarray(0, -1))).to.equal(null);
    const fresh = Component.decode(three().encode());
    expect([fresh?.vote(A, 5), fresh?.vote(B, 5)], 'a quorum is needed').to.deep.equal([false, true]);
  });

  it('is none with an epoch beyond the last one', () => {
    const isRead = (epoch: number, next: number): boolean =>
      Component.decode(new Component({ quorum: 2, lineage: 1, epoch, next, holders: [A] }).encode()) !== null;
    expect([
      isRead(LAST_EPOCH, LAST_EPOCH),
      isRead(LAST_EPOCH + 1, LAST_EPOCH),
      isRead(LAST_EPOCH, LAST_EPOCH + 1),
    ]).to.deep.equal([true, false, false]);
  });
});

describe('a statement that comes after the round', () => {
  const late = (epoch: number | null, promised: number, lineage = 1): Statement => ({
    label: '',
    state: epoch === null ? null : { lineage, epoch, position: 0 },
    tookPart: false,
    promised,
    ask: 'x',
  });

  it('could change it if its sender could not vote for what was decided', () => {
    expect(couldChange(late(4, 4), three(), true)).to.equal(false);
    expect(couldChange(late(null, 5), three(), true)).to.equal(true);
    expect(couldChange(late(5, 0), three(), true)).to.equal(true);
  });

  it('changes nothing if its epoch is further above the one decided than any can be', () => {
    expect(couldChange(late(null, 4 + MAX_LEAD), three(), true)).to.equal(true);
    expect(couldChange(late(null, 5 + MAX_LEAD), three(), true)).to.equal(false);
  });

  it('changes nothing once the epoch has formed', () => {
    const component = three();
    component.vote(A, 5);
    component.vote(B, 5);
    expect(couldChange(late(9, 9), component, true)).to.equal(false);
  });

  it('could change it without a quorum if its sender has another state', () => {
    expect(couldChange(late(0, 0), three(), false)).to.equal(false);
    expect(couldChange(late(0, 0, 2), three(), false)).to.equal(true);
    expect(couldChange(late(null, 0), three(), false)).to.equal(false);
  });
});

describe('whether a member is parted', () => {
  const came = (count: number): Separation => {
    const separation = new Separation(2);
    separation.update(true, false);
    separation.ended(new Set([A, B, C]));
    separation.cameAlong([A, B, C].slice(0, count));
    separation.update(false, false);
    return separation;
  };

  it('depends on how many of the last primary component came along', () => {
    expect([came(3).isPartitioned, came(2).isPartitioned, came(1).isPartitioned]).to.deep.equal([
      false,
      false,
      true,
    ]);
  });

  it('is so before it has worked with anybody, and with those that it met where nothing was applied', () => {
    const separation = new Separation(2);
    expect(separation.isPartitioned).to.equal(true);
    separation.ended(new Set([A, B]));
    separation.update(false, false);
    expect(separation.isPartitioned).to.equal(true);
  });

  it('depends without a quorum on whether anything is applied', () => {
    const separation = new Separation(null);
    separation.update(true, false);
    expect(separation.isPartitioned).to.equal(false);
    separation.update(false, true);
    expect(separation.isPartitioned).to.equal(true);
  });

  it('is so when others go on with another state', () => {
    const separation = came(3);
    separation.lost();
    separation.update(false, false);
    expect(separation.isPartitioned).to.equal(true);
  });

  it('is not told by the transitional signal', () => {
    const separation = new Separation(2);
    separation.update(true, false);
    separation.update(false, true);
    expect(separation.isPartitioned).to.equal(false);
  });
});

describe('the commands of a submitter', () => {
  it('are applied in their order, each once, and never for another member of the same number', () => {
    const submitters = new Submitters();
    expect([1, 1, 3, 2, 1].map((sequence) => submitters.take(A, 7, sequence))).to.deep.equal([
      'next',
      'old',
      'gap',
      'next',
      'old',
    ]);
    expect([submitters.take(B, 7, 2), submitters.take(B, 7, 1)]).to.deep.equal(['gap', 'next']);
    expect([submitters.lastOf(A, 7), submitters.lastOf(B, 7)]).to.deep.equal([2, 1]);
  });
});
