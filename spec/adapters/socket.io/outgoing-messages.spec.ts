/** Own messages on their way: each acts once, however they are lost, cut and repeated. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { PART_BYTES, PartReader } from '../../../lib/adapters/parts.js';
import { decodeMessage, KINDS, type LinkMessage } from '../../../lib/adapters/socket.io/message.js';
import { MAX_WAITING, OutgoingMessages } from '../../../lib/adapters/socket.io/outgoing-messages.js';
import { deferred, type Deferred } from '../../../lib/util/deferred.js';

const FIRST = 1_000;
const ME = '#me#d1';
/** Makes a message one of two parts. */
const PADDING = Buffer.alloc(PART_BYTES + 10_000);

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What can happen. `ack`: the next part may be sent; `return`: what was sent first comes back; `repeat`: a gap behind which everything comes again. */
const STEPS = ['small', 'large', 'ack', 'return', 'lose', 'restore', 'forgotten', 'repeat'] as const;
type Step = (typeof STEPS)[number];

/** One server and the order: the daemons bring every part that was sent back, once, or after a gap maybe never, or again. */
class OneServer {
  /** Numbers of messages, as they acted. */
  readonly acted: number[] = [];
  count = 0;
  private readonly outgoing: OutgoingMessages;
  private readonly reader = new PartReader();
  /** Sent and not back. */
  private underWay: Buffer[] = [];
  private readonly back: Buffer[] = [];
  private unacknowledged: Deferred<void>[] = [];
  private isLost = false;

  constructor() {
    this.outgoing = new OutgoingMessages(
      {
        send: (part) => this.send(part),
        unordered: (message) => this.act(message),
        dropped: () => undefined,
      },
      FIRST,
    );
  }

  step(step: Step): void {
    switch (step) {
      case 'small':
      case 'large':
        return this.submit(step === 'large');
      case 'ack':
        return this.unacknowledged.shift()?.resolve();
      case 'return':
        return this.return();
      case 'lose':
        return this.lose();
      case 'restore':
        this.isLost = false;
        return this.outgoing.open();
      case 'forgotten':
        this.gap();
        this.underWay = [];
        for (const each of this.unacknowledged.splice(0)) each.reject(new Error('unknown'));
        return;
      case 'repeat':
        this.gap();
        this.underWay.unshift(...this.back.splice(-3));
    }
  }

  /** Everything that is still to come does. */
  async end(): Promise<void> {
    this.step('restore');
    for (let isOver = false; !isOver;) {
      await nextTurn();
      isOver = this.unacknowledged.length === 0 && this.underWay.length === 0;
      while (this.unacknowledged.length > 0) this.step('ack');
      while (this.underWay.length > 0) this.step('return');
    }
  }

  get isBusy(): boolean {
    return this.outgoing.isBusy;
  }

  private submit(isLarge: boolean): void {
    // While it is lost, messages act without this.
    if (this.isLost) return;
    const pid = String(this.count++);
    const data = isLarge ? { pid, padding: PADDING } : { pid };
    void this.outgoing.add({ type: KINDS.forget, data }, false);
  }

  private send(part: Buffer): Promise<void> {
    this.underWay.push(part);
    const isWhole = part[0] === 0;
    if (isWhole) return Promise.resolve();
    const acknowledged = deferred<void>();
    this.unacknowledged.push(acknowledged);
    return acknowledged.promise;
  }

  private return(): void {
    const part = this.underWay.shift();
    if (!part) return;
    this.back.push(part);
    const whole = this.reader.take(ME, part);
    if (typeof whole === 'string') return;
    const message = decodeMessage(whole);
    const number = message?.number;
    expect(this.outgoing.isOwn(number)).to.equal(true);
    if (message && !this.outgoing.returned(number as number)) this.act(message);
  }

  private lose(): void {
    if (this.isLost) return;
    this.isLost = true;
    this.outgoing.close();
  }

  private gap(): void {
    this.lose();
    this.reader.clear();
  }

  private act({ data }: LinkMessage): void {
    this.acted.push(Number(data['pid']));
  }
}

