/** A mailbox of the flush calls whose view does not come: it warns of the members that it waits for. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import * as fl from '../../lib/flush/index.js';
import { systemClock } from '../../lib/util/clock.js';
import { FIFO_MESS } from '../../lib/wire/service.js';
import { within } from '../support/fake-daemon.js';
import { startDaemon } from '../support/local-daemon.js';
import { RawSession } from '../support/raw-client.js';
import { until } from '../support/wait.js';

/** Timers of this many milliseconds and more are held. */
const LONG_MS = 2;

/** Long timers that are set from here on wait for the spec, which makes the time pass. */
function heldTime(): { pass(milliseconds: number): void; release(): void } {
  const original = { ...systemClock };
  const held = new Set<() => void>();
  let passed = 0;
  Object.assign(systemClock, {
    now: () => original.now() + passed,
    after: (milliseconds: number, f: () => void) => {
      if (milliseconds < LONG_MS) return original.after(milliseconds, f);
      held.add(f);
      const timer = { cancel: () => held.delete(f), ref: () => timer, unref: () => timer };
      return timer;
    },
  });
  return {
    pass(milliseconds) {
      passed += milliseconds;
      // Whoever is rung too early sets another one.
      const set = Array.from(held);
      held.clear();
      for (const ring of set) ring();
    },
    release: () => void Object.assign(systemClock, original),
  };
}

const options = (): Parameters<typeof fl.FL_receive>[1] => ({
  max_groups: 10,
  max_mess_len: 64,
  mess: Buffer.alloc(64),
});
const receive = (mbox: number): Promise<fl.FlReceiveResult> =>
  within(fl.FL_receive(mbox, options()), 'a message');

/** Answers the request that comes next. */
async function flush(mbox: number): Promise<void> {
  expect(fl.Is_flush_req_mess((await receive(mbox)).service_type)).to.equal(true);
  expect(await fl.FL_flush(mbox, 'g')).to.equal(0);
}

describe('a mailbox of the flush calls whose view does not come', () => {
  it('warns once of each set of members that it waits for, and names them', async () => {
    const daemon = await startDaemon();
    const address = `${daemon.port}@127.0.0.1`;
    const [a, b] = [await fl.FL_connect(address, 'a', 0), await fl.FL_connect(address, 'b', 0)];
    const plain = await RawSession.connect(daemon.port, 'plain');
    const warnings: string[] = [];
    const note = ({ name, message }: Error): void => {
      if (name === 'SspFlushWarning' && message.startsWith('#a#')) warnings.push(message);
    };
    /** What this mailbox sent before has come to a. */
    const heardAt = async (mbox: number): Promise<void> => {
      await fl.FL_multicast(mbox, FIFO_MESS, a.private_group, 1, Buffer.from('mark'));
      expect((await receive(a.mbox)).mess_type).to.equal(1);
    };
    const time = heldTime();
    process.on('warning', note);
    try {
      await fl.FL_join(a.mbox, 'g');
      expect((await receive(a.mbox)).num_groups).to.equal(1);
      await fl.FL_join(b.mbox, 'g');
      await flush(a.mbox);
      expect([(await receive(a.mbox)).num_groups, (await receive(b.mbox)).num_groups]).to.deep.equal([2, 2]);
      plain.join('g');
      await flush(a.mbox);
      await heardAt(a.mbox);
      let seconds = 0;
      for (; warnings.length === 0; seconds++) {
        time.pass(1_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(seconds).to.be.at.least(5);
      time.pass(60_000);
      await heardAt(a.mbox);
      await flush(b.mbox);
      await heardAt(b.mbox);
      await until(() => {
        time.pass(1);
        return warnings.length === 2;
      }, 'another one');
    } finally {
      time.release();
      process.off('warning', note);
      plain.close();
      await Promise.all([fl.FL_disconnect(a.mbox), fl.FL_disconnect(b.mbox)]);
      await daemon.stop();
    }
    const waits = '#a#dmn1 waits for a new view of g: no flush from';
    const why = '(stopped, or a member that does not use view synchrony)';
    expect(warnings).to.deep.equal([`${waits} #b#dmn1, #plain#dmn1 ${why}`, `${waits} #plain#dmn1 ${why}`]);
  });
});
