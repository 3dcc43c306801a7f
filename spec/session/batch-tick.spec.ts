import { expect } from 'chai';
import { BatchTick } from '../../daemon/session/batch-tick.js';
import { until } from '../support/wait.js';

/** A turn that writes down what happens in it. */
function noted(onOrder: () => void = () => undefined): { turn: BatchTick; notes: string[] } {
  const notes: string[] = [];
  const turn = new BatchTick(
    () => {
      notes.push('order');
      onOrder();
    },
    () => notes.push('end'),
  );
  return { turn, notes };
}

const flushed = (notes: string[], name: string): { flush(): void } => ({ flush: () => notes.push(name) });

/** Two rounds of the event loop: any turn that was due is over. */
async function rounds(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

describe('session: turn', () => {
  it('orders first, then writes to the sessions that were touched, then ends', async () => {
    const { turn, notes } = noted();
    turn.touch(flushed(notes, 'a'));
    turn.touch(flushed(notes, 'b'));
    await until(() => notes.includes('end'), 'a turn');
    expect(notes).to.deep.equal(['order', 'a', 'b', 'end']);
  });

  it('is one, however often it is asked for', async () => {
    const { turn, notes } = noted();
    turn.schedule();
    turn.schedule();
    await rounds();
    expect(notes).to.deep.equal(['order', 'end']);
  });

  it('comes only when something is due', async () => {
    const { notes } = noted();
    await rounds();
    expect(notes).to.deep.equal([]);
  });

  it('does not happen at once: the sockets are read first', () => {
    const { turn, notes } = noted();
    turn.schedule();
    turn.stop();
    expect(notes).to.deep.equal([]);
  });

  it('writes in the same turn to the sessions that the ordering touches, and makes no second one for them', async () => {
    const { turn, notes } = noted(() => turn.touch(flushed(notes, 'a')));
    turn.schedule();
    await rounds();
    expect(notes).to.deep.equal(['order', 'a', 'end']);
  });

  it('has another one for what comes while it writes', async () => {
    const { turn, notes } = noted();
    turn.touch({ flush: () => turn.touch(flushed(notes, 'later')) });
    await until(() => notes.includes('later'), 'the second turn');
    expect(notes.slice(0, 4)).to.deep.equal(['order', 'end', 'order', 'later']);
  });

  it('has another one for what is asked for while it writes', async () => {
    const { turn, notes } = noted();
    turn.touch({ flush: () => turn.schedule() });
    await rounds();
    expect(notes).to.deep.equal(['order', 'end', 'order', 'end']);
  });

  it('flushes nobody twice for one touch', async () => {
    const { turn, notes } = noted();
    turn.touch(flushed(notes, 'a'));
    await rounds();
    turn.schedule();
    await rounds();
    expect(notes.filter((note) => note === 'a')).to.deep.equal(['a']);
  });

  it('happens no more after a stop, not even the one that was due', async () => {
    const { turn, notes } = noted();
    turn.schedule();
    turn.stop();
    turn.schedule();
    turn.touch(flushed(notes, 'a'));
    await rounds();
    expect(notes).to.deep.equal([]);
  });
});
