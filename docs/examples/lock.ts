import { connect } from 'ssp-toolkit';
import { lock } from 'ssp-toolkit/recipes';

const address = process.argv[2] ?? '4803@localhost';

// The resource that the lock protects. It rejects a token that is older than the newest one it has seen.
let newest = 0;
function write(text: string, token: number): void {
  if (token < newest) throw new Error('stale token');
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
await first.close(); // without releasing the lock
console.log(`ann has lost the lock: ${held.signal.aborted}`);

const next = await waiting;
write('bob prints', next.token);
try {
  write('ann prints again', held.token);
} catch (error) {
  console.log(`ann is rejected: ${(error as Error).message}`);
}
await next.release();
await second.close();
