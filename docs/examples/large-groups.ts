import { connect } from 'ssp-toolkit';

const address = process.argv[2] ?? '4803@localhost';

const ann = await connect({ address, name: 'ann' });
const fans = await ann.join('fans', { list: 'on-demand' });

const watch = async (): Promise<void> => {
  for await (const event of fans) {
    if (event.kind !== 'view') continue;
    for (const id of event.joined) console.log(`${id.split('#')[1]} joined, fans: ${event.size}`);
    if (event.size === 4) return;
  }
};
const watching = watch();

const names = ['bob', 'cid', 'dan'];
const others = await Promise.all(names.map((name) => connect({ address, name })));
for (const other of others) await other.join('fans', { list: 'on-demand' });
await watching;

const members = await fans.list();
console.log(`listed: ${members.length}, first: ${members[0]?.split('#')[1]}`);
await Promise.all([ann, ...others].map((connection) => connection.close()));
