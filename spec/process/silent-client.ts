/**
 * Clients on a machine that falls silent: silent-client.js PORT@HOST TLS-PORT SILENCE-TIMEOUT. Prints a line for each that
 * is there, and one for each that has ended.
 */
import { Buffer } from 'node:buffer';
import { connect, type Connection, type Group, SspError } from '../../lib/index.js';
import { RawSession } from '../support/raw-client.js';
import { ca } from '../support/tls-files.js';

const [address = '', tlsPort = '', timeout = ''] = process.argv.slice(2);
const [port = '', host = ''] = address.split('@');

function tellEnd(connection: Connection, name: string, group: Group): void {
  connection.on('close', (error) => {
    const { code = '', cause } = error instanceof SspError ? error : {};
    const reason = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const later = [group.members.length, group.isMember, connection.open];
    console.log(JSON.stringify({ name, error: error?.name, code, reason, later }));
  });
}

/** A connection of the library that is in a group. */
async function member(name: string, group: string, tls = false): Promise<Connection> {
  const connection = await connect({
    address: tls ? `tls://${host}:${tlsPort}` : address,
    name,
    silenceTimeoutMs: Number(timeout),
    ...(tls && { tls: { ca, servername: 'localhost' } }),
  });
  tellEnd(connection, name, await connection.join(group));
  return connection;
}

await member('idle', 'quiet');
await member('idle-tls', 'quiet', true);
await member('busy', 'noisy');
await member('busy-tls', 'noisy', true);
const talker = await member('talker', 'quiet');
// A client that does what one in C does.
for (const group of ['quiet', 'noisy']) {
  const raw = await RawSession.connect({ host, port: Number(port) }, `c-${group}`);
  raw.join(group);
  await raw.next();
}
console.log('ready');
setInterval(() => void talker.send('nobody', Buffer.alloc(100)).catch(() => undefined), 50);
