/** One signal for many waits has one listener, so that Node warns of no leak. */
import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { abortable, onAbort } from '../../lib/util/deferred.js';
import { openChannels } from '../../lib/channel/index.js';
import { election, lock } from '../../lib/recipes/index.js';
import { settle, ClientWorld } from '../client/support.js';

/** As many as Node takes for a leak, and more. */
const MANY = 20;

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('one signal for many waits', () => {
  it('has one listener while anybody waits, and none afterwards', () => {
    const { signal } = new AbortController();
    const act = (): void => undefined;
    const offs = Array.from({ length: MANY }, () => onAbort(signal, act));
    expect(listeners(signal)).to.equal(1);
    for (const off of offs) {
      off();
      off();
    }
    expect(listeners(signal)).to.equal(0);
  });

  it('has none when the only one that waits has enough of it', () => {
    const { signal } = new AbortController();
    onAbort(signal, () => undefined)();
    expect(listeners(signal)).to.equal(0);
  });

  it('has none when what was waited for has come', async () => {
    const { signal } = new AbortController();
    expect(await abortable(Promise.resolve(7), signal)).to.equal(7);
    expect(listeners(signal)).to.equal(0);
  });

  it('can be taken back when it has been aborted, and rejects with its reason', async () => {
    const controller = new AbortController();
    const off = onAbort(controller.signal, () => undefined);
    const [other, reason] = [new AbortController(), new Error('enough')];
    const wait = abortable(new Promise(() => undefined), other.signal).catch((error: unknown) => error);
    controller.abort();
    other.abort(reason);
    off();
    expect(await wait).to.equal(reason);
  });

  it('calls each once, also those of one function, and not those that have taken it back', () => {
    const controller = new AbortController();
    let calls = 0;
    const act = (): void => void calls++;
    const [first] = [
      onAbort(controller.signal, act),
      onAbort(controller.signal, act),
      onAbort(controller.signal, act),
    ];
    first();
    controller.abort();
    controller.abort();
    expect(calls).to.equal(2);
  });

  it('holds for recipes, channels and joins', async () => {
    await using world = await ClientWorld.start();
    const connection = await world.connect('a');
    const controller = new AbortController();
    const { signal } = controller;
    const door = await lock(connection, 'door');
    const held = await door.acquire();
    const chair = await election(connection, 'chair', { quorum: 2 });
    const channels = await openChannels(connection);
    const waits = Array.from({ length: MANY }, (_, i) => [
      door.acquire({ signal }),
      chair.waitFor({ signal }),
      channels.openChannel(`c${i}`, { waitMs: 60_000, signal }),
    ]).flat();
    const ends = Promise.allSettled(waits);
    await settle();
    expect(listeners(signal)).to.equal(1);
    controller.abort();
    for (const { status } of await ends) expect(status).to.equal('rejected');
    expect(listeners(signal)).to.equal(0);
    await held.release();
  });
});
