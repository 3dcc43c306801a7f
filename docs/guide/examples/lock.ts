import { connect } from '../../../lib/index.js';
import { lock } from '../../../lib/recipes/index.js';

const address = process.argv[2] ?? '4803@localhost';

// What the lock protects: refuses whoever comes with an older token than the newest it has seen.
let newest = 0;
function write(text: string, token: number): void {
  if (token < newest) throw new Error('you had the lock once');
  newest = token;
  console.log(text);
}

const first = await connect({ address, name: 'ann' });
const second = await connect({ address, name: 'bob' });
const ann = await lock(first, 'printer');
const bob = await lock(second, 'printer');

const held = await ann.acquire();
const waiting = bob.acquire();
write('ann prints', held.token);
await first.close(); // without giving it back
console.log(`ann has lost it: ${held.signal.aborted}`);

const next = await waiting;
write('bob prints', next.token);
try {
  write('ann prints again', held.token);
} catch (error) {
  console.log(`ann is refused: ${(error as Error).message}`);
}
await next.release();
await second.close();
