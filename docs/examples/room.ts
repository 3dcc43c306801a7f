import { connect } from 'ssp-toolkit';

const connection = await connect({ name: process.argv[2], address: process.argv[3] ?? '4803@localhost' });
const room = await connection.join('room');
await room.send('hello');

for await (const event of room) {
  if (event.kind === 'view') console.log(`members: ${event.members.length}, leader: ${event.members[0]}`);
  if (event.kind === 'data') console.log(`${event.sender}: ${event.text}`);
  if (event.kind === 'transition') console.log('a daemon is out of reach, a new view follows');
  if (event.kind === 'self-leave') console.log('left the room');
}
