/** The connection below both APIs: what the client API builds on. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Mailbox } from '../../lib/mailbox/mailbox.js';
import { readTransition, readView } from '../../lib/mailbox/view.js';
import { FrameFault } from '../../lib/wire/fault.js';
import { FakeDaemon, within } from '../support/fake-daemon.js';
import { frame } from '../support/fake-daemon-frames.js';
import { breakOff, deliver, endPairs, pair, type Pair, until } from '../support/fake-daemon-mailbox.js';
import { isWaiting, settle } from '../ssp/receiving.js';
import { messages, V } from '../ssp/vectors.js';

const { H, TEN, Z, J, N, SL, TR } = messages;

/** Bytes a client can be sent before the sender feels that nobody reads, at most. */
const KERNEL_BYTES = 64 * 1024 * 1024;

/** Sends one kilobyte messages until the client's side takes no more; resolves with their number. */
async function fill({ session, mailbox }: Pair): Promise<number> {
  const body = Buffer.alloc(944, 'f');
  const block = Buffer.concat(
    Array.from({ length: 256 }, () => frame({ type: 0x10, name: '#b#d2', groups: ['g'], data: body })),
  );
  let blocks = 0;
  for (let flows = true; flows && blocks * block.length < KERNEL_BYTES; blocks++) {
    flows = session.socket.write(block);
    // Backed up only when nothing moves although both sides have had their turns.
    for (let turn = 0; !flows && turn < 50; turn++) {
      await settle();
      flows = session.socket.writableLength === 0;
    }
  }
  expect(session.socket.writableLength, 'the daemon feels back-pressure').to.be.greaterThan(0);
  expect(mailbox.waiting).to.be.greaterThan(0);
  return blocks * 256;
}

async function drain(mailbox: Mailbox, count: number): Promise<void> {
  for (let taken = 0; taken < count;) {
    if (mailbox.take() === undefined) await within(mailbox.wait(), `message ${taken} of ${count}`);
    else taken++;
  }
}

