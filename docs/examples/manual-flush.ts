import { connect } from 'ssp-toolkit';

const address = process.argv[2] ?? '4803@localhost';
const ann = await connect({ address, name: 'ann' });
const bob = await connect({ address, name: 'bob' });

const group = await ann.join('jobs', { viewSynchrony: { flush: 'manual' } });
const joining = bob.join('jobs', { viewSynchrony: true });

for await (const event of group) {
  if (event.kind === 'data') console.log(`heard: ${event.text}`);
  if (event.kind === 'view') console.log(`view of ${event.members.length}`);
  if (event.kind === 'flush-request') {
    await group.send('ann has done 3 jobs'); // what must be known in this view
    event.flush();
  }
  if (event.kind === 'view' && event.members.length === 2) break;
}

await joining;
await Promise.all([ann.close(), bob.close()]);
