import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { KeptOutbox } from '../../../lib/client/resume/kept-outbox.js';
import { systemClock } from '../../../lib/util/clock.js';
import type { Transport } from '../../../lib/mailbox/transport.js';
import { CONNECTION_CLOSED } from '../../../lib/wire/codes.js';
import { AGREED_MESS, JOIN_MESS, LEAVE_MESS } from '../../../lib/wire/service.js';
import { settle } from '../support.js';

/** Takes down the length of each batch, which is under way until it is let go. */
class Way {
  readonly destroyed = false;
  readonly batches: number[] = [];
  private length = 0;
  private isGathering = false;
  private readonly waiting: (() => void)[] = [];

  get transport(): Transport {
    return this as unknown as Transport;
  }

  cork(): void {
    this.isGathering = true;
    this.length = 0;
  }

  uncork(): void {
    this.isGathering = false;
    this.batches.push(this.length);
  }

  write(bytes: Uint8Array, done?: () => void): void {
    if (this.isGathering) this.length += bytes.length;
    if (done) this.waiting.push(done);
  }

  next(): void {
    this.waiting.shift()?.();
  }
}

/** An outbox whose first daemon is gone, with two messages and a leave that were written there. */
async function lost(): Promise<KeptOutbox> {
  const outbox = new KeptOutbox('#a#d1', 1 << 20, systemClock);
  const way = new Way();
  outbox.begin(way.transport, '#a#d1', true, () => undefined);
  const wide = Buffer.alloc(15_000);
  for (let i = 0; i < 8; i++) void outbox.keep(AGREED_MESS, ['g'], 0, [wide], false);
  void outbox.send(LEAVE_MESS, ['g'], 0, []);
  await settle();
  for (let i = 0; i < 4; i++) way.next();
  outbox.detach();
  return outbox;
}

describe('requests that are kept', () => {
  describe('and wait to be sent again', () => {
    /** Eight messages, all of which were written once; the first of them are being written again. */
    async function waiting(): Promise<{ outbox: KeptOutbox; outcomes: Promise<string>[] }> {
      const outbox = new KeptOutbox('#a#d1', 1 << 20, systemClock);
      const way = new Way();
      outbox.begin(way.transport, '#a#d1', true, () => undefined);
      const wide = Buffer.alloc(15_000);
      const outcomes = Array.from({ length: 8 }, () =>
        outbox.keep(AGREED_MESS, ['g'], 0, [wide], true).then(
          () => 'confirmed',
          (error: Error) => error.name,
        ),
      );
      await settle();
      for (let i = 0; i < 4; i++) way.next();
      outbox.detach();
      outbox.resume(new Way().transport, '#a#d2', 0, () => []);
      outbox.detach();
      return { outbox, outcomes };
    }

    it('are not sent in a session that begins: nobody knows whether they were delivered', async () => {
      const { outbox, outcomes } = await waiting();
      const fresh = outbox.keep(AGREED_MESS, ['g'], 0, [Buffer.alloc(10)], true);
      const next = new Way();
      outbox.begin(next.transport, '#a#d3', true, () => undefined);
      await settle();
      expect(next.batches.length, 'what was never written').to.equal(1);
      outbox.acknowledge(1);
      await fresh;
      expect(await Promise.all(outcomes)).to.deep.equal(outcomes.map(() => 'SendUnknownError'));
    });

    it('are not said to be unsent when the connection ends', async () => {
      const { outbox, outcomes } = await waiting();
      const fresh = outbox.keep(AGREED_MESS, ['g'], 0, [Buffer.alloc(10)], true);
      outbox.end(new Error('over'));
      expect(await fresh.catch((error: Error) => error.message)).to.equal('over');
      expect(await Promise.all(outcomes)).to.deep.equal(outcomes.map(() => 'SendUnknownError'));
    });
  });

  it('are sent again, but those that are acknowledged meanwhile', async () => {
    const outbox = await lost();
    const way = new Way();
    outbox.resume(way.transport, '#a#d2', 0, () => []);
    const confirmed = outbox.confirmed();
    expect(way.batches.length, 'the first batch is under way').to.equal(1);
    outbox.acknowledge(9);
    way.next();
    await confirmed;
    const [, leave = 0, ...more] = way.batches;
    expect([leave < 100, more], 'only the leave, which is sent until it is answered').to.deep.equal([
      true,
      [],
    ]);
    outbox.detach();
    const next = new Way();
    outbox.resume(next.transport, '#a#d3', 9, () => []);
    expect(next.batches).to.deep.equal([leave]);
    outbox.left('g');
    outbox.detach();
    const last = new Way();
    outbox.resume(last.transport, '#a#d2', 9, () => []);
    expect(last.batches).to.deep.equal([]);
  });

  it('are answered at once when nothing more is sent, joins and leaves too', async () => {
    const outbox = await lost();
    outbox.end(new Error('over'));
    const answers = [JOIN_MESS, LEAVE_MESS].map((service) => outbox.send(service, ['g'], 0, []));
    expect(await Promise.race([Promise.all(answers), settle()])).to.deep.equal(
      answers.map(() => CONNECTION_CLOSED),
    );
    const next = new Way();
    outbox.begin(next.transport, '#a#d2', true, () => undefined);
    await settle();
    expect(next.batches).to.deep.equal([]);
  });
});
