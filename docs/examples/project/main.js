/** The program: start it as often as you like; one of the processes works. */
import { connect } from 'ssp-toolkit';
import { work } from './worker.js';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => stop.abort());

try {
  // With `addresses` the connection comes back when the daemon was away; commas separate several daemons.
  const addresses = [process.env['SSP_ADDRESS'] || '4803@localhost'];
  const connection = await connect({ addresses, signal: stop.signal });
  connection.on('reconnecting', () => console.log('the daemon is away'));
  connection.on('resumed', () => console.log('the daemon is back'));
  console.log(`${connection.id} is connected`);
  try {
    await work(connection, { log: console.log, signal: stop.signal });
  } finally {
    await connection.close();
  }
} catch (error) {
  if (!stop.signal.aborted) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
