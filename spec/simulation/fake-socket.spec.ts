import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { FakeSocket } from './fake-socket.js';
import { Loop } from '../../daemon/testing/time/loop.js';
import { Process } from '../../daemon/testing/time/process.js';

/** A socket with its events written down. */
function opened(capacity = 4): { loop: Loop; process: Process; socket: FakeSocket; notes: string[] } {
  const loop = new Loop();
  const process = new Process(loop);
  const notes: string[] = [];
  const far = { readable: () => void notes.push('readable'), ended: () => void notes.push('ended') };
  const socket = new FakeSocket(process, capacity, far);
  socket.on('data', (chunk?: Buffer) => void notes.push(`data ${chunk?.toString()}`));
  socket.on('end', () => void notes.push('end'));
  socket.on('error', () => void notes.push('error'));
  socket.on('close', () => void notes.push('close'));
  return { loop, process, socket, notes };
}

const bytes = (text: string): Buffer => Buffer.from(text);

describe('simulation: fake socket', () => {
  it('takes what fits and keeps the rest', () => {
    const { socket } = opened(4);
    expect(socket.write(bytes('abcdef'))).to.equal(false);
    expect(socket.writableLength).to.equal(6);
    expect(Buffer.concat(socket.take(10)).toString()).to.equal('abcd');
  });

  it('continues when the client has read', () => {
    const { loop, socket } = opened(4);
    let done = 0;
    socket.write(bytes('abcdef'), () => done++);
    socket.take(10);
    loop.runTo(1);
    expect(Buffer.concat(socket.take(10)).toString()).to.equal('ef');
    expect([socket.writableLength, done]).to.deep.equal([0, 1]);
  });

  it('does not go on while the process is frozen', () => {
    const { loop, process, socket } = opened(4);
    socket.write(bytes('abcdef'));
    socket.take(10);
    process.freeze();
    loop.runTo(1);
    expect(socket.readableBytes).to.equal(0);
    process.thaw();
    expect(socket.readableBytes).to.equal(2);
  });

  it('hands on nothing while it is paused, and everything in order afterwards', () => {
    const { loop, socket, notes } = opened();
    socket.pause();
    socket.arrive(bytes('a'));
    socket.arrive(bytes('b'));
    socket.arrive('end');
    expect(notes).to.deep.equal([]);
    socket.resume();
    loop.runTo(1);
    expect(notes).to.deep.equal(['data a', 'data b', 'end', 'ended', 'close']);
  });

  it('tells a reset as an error, then closes', () => {
    const { loop, socket, notes } = opened();
    socket.arrive('reset');
    loop.runTo(1);
    expect(notes).to.deep.equal(['error', 'ended', 'close']);
  });

  it('leaves to the client what it has taken when it is destroyed', () => {
    const { socket } = opened(4);
    socket.write(bytes('abcdef'));
    socket.destroy();
    expect(Buffer.concat(socket.take(10)).toString()).to.equal('abcd');
    expect(socket.writableLength).to.equal(0);
  });

  it('destroyed soon writes everything first', () => {
    const { loop, socket, notes } = opened(4);
    socket.write(bytes('abcdef'));
    socket.destroySoon();
    expect(socket.destroyed).to.equal(false);
    socket.take(10);
    loop.runTo(1);
    expect(socket.destroyed).to.equal(true);
    expect(notes.filter((note) => note === 'close')).to.have.length(1);
  });
});