describe('Mailbox', () => {
  afterEach(endPairs);

  describe('open', () => {
    it('gives a mailbox, or the code of the refusal', async () => {
      const daemon = await FakeDaemon.start();
      const mailbox = await Mailbox.open({
        spreadName: daemon.spreadName,
        name: 'x',
        membership: false,
      });
      if (typeof mailbox === 'number') throw new Error(`open answered ${mailbox}`);
      expect([mailbox.privateGroup, mailbox.membership, mailbox.state]).to.deep.equal([
        '#x#d1',
        false,
        'open',
      ]);
      mailbox.kill();
      expect(mailbox.state).to.equal('closed');
      await daemon.stop();
      expect(await Mailbox.open({ spreadName: 'abc' })).to.equal(-1);
      expect(await Mailbox.open({ unixDir: '/nowhere' })).to.equal(-2);
      expect(await Mailbox.open({ timeout: -1 })).to.equal(-8);
    });
  });

  describe('take and wait', () => {
    it('take never waits; wait resolves with the next arrival and takes nothing', async () => {
      const p = await pair();
      expect(p.mailbox.take()).to.equal(undefined);
      const wait = p.mailbox.wait();
      expect(await isWaiting(wait)).to.equal(true);
      await p.session.send(H, Z);
      await wait;
      expect(p.mailbox.waiting).to.equal(2);
      expect(p.mailbox.peek()?.body.toString()).to.equal('hello');
      expect([p.mailbox.take()?.messType, p.mailbox.take()?.messType]).to.deep.equal([123, 7]);
    });

    it('wait resolves at once when something is here, and when the signal comes', async () => {
      const p = await pair();
      await deliver(p, H);
      await p.mailbox.wait();
      p.mailbox.take();
      const stop = new AbortController();
      const wait = p.mailbox.wait(stop.signal);
      expect(await isWaiting(wait)).to.equal(true);
      stop.abort();
      await wait;
      await p.mailbox.wait(stop.signal);
      expect(p.mailbox.state).to.equal('open');
    });

    it('wait resolves when the connection is lost or given up', async () => {
      const [p, q] = [await pair(), await pair()];
      const waits = [p.mailbox.wait(), q.mailbox.wait()];
      p.session.end();
      q.mailbox.kill();
      await Promise.all(waits);
      expect([p.mailbox.state, q.mailbox.state]).to.deep.equal(['lost', 'closed']);
      await p.mailbox.wait();
    });

    it('knows the kinds of arrivals and reads membership', async () => {
      const p = await pair();
      await deliver(p, H, J, TR, N, SL);
      const kinds = [];
      for (let arrival = p.mailbox.take(); arrival; arrival = p.mailbox.take()) {
        kinds.push(arrival.kind);
        if (arrival.kind === 'transition') expect(readTransition(arrival)).to.deep.equal(V);
        if (arrival.kind === 'self-leave') expect(arrival.leftId).to.deep.equal(V);
        if (arrival.kind !== 'view' || arrival.numGroups < 3) continue;
        expect(readView(arrival, '#c#d2')).to.deep.equal({
          group: 'g',
          id: V,
          cause: 'network',
          members: ['#a#d1', '#c#d2', '#d#d3'],
          index: 1,
          names: ['#a#d1', '#c#d2'],
        });
      }
      expect(kinds).to.deep.equal(['data', 'view', 'transition', 'view', 'self-leave']);
    });

    it('messages cut at any place arrive whole', async () => {
      const p = await pair();
      const stream = Buffer.concat([H, J, TEN, N, Z]);
      for (const byte of stream) await p.session.send(Buffer.of(byte));
      await until(() => p.mailbox.waiting === 5, 'five messages');
      const lengths = [H, J, TEN, N, Z].map(({ length }) => length);
      expect(lengths.map(() => p.mailbox.take()?.length)).to.deep.equal(lengths);
    });
  });

  describe('the bound of the queue', () => {
    const limits = [
      ['messages', { queueMessages: 100 }],
      ['bytes', { queueBytes: 100_000 }],
      ['both, by default', {}],
    ] as const;
    for (const [what, connect] of limits) {
      it(`leaves the socket unread when it is full: ${what}`, async () => {
        const p = await pair({ connect });
        const sent = await fill(p);
        const held = p.mailbox.waiting;
        expect(held).to.be.lessThan(what === 'both, by default' ? 10_000 : 400);
        await settle();
        expect(p.mailbox.waiting).to.equal(held);

        await drain(p.mailbox, sent);
        expect([p.mailbox.waiting, p.mailbox.waitingBytes]).to.deep.equal([0, 0]);
        await deliver(p, H);
      });
    }

    it('reads on when half of it is taken, not before', async () => {
      const p = await pair({ connect: { queueMessages: 64 } });
      await fill(p);
      const held = p.mailbox.waiting;
      for (let left = held; left > 33; left--) p.mailbox.take();
      await settle();
      expect(p.mailbox.waiting).to.equal(33);
      p.mailbox.take();
      await until(() => p.mailbox.waiting > 32, 'more messages');
    });

    it('a full mailbox gives all its messages before it tells the loss', async () => {
      const p = await pair({ connect: { queueMessages: 10 } });
      const frames = Array.from({ length: 500 }, () => TEN);
      p.session.socket.end(Buffer.concat(frames));
      await drain(p.mailbox, 500);
      await within(p.mailbox.wait(), 'the loss');
      expect([p.mailbox.state, p.mailbox.take()]).to.deep.equal(['lost', undefined]);
    });

    it('what the socket had read when it broke still counts', async () => {
      const p = await pair({ connect: { queueMessages: 10 } });
      const sent = await fill(p);
      const held = p.mailbox.waiting;
      p.session.reset();
      // Reading is off, so a write has to find out.
      await until(() => {
        void p.mailbox.send(0x10, ['g'], 0, []);
        return p.mailbox.state === 'lost';
      }, 'the loss');
      expect(p.mailbox.cause).to.be.instanceOf(Error);
      expect(p.mailbox.waiting).to.be.greaterThan(held);
      expect(p.mailbox.waiting).to.be.lessThan(sent);
    });
  });

  describe('loss', () => {
    it('is the answer to every later send', async () => {
      const p = await pair();
      await breakOff(p);
      expect(await p.mailbox.send(0x10, ['g'], 0, [Buffer.from('x')])).to.equal(-8);
      await p.mailbox.disconnect();
      expect(p.mailbox.state).to.equal('closed');
    });

    it('by a malformed frame has that as its cause and answers ILLEGAL_MESSAGE once', async () => {
      const p = await pair();
      expect(p.mailbox.takeFault()).to.equal(0);
      await p.session.send(frame({ type: 0x10, name: '#b#d2', numGroups: -5 }));
      await until(() => p.mailbox.state === 'lost', 'the loss');
      expect(p.mailbox.cause).to.be.instanceOf(FrameFault);
      expect([p.mailbox.takeFault(), p.mailbox.takeFault()]).to.deep.equal([-13, 0]);
    });
  });
});
