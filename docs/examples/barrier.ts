import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'ssp-toolkit';
import { barrier } from 'ssp-toolkit/recipes';

const address = process.argv[2] ?? '4803@localhost';
const steps: string[] = [];

async function worker(name: string, work: number): Promise<void> {
  await using connection = await connect({ address, name });
  const stage = await barrier(connection, 'stage', { parties: 3 });
  for (const task of ['load', 'sort']) {
    await pause(work);
    steps.push(task);
    await stage.enter(); // nobody sorts before everybody has loaded
  }
}

await Promise.all([worker('ann', 10), worker('bob', 30), worker('cid', 50)]);
console.log(steps.join(' '));
