import { connect } from 'ssp-toolkit';

const connection = await connect({ name: process.argv[2], address: process.argv[3] ?? '4803@localhost' });
const group = await connection.join('workers');

for await (const event of group) {
  if (event.kind !== 'view') continue;
  const leader = event.myIndex === 0 ? 'I lead' : `${event.members[0]} leads`;
  console.log(`${leader}; members: ${event.members.length}`);
}
