/** Which command of a submitter is its next one, and of how many submitters that is remembered. */
import { expect } from 'chai';
import { BodyWriter, readBody } from '../../lib/recipes/core/codec.js';
import { MAX_PROCESSES, MAX_SUBMITTERS } from '../../lib/recipes/core/limits.js';
import { Submitters } from '../../lib/recipes/core/replicated/submitters.js';
import { A, B, C } from './step-view.js';

/** Each of these processes of the member has had one command applied. */
function have(submitters: Submitters, member: string, ...instances: readonly number[]): void {
  for (const instance of instances) submitters.take(member, instance, 1);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe('submitters', () => {
  it('have their commands taken one after the other, each process by itself', () => {
    const submitters = new Submitters();
    const taken = [1, 1, 3, 2, 1, 2].map((sequence) => submitters.take(A, 7, sequence));
    expect(taken).to.deep.equal(['next', 'old', 'gap', 'next', 'old', 'old']);
    expect([submitters.take(A, 8, 2), submitters.take(A, 8, 1), submitters.take(B, 7, 1)]).to.deep.equal([
      'gap',
      'next',
      'next',
    ]);
    expect([submitters.lastOf(A, 7), submitters.lastOf(B, 7), submitters.lastOf(C, 7)]).to.deep.equal([
      2, 1, 0,
    ]);
    submitters.clear();
    expect(submitters.lastOf(A, 7)).to.equal(0);
  });

  it('are a limited number of processes of one member, those that were heard last', () => {
    const submitters = new Submitters();
    have(submitters, B, 1);
    have(submitters, A, ...upTo(MAX_PROCESSES));
    expect(submitters.take(A, MAX_PROCESSES, 2)).to.equal('next');
    expect(submitters.lastOf(A, 1)).to.equal(1);
    have(submitters, A, MAX_PROCESSES + 1);
    const known = (): number[] => upTo(MAX_PROCESSES + 3).filter((each) => submitters.lastOf(A, each) > 0);
    expect(known()).to.deep.equal(upTo(MAX_PROCESSES + 1).slice(1));
    submitters.take(A, 2, 2);
    have(submitters, A, MAX_PROCESSES + 2);
    expect(known()).to.deep.equal([2, ...upTo(MAX_PROCESSES + 2).slice(3)]);
    expect([submitters.lastOf(A, 2), submitters.lastOf(B, 1)]).to.deep.equal([2, 1]);
  });

  it('that are not here are forgotten where there are too many, no more than that, the earliest first', () => {
    const submitters = new Submitters();
    have(submitters, A, 1);
    const names = upTo(MAX_SUBMITTERS - 1).map((i) => `#m${i}#d`);
    for (const name of names) have(submitters, name, 1);
    const gone = (): string[] => [A, ...names].filter((name) => submitters.lastOf(name, 1) === 0);
    submitters.present([B]);
    expect(gone()).to.deep.equal([]);
    have(submitters, B, 1, 2);
    submitters.present([A, '#m2#d']);
    expect(gone()).to.deep.equal(['#m1#d', '#m3#d']);
    submitters.present([]);
    expect(gone()).to.deep.equal(['#m1#d', '#m3#d']);
  });

  it('that are all here are all remembered', () => {
    const submitters = new Submitters();
    const names = upTo(MAX_SUBMITTERS + 3).map((i) => `#m${i}#d`);
    for (const name of names) have(submitters, name, 1);
    submitters.present(names);
    expect(names.filter((name) => submitters.lastOf(name, 1) === 0)).to.deep.equal([]);
  });

  it('come back from bytes as they were, in their order', () => {
    const [submitters, copy] = [new Submitters(), new Submitters()];
    have(submitters, A, ...upTo(MAX_PROCESSES));
    submitters.take(A, 1, 2);
    have(copy, C, 5);
    const writer = new BodyWriter('replicated', 0);
    submitters.write(writer);
    readBody('replicated', writer.finish(), (reader) => {
      copy.read(reader);
      return true;
    });
    expect([copy.lastOf(A, 1), copy.lastOf(A, 2), copy.lastOf(C, 5)]).to.deep.equal([2, 1, 0]);
    have(copy, A, MAX_PROCESSES + 1);
    expect([copy.lastOf(A, 1), copy.lastOf(A, 2), copy.lastOf(A, 3)]).to.deep.equal([2, 0, 1]);
  });
});
