import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'ssp-toolkit';
import { counter } from 'ssp-toolkit/recipes';

const address = process.argv[2] ?? '4803@localhost';

// One connection, the recipes on it, and the work. Returns when the connection has ended.
async function run(): Promise<void> {
  await using connection = await connect({ address, timeoutMs: 5000 });
  const starts = await counter(connection, 'starts');
  console.log(`connected, start ${await starts.add()}`);
  // ... do the work here ...
  const error = await starts.closed; // undefined when this program left or closed
  if (error) console.log('connection lost');
}

for (;;) {
  // No daemon yet, or connection lost in the middle: retry with a new connection.
  await run().catch(() => undefined);
  await pause(200);
}
