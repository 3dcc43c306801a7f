import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'ssp-toolkit';

const addresses = process.argv.slice(2);
const connection = await connect({ addresses: addresses.length > 0 ? addresses : ['4803@localhost'] });
connection.on('resumed', ({ address }) => console.log(`back at ${address}`));

const room = await connection.join('numbers');
console.log('connected');

const LAST = 200;
// Each resolves when every daemon has it: a number that a lost daemon took with it is sent again.
async function send(): Promise<void> {
  for (let number = 1; number <= LAST; number++) {
    await room.send(`${number}`, { confirm: true });
    await pause(20);
  }
}
const sent = send();

let count = 0;
for await (const event of room) {
  if (event.kind === 'gap') throw new Error(`something is missing: ${event.reason}`);
  if (event.kind !== 'data') continue;
  count++;
  if (event.text !== `${count}`) throw new Error(`expected ${count}, got ${event.text}`);
  if (count === LAST) break;
}
await sent;
await connection.close();
console.log(`counted ${count} messages, each once`);
