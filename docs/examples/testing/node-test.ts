import assert from 'node:assert/strict';
import test from 'node:test';
import { cluster } from 'ssp-toolkit/testing';
import { type Lock, lock } from 'ssp-toolkit/recipes';

void test('a frozen holder loses the lock, and its token is old', async () => {
  await using c = await cluster(3, { time: 'virtual', seed: 7 });
  const member = async (daemon: number): Promise<Lock> =>
    await lock(await c.connect(daemon), 'printer', { quorum: 2 });
  const [a, b] = await Promise.all([member(0), member(1), member(2)]);

  const held = await a.acquire();
  const isLost = (): boolean => held.signal.aborted;
  await c.freeze(0); // 2.4 virtual seconds, a few real milliseconds
  const next = await b.acquire();
  assert.ok(next.token > held.token);
  assert.equal(isLost(), false); // it cannot know: that is what the token is for

  await c.thaw(0);
  await c.until(isLost, 'the old holder to be told');
});
