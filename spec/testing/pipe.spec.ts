import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Loop } from '../../daemon/testing/time/loop.js';
import { PIPE_BYTES, type PipeEnd, pipe } from '../../daemon/testing/pipe.js';
import { Process } from '../../daemon/testing/time/process.js';

interface Ends {
  readonly loop: Loop;
  readonly process: Process;
  readonly near: PipeEnd;
  readonly far: PipeEnd;
  /** What the far end has seen. */
  readonly notes: string[];
}

/** A pipe; the far end is of a process of its own. */
function opened(): Ends {
  const loop = new Loop();
  const process = new Process(loop);
  const [near, far] = pipe(new Process(loop), process);
  const notes: string[] = [];
  far.on('data', (bytes: Buffer) => notes.push(bytes[0] === 0 ? `${bytes.length}` : bytes.toString()));
  far.on('error', (error: NodeJS.ErrnoException) => notes.push(error.code ?? ''));
  for (const event of ['end', 'close']) far.on(event, () => notes.push(event));
  near.on('error', () => undefined);
  return { loop, process, near, far, notes };
}

describe('simulation: pipe', () => {
  it('hands over what was written in a later round of the receiver', () => {
    const { loop, near, notes } = opened();
    near.write(Buffer.from('ab'));
    expect(notes).to.deep.equal([]);
    loop.runTo(1);
    expect(notes).to.deep.equal(['ab']);
  });

  it('has a copy: what was written may be changed', () => {
    const { loop, near, notes } = opened();
    const bytes = Buffer.from('ab');
    near.write(bytes);
    bytes.fill(0);
    loop.runTo(1);
    expect(notes).to.deep.equal(['ab']);
  });

  it('gathers while it is corked', () => {
    const { loop, near, notes } = opened();
    near.cork();
    near.write(Buffer.from('a'));
    loop.runTo(1);
    expect([near.writableLength, notes]).to.deep.equal([1, []]);
    near.uncork();
    loop.runTo(2);
    expect([near.writableLength, notes]).to.deep.equal([0, ['a']]);
  });

  it('lets the writer feel that the other end is paused', () => {
    const { loop, near, far, notes } = opened();
    let done = 0;
    far.pause();
    expect(near.write(Buffer.alloc(PIPE_BYTES), () => done++)).to.equal(true);
    expect(near.write(Buffer.alloc(10), () => done++)).to.equal(false);
    loop.runTo(1);
    expect([near.writableLength, done, notes]).to.deep.equal([10, 1, []]);
    far.resume();
    loop.runTo(2);
    expect([near.writableLength, done, notes]).to.deep.equal([0, 2, [`${PIPE_BYTES}`, '10']]);
  });

  it('gives what has come and was not handed out', () => {
    const { near, far } = opened();
    near.write(Buffer.from('a'));
    near.end();
    expect(far.read()?.toString()).to.equal('a');
    expect(far.read()).to.equal(null);
  });

  it('hands over nothing to a frozen process, and everything when it is thawed', () => {
    const { loop, process, near, notes } = opened();
    process.freeze();
    near.write(Buffer.from('a'));
    loop.runTo(1);
    expect(notes).to.deep.equal([]);
    process.thaw();
    expect(notes).to.deep.equal(['a']);
  });

  it('ends after what was written, and both ends close', () => {
    const { loop, near, far, notes } = opened();
    let isClosed = false;
    near.on('close', () => {
      isClosed = true;
    });
    far.pause();
    near.write(Buffer.alloc(PIPE_BYTES + 1));
    near.end();
    loop.runTo(1);
    expect([isClosed, near.destroyed]).to.deep.equal([false, false]);
    far.resume();
    loop.runTo(2);
    expect(notes).to.deep.equal([`${PIPE_BYTES}`, '1', 'end', 'close']);
    expect([isClosed, near.destroyed, far.destroyed]).to.deep.equal([true, true, true]);
  });

  it('takes no more after the end', () => {
    const { near } = opened();
    let failure: Error | null | undefined;
    near.end();
    near.write(Buffer.from('a'), (error) => {
      failure = error;
    });
    expect(failure).to.be.instanceOf(Error);
  });

  it('destroyed, lets the other end read what is on its way', () => {
    const { loop, near, notes } = opened();
    near.write(Buffer.from('a'));
    near.destroy();
    loop.runTo(1);
    expect(notes).to.deep.equal(['a', 'end', 'close']);
  });

  it('destroyed, drops what was not on its way, and says so', () => {
    const { loop, near, far, notes } = opened();
    const failures: unknown[] = [];
    far.pause();
    near.write(Buffer.alloc(PIPE_BYTES));
    near.write(Buffer.from('a'), (error) => failures.push(error));
    near.destroy();
    far.resume();
    loop.runTo(1);
    expect(notes).to.deep.equal([`${PIPE_BYTES}`, 'end', 'close']);
    expect(failures[0]).to.be.instanceOf(Error);
  });

  it('destroyed with something unread, resets the other end', () => {
    const { loop, near, far, notes } = opened();
    far.write(Buffer.from('a'));
    near.destroy();
    loop.runTo(1);
    expect(notes).to.deep.equal(['ECONNRESET', 'close']);
  });

  it('soon destroyed, first sends what was written', () => {
    const { loop, near, far, notes } = opened();
    far.pause();
    near.write(Buffer.alloc(PIPE_BYTES + 1));
    near.destroySoon();
    expect(near.destroyed).to.equal(false);
    far.resume();
    loop.runTo(1);
    expect(notes).to.deep.equal([`${PIPE_BYTES}`, '1', 'end', 'close']);
    expect(near.destroyed).to.equal(true);
  });

  it('cut, resets both ends', () => {
    const { loop, near, notes } = opened();
    let code: string | undefined;
    near.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code;
    });
    near.write(Buffer.from('a'));
    near.cut();
    loop.runTo(1);
    expect(notes).to.deep.equal(['a', 'ECONNRESET', 'close']);
    expect(code).to.equal('ECONNRESET');
  });

  it('breaks where something is written to an end that is gone', () => {
    const { loop, near, far, notes } = opened();
    far.pause();
    near.destroy();
    far.write(Buffer.from('a'));
    loop.runTo(1);
    expect(notes).to.deep.equal(['EPIPE', 'close']);
  });

  it('closes once', () => {
    const { loop, near, far, notes } = opened();
    near.destroy();
    near.destroy();
    near.cut();
    far.destroy();
    loop.runTo(1);
    expect(notes).to.deep.equal(['close']);
  });
});
