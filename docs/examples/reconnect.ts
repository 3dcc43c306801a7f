import { connect } from 'ssp-toolkit';

// Where the daemons are: the connection comes back to the first of them that accepts.
const addresses = process.argv.slice(2);
const connection = await connect({ addresses: addresses.length > 0 ? addresses : ['4803@localhost'] });
connection.on('reconnecting', () => console.log('lost'));
connection.on('resumed', ({ address, gaps }) =>
  console.log(`back at ${address}, ${gaps ? 'with a gap' : 'nothing lost'}`),
);

const room = await connection.join('ticks');
console.log('connected');
let ticks = 0;
setInterval(() => void room.send(`tick ${++ticks}`).catch(() => undefined), 500);
// The loop lives through every loss.
for await (const event of room) {
  if (event.kind === 'gap') console.log(`gap: ${event.reason}`);
  else if (event.kind === 'data' && ticks % 5 === 0) console.log(event.text);
}
