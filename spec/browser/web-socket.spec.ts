/** A WebSocket as the way to a daemon, with a WebSocket that does what the spec says. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { type WebSocketLike, WebSocketTransport } from '../../lib/browser/web-socket.js';
import { ManualClock } from '../session/manual-clock.js';

class FakeSocket implements WebSocketLike {
  binaryType = '';
  readyState = 0;
  bufferedAmount = 0;
  private readonly listeners = new Map<string, (event: never) => void>();
  readonly sent: (string | Uint8Array)[] = [];
  readonly closes: (number | undefined)[] = [];

  addEventListener(type: string, listener: (event: never) => void): void {
    this.listeners.set(type, listener);
  }

  send(data: Uint8Array | string): void {
    this.sent.push(typeof data === 'string' ? data : Uint8Array.from(data));
  }

  close(code?: number): void {
    this.closes.push(code);
    this.readyState = 2;
  }

  open(): void {
    this.readyState = 1;
    this.tell('open', {});
  }

  say(...bytes: number[]): void {
    this.tell('message', { data: Uint8Array.from(bytes).buffer });
  }

  end(code: number): void {
    this.readyState = 3;
    this.tell('close', { code });
  }

  private tell(type: string, event: object): void {
    this.listeners.get(type)?.(event as never);
  }
}

/** An open transport, and what it has told. */
function opened() {
  const clock = new ManualClock();
  const socket = new FakeSocket();
  const transport = new WebSocketTransport(clock);
  const told: string[] = [];
  transport.on('data', (chunk: Buffer) => told.push(`data ${[...chunk].join()}`));
  transport.on('error', (error: Error) => told.push(`error ${error.message}`));
  transport.on('close', () => told.push('close'));
  transport.start(
    () => socket,
    () => told.push('ready'),
  );
  socket.open();
  return { clock, socket, transport, told };
}

const microtasks = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await Promise.resolve();
};

const sizes = (socket: FakeSocket): number[] => socket.sent.map(({ length }) => length);

describe('a WebSocket as transport', () => {
  it('is ready when it is open, and hands out bytes', () => {
    const { socket, told } = opened();
    socket.say(1, 2);
    expect(socket.binaryType).to.equal('arraybuffer');
    expect(told).to.deep.equal(['ready', 'data 1,2']);
  });

  it('sends what is gathered as one message, and no message above 16 KiB', () => {
    const { socket, transport } = opened();
    transport.cork();
    for (const length of [3, 4, 16_384, 40_000, 5]) transport.write(new Uint8Array(length).fill(length));
    expect(socket.sent).to.deep.equal([]);
    transport.uncork();
    expect(Math.max(...sizes(socket))).to.be.at.most(16_384);
    const all = Buffer.concat(socket.sent as Uint8Array[]);
    const expected = [3, 4, 16_384, 40_000, 5].map((length) => new Uint8Array(length).fill(length));
    expect(all.equals(Buffer.concat(expected))).to.equal(true);
    expect(sizes(socket)[0]).to.equal(7);
  });

  // That of jsdom reads it when it has compressed what came before.
  it('leaves a WebSocket what it was given, which may read it later than the standard says', () => {
    const { socket, transport } = opened();
    const given: (string | Uint8Array)[] = [];
    socket.send = (data) => given.push(data);
    const bytes = [new Uint8Array(20_000).fill(1), new Uint8Array(10).fill(2)];
    for (const each of bytes) transport.write(each);
    for (const each of bytes) each.fill(3);
    expect(new Set(Buffer.concat(given as Uint8Array[]))).to.deep.equal(new Set([1, 2]));
  });

  it('asks the daemon to stop, keeps what still comes, and hands it out in its order when it continues', async () => {
    const { socket, transport, told } = opened();
    transport.pause();
    transport.pause();
    socket.say(1);
    socket.say(2);
    expect(told).to.deep.equal(['ready']);
    transport.resume();
    socket.say(3);
    expect(told, 'in a later turn').to.deep.equal(['ready']);
    await microtasks();
    expect(told).to.deep.equal(['ready', 'data 1', 'data 2', 'data 3']);
    expect(socket.sent).to.deep.equal(['{"stop":true}', '{"stop":false}']);
  });

  it('hands out no more when it is paused in between', async () => {
    const { socket, transport, told } = opened();
    transport.pause();
    socket.say(1);
    socket.say(2);
    transport.on('data', () => transport.pause());
    transport.resume();
    await microtasks();
    expect(told).to.deep.equal(['ready', 'data 1']);
    expect([...(transport.read() ?? [])]).to.deep.equal([2]);
    expect(transport.read()).to.equal(null);
  });

  it('ends behind what has come while it was paused', async () => {
    const { socket, transport, told } = opened();
    transport.pause();
    socket.say(1);
    socket.end(1000);
    await microtasks();
    expect(told).to.deep.equal(['ready']);
    transport.resume();
    await microtasks();
    expect(told).to.deep.equal(['ready', 'data 1', 'close']);
  });

  it('reports a break as an error, with what waits still to be read', () => {
    const { socket, transport, told } = opened();
    transport.pause();
    socket.say(1);
    let left: Buffer | null = null;
    transport.on('error', () => (left = transport.read()));
    socket.end(1006);
    expect(told).to.deep.equal(['ready', 'error the WebSocket broke, or was refused', 'close']);
    expect([...(left ?? [])]).to.deep.equal([1]);
  });

  it('calls a write done when little waits in the WebSocket', async () => {
    const { clock, socket, transport } = opened();
    const done: string[] = [];
    socket.bufferedAmount = 1_000_000;
    transport.write(new Uint8Array(10), (error) => done.push(error ? 'failed' : 'done'));
    await microtasks();
    clock.pass(10);
    expect(done).to.deep.equal([]);
    socket.bufferedAmount = 1000;
    clock.pass(10);
    expect(done).to.deep.equal(['done']);
    transport.write(new Uint8Array(10), () => done.push('next'));
    await microtasks();
    expect(done).to.deep.equal(['done', 'next']);
  });

  it('calls a write failed when it is gone before', async () => {
    const { socket, transport, told } = opened();
    const done: string[] = [];
    socket.bufferedAmount = 1_000_000;
    transport.write(new Uint8Array(10), (error) => done.push(error?.message ?? 'done'));
    transport.destroy();
    await microtasks();
    expect(done).to.deep.equal(['the WebSocket is closed']);
    expect(told).to.deep.equal(['ready', 'close']);
    transport.write(new Uint8Array(10), (error) => done.push(error?.message ?? 'done'));
    await microtasks();
    expect(done).to.have.length(2);
    socket.end(1000);
    socket.say(1);
    expect(told).to.deep.equal(['ready', 'close']);
  });

  it('closes as one that is done, and as one that gives up', async () => {
    const { socket, transport } = opened();
    transport.end();
    expect(socket.closes).to.deep.equal([1000]);
    const never = new WebSocketTransport(new ManualClock());
    const told: string[] = [];
    never.on('close', () => told.push('close'));
    never.end();
    never.start(
      () => expect.fail('opened'),
      () => undefined,
    );
    await microtasks();
    expect(told).to.deep.equal(['close']);
  });

  it('fails when there can be none', () => {
    const transport = new WebSocketTransport(new ManualClock());
    const told: string[] = [];
    transport.on('error', (error: Error) => told.push(error.message));
    transport.on('close', () => told.push('close'));
    const make = (): never => {
      throw new SyntaxError('no such protocol');
    };
    transport.start(make, () => undefined);
    expect(told).to.deep.equal(['no such protocol', 'close']);
  });
});
