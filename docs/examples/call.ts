import { connect } from 'ssp-toolkit';
import { groupRpc } from 'ssp-toolkit/recipes';

const address = process.argv[2] ?? '4803@localhost';
const short = (name: string): string => name.split('#')[1] ?? name;

const stock: Record<string, Record<string, number>> = { ann: { apples: 3 }, bob: { apples: 4, pears: 1 } };

for (const [name, shelf] of Object.entries(stock)) {
  const connection = await connect({ address, name });
  const handler = (fruit: string): number => {
    const count = shelf[fruit];
    if (count === undefined) throw new Error(`no ${fruit} here`);
    return count;
  };
  await groupRpc<string, number>(connection, 'shops', { handler });
}

const connection = await connect({ address, name: 'cid' });
const shops = await groupRpc<string, number>(connection, 'shops'); // no handler: only asks

const apples = await shops.call('apples');
console.log(`apples: ${apples.values.reduce((sum, count) => sum + count, 0)}`);

const { outcomes } = await shops.call('pears', { timeoutMs: 1000 });
for (const [name, outcome] of outcomes) {
  if (outcome.kind === 'value') console.log(`${short(name)}: ${outcome.value}`);
  else if (outcome.kind === 'error') console.log(`${short(name)}: ${outcome.message}`);
  else console.log(`${short(name)}: ${outcome.kind}`); // left, or timeout
}

const first = await shops.call('pears', { mode: 'first' });
console.log(`somebody has pears: ${first.satisfied}`);
process.exit();
