/** Lock and barrier when the network breaks and heals: what becomes of those who hold and of those who wait. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Connection } from '../../../lib/client/connection.js';
import { barrier, lock } from '../../../lib/recipes/index.js';
import { until } from '../../support/wait.js';
import { Parting } from './parting.js';

const QUORUM = { quorum: 2 };

describe('parted', () => {
  let parting: Parting;
  let connections: [Connection, Connection, Connection];

  beforeEach(() => {
    parting = new Parting();
    connections = [parting.connect('a'), parting.connect('b'), parting.connect('c')];
  });

  afterEach(() => parting.close());

  /** The recipe at all three. */
  async function all<T extends { ready(): Promise<void> }>(
    open: (connection: Connection) => Promise<T>,
  ): Promise<[T, T, T]> {
    const made: T[] = [];
    for (const connection of connections) made.push(await open(connection));
    await Promise.all(made.map((each) => each.ready()));
    return made as [T, T, T];
  }

  describe('lock', () => {
    it('is lost by a holder that is cut off, and the next one has it', async () => {
      const [a, b] = await all((each) => lock(each, 'door', QUORUM));
      const held = await a.acquire();
      const waits = b.acquire();
      await until(() => a.waiting.length === 1, 'the other to wait');
      const [first, ...others] = connections;
      parting.split(others, [first]);
      expect(held.signal.aborted).to.equal(true);
      expect((await waits).token).to.be.above(held.token);
      parting.merge();
      await until(() => a.replica.hasState && a.holder === '#b#dmn1', 'the holder to be known');
    });

    it('comes to one who was cut off while it waited', async () => {
      const [a, b, c] = await all((each) => lock(each, 'door', QUORUM));
      const held = await a.acquire();
      const waits = c.acquire();
      await until(() => b.waiting.length === 1, 'the other to wait');
      const [first, second, third] = connections;
      parting.split([first, second], [third]);
      await until(() => b.waiting.length === 0, 'it to be struck off');
      expect(held.signal.aborted).to.equal(false);
      parting.merge();
      await until(() => a.waiting.length === 1, 'it to wait again');
      expect(a.waiting).to.deep.equal(['#c#dmn1']);
      await held.release();
      expect((await waits).token).to.be.above(held.token);
    });

    it('is free of what an earlier process of a name has again, or this one gave back, in a state that continues', async () => {
      const [a, b] = await all((each) => lock(each, 'door', QUORUM));
      const { instance } = a as unknown as { readonly instance: number };
      const claims = [
        { instance: 7, request: 1 },
        { instance: 7, request: 2 },
        { instance, request: 99 },
      ];
      // As a state has them in which the commands that freed them are lost.
      for (const claim of claims) await a.replica.submit({ op: 'acquire', ...claim, now: 0 });
      await (await b.acquire()).release();
      expect([b.holder, b.waiting]).to.deep.equal([null, []]);
    });

    it('is given back again when that was lost with the state in which it was applied', async () => {
      const [a, b] = await all((each) => lock(each, 'door', QUORUM));
      const held = await a.acquire();
      await held.release();
      const { instance } = a as unknown as { readonly instance: number };
      await a.replica.submit({ op: 'acquire', instance, request: held.request, now: 0 });
      await (await b.acquire()).release();
      expect(b.holder).to.equal(null);
    });

    it('is not given to one who is cut off at the moment at which it would have it', async () => {
      const [a, b, c] = await all((each) => lock(each, 'door', QUORUM));
      const held = await a.acquire();
      let isGiven = false;
      const waits = c.acquire().finally(() => (isGiven = true));
      await until(() => b.waiting.length === 1, 'the other to wait');
      const released = held.release();
      const [first, second, third] = connections;
      parting.split([first, second], [third]);
      await released;
      await (await b.acquire()).release();
      expect(isGiven).to.equal(false);
      parting.merge();
      expect((await waits).signal.aborted).to.equal(false);
    });

    it('stays with its holder when the majority is joined by those who were parted, one after the other', async () => {
      const [a, b] = await all((each) => lock(each, 'door', QUORUM));
      const [first, second, third] = connections;
      const fourth = parting.connect('d');
      const d = await lock(fourth, 'door', QUORUM);
      await d.ready();
      const held = await a.acquire();
      parting.split([first, second], [third], [fourth]);
      parting.split([first, second, third], [fourth]);
      parting.merge();
      await d.ready();
      await until(() => d.holder === '#a#dmn1', 'the last to know');
      expect([held.signal.aborted, b.holder]).to.deep.equal([false, '#a#dmn1']);
    });

    it('stays with a holder in the majority when others ask for it while the view ends', async () => {
      const [a, b] = await all((each) => lock(each, 'door', QUORUM));
      const held = await a.acquire();
      const [first, second, third] = connections;
      parting.isLate = true;
      const waits = b.acquire();
      parting.split([first, second], [third]);
      expect([a.waiting, held.signal.aborted]).to.deep.equal([['#b#dmn1'], false]);
      await held.release();
      await waits;
    });

    it('is still parted when others join it where it is cut off', async () => {
      const [a] = await all((each) => lock(each, 'door', QUORUM));
      const [first, ...others] = connections;
      parting.split([first], others);
      expect(a.replica.isPartitioned).to.equal(true);
      const more = ['d', 'e'].map((name) => lock(parting.connect(name), 'door', QUORUM));
      expect(a.replica.isPartitioned, 'while they agree').to.equal(true);
      await Promise.all(more);
      expect(a.replica.isPartitioned).to.equal(true);
    });
  });

  describe('barrier', () => {
    it('opens for one who was cut off while it waited', async () => {
      const [a, b, c] = await all((each) => barrier(each, 'stage', { parties: 3, ...QUORUM }));
      const waits = [a.enter(), c.enter()];
      await until(() => b.entered.length === 2, 'two at the barrier');
      const [first, second, third] = connections;
      parting.split([first, second], [third]);
      await until(() => b.entered.length === 1, 'it to be struck off');
      expect(b.entered).to.deep.equal(['#a#dmn1']);
      parting.merge();
      await until(() => b.entered.length === 2, 'two at the barrier again');
      expect(await Promise.all([...waits, b.enter()])).to.deep.equal([0, 0, 0]);
    });

    it('counts no earlier process of a name, and none that gave up, in a state that continues', async () => {
      const [a, b, c] = await all((each) => barrier(each, 'stage', { parties: 2, ...QUORUM }));
      const { instance } = a as unknown as { readonly instance: number };
      // As a state has them in which the commands that struck them off are lost.
      for (const each of [7, instance]) {
        await a.replica.submit({ op: 'enter', instance: each, parties: 2 });
        const waits = b.enter();
        await until(() => c.entered.length === 1, 'one at the barrier');
        expect(c.entered).to.deep.equal(['#b#dmn1']);
        await Promise.all([waits, c.enter()]);
      }
    });

    it('lets one through that is at it for an earlier opening, in a state that continues', async () => {
      const three = await all((each) => barrier(each, 'stage', { parties: 3, ...QUORUM }));
      const [a, b, c] = three;
      expect(await Promise.all(three.map((each) => each.enter()))).to.deep.equal([0, 0, 0]);
      const waits = a.enter();
      await until(() => c.entered.length === 1, 'the first to wait');
      const { instance } = a as unknown as { readonly instance: number };
      const older = { generation: 0, entered: [{ member: '#a#dmn1', instance }] };
      for (const each of three) {
        const { machine } = each as unknown as { readonly machine: { load(bytes: Buffer): void } };
        machine.load(Buffer.from(JSON.stringify(older)));
      }
      expect(await Promise.all([waits, b.enter(), c.enter()])).to.deep.equal([0, 0, 0]);
    });
  });
});