async function play(steps: readonly Step[]): Promise<void> {
  const server = new OneServer();
  for (const step of steps) {
    server.step(step);
    await nextTurn();
  }
  await server.end();
  const all = Array.from({ length: server.count }, (_, i) => i);
  expect(server.acted, steps.join(' ')).to.deep.equal(all);
  expect(server.isBusy, steps.join(' ')).to.equal(false);
}

describe('socket.io: outgoing messages', () => {
  it('act once each and in their order, whatever happens after a large one', async function () {
    this.timeout(60_000);
    const others = STEPS.filter((step) => step !== 'large');
    for (const a of others)
      for (const b of others)
        for (const c of others) await play(['restore', 'large', a, b, c, 'restore', 'small']);
  });

  it('act once each in long runs', async function () {
    this.timeout(60_000);
    // A generator of its own: each run is the same.
    let seed = 1;
    const below = (limit: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % limit;
    };
    for (let run = 0; run < 60; run++)
      await play(Array.from({ length: 20 }, () => STEPS[below(STEPS.length)] as Step));
  });

  it('wait until they may be sent', async () => {
    await play(['small', 'large', 'small', 'restore', 'return']);
    await play(['small', 'large', 'lose']);
  });

  it('are not sent further when they were cut by a loss', async () => {
    const sent: Deferred<void>[] = [];
    const send = (): Promise<void> => {
      const next = deferred<void>();
      sent.push(next);
      return next.promise;
    };
    const outgoing = new OutgoingMessages(
      { send, unordered: () => undefined, dropped: () => undefined },
      FIRST,
    );
    outgoing.open();
    const large = { type: KINDS.forget, data: { pid: 'a', padding: PADDING } };
    const isSent = outgoing.add(large, false);
    outgoing.close();
    outgoing.open();
    sent[0]?.resolve();
    await isSent;
    await nextTurn();
    expect(sent).to.have.length(1);
  });

  describe('without a daemon', () => {
    let log: string[];
    let outgoing: OutgoingMessages;
    const named = (pid: string): LinkMessage => ({ type: KINDS.forget, data: { pid } });

    beforeEach(() => {
      log = [];
      const port = {
        send: (part: Buffer) => {
          log.push(`sent ${String(decodeMessage(part.subarray(1))?.data['pid'])}`);
          return Promise.resolve();
        },
        unordered: ({ data }: LinkMessage) => void log.push(`here ${String(data['pid'])}`),
        dropped: () => void log.push('dropped'),
      };
      outgoing = new OutgoingMessages(port, FIRST);
    });

    it('knows its own numbers', () => {
      void outgoing.add(named('a'), false);
      expect([FIRST - 1, FIRST, FIRST + 1, undefined].map((each) => outgoing.isOwn(each))).to.deep.equal([
        false,
        true,
        false,
        false,
      ]);
    });

    it('act here when a later one has come back without them', async () => {
      outgoing.open();
      for (const each of ['a', 'b', 'c']) void outgoing.add(named(each), false);
      await nextTurn();
      expect(outgoing.returned(FIRST + 1)).to.equal(false);
      expect(outgoing.returned(FIRST)).to.equal(true);
      expect(outgoing.returned(FIRST + 2)).to.equal(false);
      expect(log).to.deep.equal(['sent a', 'sent b', 'sent c', 'here a']);
      expect(outgoing.isBusy).to.equal(false);
    });

    it('are dropped when they are volatile and too many wait; without one, the new one acts here', async () => {
      const done: string[] = [];
      for (let i = 0; i < MAX_WAITING; i++)
        void outgoing.add(named(`${i}`), i === 5).then(() => done.push(`${i}`));
      void outgoing.add(named('more'), false);
      await nextTurn();
      expect([log, done]).to.deep.equal([['dropped'], ['5']]);
      void outgoing.add(named('one more'), true);
      expect(log).to.deep.equal(['dropped', 'here one more']);
      outgoing.open();
      await nextTurn();
      expect(log.slice(2, 8)).to.deep.equal(['sent 0', 'sent 1', 'sent 2', 'sent 3', 'sent 4', 'sent 6']);
      expect(log.at(-1)).to.equal('sent more');
    });
  });
});
