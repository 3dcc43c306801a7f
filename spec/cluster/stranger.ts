/** A process that joins a CPG group, says what nobody there understands, and stays: `node stranger.js GROUP`. */
import { Buffer } from 'node:buffer';
import { KoffiCpgTransport } from '../../daemon/engine/corosync/transport/cpg-transport.js';

const [, , group = ''] = process.argv;
const transport = new KoffiCpgTransport();
const handlers = { events: () => undefined, dead: () => process.exit(1) };
await transport.open(group, handlers);
for (const text of ['', 'hello', '\0'.repeat(1000)]) transport.mcast(Buffer.from(text), null);
