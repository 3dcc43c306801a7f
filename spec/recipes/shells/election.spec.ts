import { expect } from 'chai';
import { ConnectionClosedError, IllegalParamError } from '../../../lib/errors.js';
import { election, type Leadership } from '../../../lib/recipes/index.js';
import { until } from '../../support/wait.js';
import { ClientWorld, failure } from '../../client/support.js';

describe('election', () => {
  it('has one leader, and the next one when it goes', async () => {
    await using house = await ClientWorld.start();
    const [a, b] = [await house.connect('a'), await house.connect('b')];
    const first = await election(a, 'leaders');
    const mine = await first.waitFor();
    const second = await election(b, 'leaders');
    await until(() => first.leader !== null && first.leader === second.leader, 'both to know');
    expect([first.isLeader, second.isLeader]).to.deep.equal([true, false]);
    expect(second.term).to.be.above(mine.term);
    await a.close();
    const next = await second.waitFor();
    expect(next).to.include({ leader: '#b#d1', isMe: true });
    expect(next.term).to.be.above(mine.term);
  });

  it('can be followed in a loop, which ends when the group is left', async () => {
    await using house = await ClientWorld.start();
    const it = await election(await house.connect('a'), 'leaders');
    const seen: (Leadership | null)[] = [];
    const loop = (async () => {
      for await (const each of it) {
        seen.push(each);
        if (seen.length === 1) await it.leave();
      }
    })();
    await loop;
    expect(seen.map((each) => each?.leader ?? null)).to.deep.equal(['#a#d1', null]);
  });

  it('elects nobody below the quorum', async () => {
    await using house = await ClientWorld.start();
    const first = await election(await house.connect('a'), 'leaders', { quorum: 2 });
    const error = await failure(first.waitFor({ signal: AbortSignal.timeout(50) }));
    expect(error.name).to.equal('TimeoutError');
    await election(await house.connect('b'), 'leaders', { quorum: 2 });
    expect((await first.waitForLeader()).leader).to.equal('#a#d1');
  });

  it('ends who waits when the connection is closed', async () => {
    await using house = await ClientWorld.start();
    const connection = await house.connect('a');
    const it = await election(connection, 'leaders', { quorum: 2 });
    const waiting = failure(it.waitFor());
    await connection.close();
    expect(await waiting).to.be.instanceOf(ConnectionClosedError);
  });

  it('wants a group of its own', async () => {
    await using house = await ClientWorld.start();
    const connection = await house.connect('a');
    await election(connection, 'leaders');
    expect(await failure(election(connection, 'leaders'))).to.be.instanceOf(IllegalParamError);
  });

  it('refuses options that are none', async () => {
    await using house = await ClientWorld.start();
    const connection = await house.connect('a');
    for (const options of [{ quorum: 0 }, { quorum: 1.5 }, { silenceTimeoutMs: -1 }, { qourum: 2 }])
      expect(await failure(election(connection, 'x', options))).to.be.instanceOf(IllegalParamError);
  });
});
