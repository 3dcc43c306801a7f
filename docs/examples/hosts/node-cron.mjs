import { setTimeout as pause } from 'node:timers/promises';
import cron from 'node-cron';
import { connect } from 'ssp-toolkit';
import { coordinator } from 'ssp-toolkit/node-cron';

const address = process.argv[2] ?? '4803@localhost';
let runs = 0;

// In practice each worker is a process of its own, and calls cron.setRunCoordinator(...) once.
const workers = await Promise.all(['ann', 'bob', 'cid'].map((name) => connect({ address, name })));
const tasks = await Promise.all(
  workers.map(async (connection) =>
    cron.schedule('* * * * * *', report, {
      name: 'report',
      distributed: true,
      runCoordinator: await coordinator(connection),
    }),
  ),
);

async function report() {
  console.log(`report ${++runs}`);
  if (runs < 3) return;
  for (const task of tasks) await task.destroy();
  await pause(1000); // the others may be asking for this run
  for (const connection of workers) await connection.close();
}
