/**
 * A process that joins a CPG group, says what nobody there understands, and stays: `node stranger.js GROUP`. With `on`
 * behind it, it says more of that for as long as it runs, some of it with the first bytes of what daemons say.
 */
import { Buffer } from 'node:buffer';
import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { KoffiCpgTransport } from '../../daemon/engine/corosync/transport/cpg-transport.js';
import { REPORT_VERSION } from '../../daemon/core/report.js';
import { Type, versionOf, writePrefix } from '../../daemon/engine/views/message.js';

const MOST_BYTES = 300;
const PAUSE_MS = 200;

const [, , group = '', goesOn] = process.argv;
const transport = new KoffiCpgTransport();
const handlers = { events: () => undefined, dead: () => process.exit(1) };
await transport.open(group, handlers);
for (const text of ['', 'hello', '\0'.repeat(1000)]) transport.mcast(Buffer.from(text), null);

const version = versionOf(REPORT_VERSION);
async function talk(): Promise<never> {
  for (;;) {
    const bytes = randomBytes(8 + randomInt(MOST_BYTES));
    if (randomInt(2) === 0)
      writePrefix(bytes, version, randomInt(Object.keys(Type).length + 2), randomInt(256));
    transport.mcast(bytes, null);
    await pause(randomInt(PAUSE_MS));
  }
}

if (goesOn !== undefined) await talk();
