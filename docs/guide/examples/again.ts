import { setTimeout as pause } from 'node:timers/promises';
import { connect } from '../../../lib/index.js';
import { counter } from '../../../lib/recipes/index.js';

const address = process.argv[2] ?? '4803@localhost';

// One life: a connection, the recipes on it, the work. Ends when the connection does.
async function live(): Promise<void> {
  await using connection = await connect({ address, timeout: 5000 });
  const starts = await counter(connection, 'starts');
  console.log(`connected, start ${await starts.add()}`);
  // ... the work is done here ...
  const error = await starts.closed; // undefined when we left or closed ourselves
  if (error) console.log('the daemon has gone');
}

for (;;) {
  // No daemon there yet, or lost in the middle: the next life may have more luck.
  await live().catch(() => undefined);
  await pause(200);
}
