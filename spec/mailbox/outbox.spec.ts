/** What leaves a connection together, and whom a program that awaits each of its sends lets have a turn. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { KeptOutbox } from '../../lib/client/resume/kept-outbox.js';
import { Outbox } from '../../lib/mailbox/outbox.js';
import type { Transport } from '../../lib/mailbox/transport.js';
import { systemClock } from '../../lib/util/clock.js';
import { AGREED_MESS } from '../../lib/wire/service.js';

const HIGH_WATER = 64 * 1024;
const FRAME_BYTES = 80;

/** Takes everything at once, as a kernel with room does. */
class WideTransport {
  /** Bytes of each write; those between `cork` and `uncork` are one. */
  readonly writes: number[] = [];
  readonly destroyed = false;
  private gathered = 0;

  cork(): void {
    this.gathered = 0;
  }

  uncork(): void {
    this.writes.push(this.gathered);
  }

  write(bytes: Uint8Array, done?: () => void): void {
    this.gathered += bytes.length;
    if (done) process.nextTick(done);
  }
}

type Send = (bytes: number) => Promise<unknown>;

function plain(transport: WideTransport): Send {
  const outbox = new Outbox(transport as unknown as Transport, '#a#d1', HIGH_WATER, systemClock);
  return (bytes) => outbox.submit(AGREED_MESS, ['g'], 0, [Buffer.alloc(bytes)]);
}

/** At a daemon that acknowledges nothing. */
function kept(transport: WideTransport): Send {
  const outbox = new KeptOutbox('#a#d1', HIGH_WATER, systemClock);
  outbox.begin(transport as unknown as Transport, '#a#d1', false, () => undefined);
  return (bytes) => outbox.keep(AGREED_MESS, ['g'], 0, [Buffer.alloc(bytes)], false);
}

describe('outbox', () => {
  for (const [name, make] of [
    ['of a plain connection', plain],
    ['of a connection with resume', kept],
  ] as const) {
    describe(name, () => {
      it('writes what is sent in one turn at once, after the promises of the turn', async () => {
        const transport = new WideTransport();
        const send = make(transport);
        void send(20);
        void send(20);
        await Promise.resolve();
        expect(transport.writes).to.deep.equal([]);
        void send(20);
        await new Promise(setImmediate);
        expect(transport.writes).to.deep.equal([3 * (FRAME_BYTES + 20)]);
      });

      it('gathers sends that are awaited one by one', async () => {
        const transport = new WideTransport();
        const send = make(transport);
        for (let i = 0; i < 100; i++) await send(20);
        await new Promise(setImmediate);
        expect(transport.writes).to.deep.equal([100 * (FRAME_BYTES + 20)]);
      });

      for (const bytes of [20, 20_000]) {
        it(`lets others have their turn when each send of ${bytes} bytes is awaited`, async () => {
          const send = make(new WideTransport());
          const others = { hadTurn: false };
          setImmediate(() => (others.hadTurn = true));
          let sent = 0;
          for (; !others.hadTurn && sent < 100_000; sent++) await send(bytes);
          expect(sent * bytes).to.be.at.most(HIGH_WATER + bytes);
        });
      }
    });
  }
});
