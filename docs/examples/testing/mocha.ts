import { expect } from 'chai';
import { cluster } from 'ssp-toolkit/testing';
import { type Election, election } from 'ssp-toolkit/recipes';

it('has one leader on the side of the majority', async () => {
  await using c = await cluster(5);
  const member = async (daemon: number): Promise<Election> =>
    await election(await c.connect(daemon), 'lead', { quorum: 3 });
  const all = await Promise.all([member(0), member(1), member(2), member(3), member(4)]);
  const first = await all[0].waitForLeader();

  await c.partition([
    [0, 1],
    [2, 3, 4],
  ]);
  expect(all[0].leader).to.equal(null);
  const next = await all[2].waitForLeader();
  expect(next.term).to.be.above(first.term);

  await c.heal();
  await c.until(() => all.every(({ leader }) => leader !== null && leader === all[0].leader), 'one leader');
});
