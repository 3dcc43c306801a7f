import { connect } from 'ssp-toolkit';
import { generateIdentity } from 'ssp-toolkit/secure';

const address = process.argv[2] ?? '4803@localhost';
const keys = { ann: generateIdentity(), bob: generateIdentity(), eve: generateIdentity() };

// Everybody knows the public keys of ann and bob. Nobody is accepted by default.
const allow = [
  { name: 'ann', identity: keys.ann.publicKey },
  { name: 'bob', identity: keys.bob.publicKey },
];
const sealAfterMs = 500;

const ann = await connect({ address, name: 'ann' });
const bob = await connect({ address, name: 'bob' });
const sender = await ann.join('vault', { secure: { identity: keys.ann, allow, sealAfterMs } });
const reader = await bob.join('vault', { secure: { identity: keys.bob, allow, sealAfterMs } });
sender.on('event', () => undefined);
await reader.confirmed();
console.log(`bob reads with ${reader.members.length - 1} other`);

await reader.send('the code is 1234', { view: reader.view.id });
for await (const event of reader) {
  if (event.kind !== 'data') continue;
  console.log(`bob heard: ${event.text}, encrypted: ${event.encrypted}`);
  break;
}

// eve has a key that nobody has allowed: after three views without it the join gives up.
const eve = await connect({ address, name: 'eve' });
try {
  await eve.join('vault', { secure: { identity: keys.eve, allow, sealAfterMs } });
} catch (error) {
  console.log((error as Error).message);
}
await Promise.all([ann.close(), bob.close(), eve.close()]);
