/** Tests with a cluster of three daemons inside this process: `npm test`. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { cluster } from 'ssp-toolkit/testing';
import { work } from './worker.js';

let c;
let end;
let lines;

beforeEach(async () => {
  c = await cluster(3);
  end = new AbortController();
  lines = [];
});
afterEach(async () => {
  end.abort();
  await c[Symbol.asyncDispose]();
});

/** A worker at that daemon. */
async function start(daemon) {
  const connection = await c.connect(daemon);
  // It ends with the test, or with its daemon.
  work(connection, { log: (line) => lines.push(line), signal: end.signal }).catch(() => undefined);
  return connection.id;
}

const works = (id) => () => lines.some((line) => line.startsWith(`${id} works`));

void test('another worker continues when the daemon of the first one crashes', async () => {
  const first = await start(0);
  await c.until(works(first), 'the first worker');
  const second = await start(1);
  await c.settled();
  assert.equal(works(second)(), false);

  await c.kill(0);
  await c.until(works(second), 'the second worker');
});

void test('a worker that joins does not take the job', async () => {
  const first = await start(2);
  await c.until(works(first), 'the first worker');
  const second = await start(0);
  await c.settled();
  assert.equal(works(second)(), false);
});
