/** A member of a replicated list, as a process: late-member.js NAME ADDRESS ROLE [QUORUM]. The role `late` is busy at the begin. */
import { Buffer } from 'node:buffer';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from '../../lib/index.js';
import { replicated, type Snapshot } from '../../lib/recipes/index.js';

const [name = '', address = '', role = '', quorum] = process.argv.slice(2);

class Lines {
  all: string[] = [];
  reset(): void {
    this.all = [];
  }
  apply(line: string): number {
    return this.all.push(line);
  }
  snapshot(): Snapshot {
    return Buffer.from(JSON.stringify(this.all));
  }
  async restore(pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const piece of pieces) parts.push(piece);
    // Commands come meanwhile.
    await pause(50);
    this.all = JSON.parse(Buffer.concat(parts).toString()) as string[];
  }
}

/** Longer than a silent member is waited for. */
function stayBusy(milliseconds: number): void {
  const end = Date.now() + milliseconds;
  while (Date.now() < end);
}

const lines = new Lines();
const connection = await connect({ address, name });
const joining = replicated(
  connection,
  'lines',
  lines,
  quorum ? { quorum: Number(quorum), maxMembers: 5 } : {},
);
if (role === 'late') {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  console.log('joining');
  stayBusy(2300);
}
const replica = await joining;
await replica.ready();
console.log('ready');
process.stdin.setEncoding('utf8');
const pace = { isWriting: false };
let written: Promise<void> = Promise.resolve();

async function write(): Promise<void> {
  while (pace.isWriting) {
    await replica.submit(`${name} ${lines.all.length}`);
    await pause(2);
  }
}

for await (const chunk of process.stdin) {
  for (const word of (chunk as string).split('\n')) {
    if (word === 'write') {
      pace.isWriting = true;
      written = write();
    } else if (word === 'stop') {
      pace.isWriting = false;
      await written;
      console.log('stopped');
    } else if (word === 'show') {
      await replica.submit(`${name} shows`);
      console.log(`${JSON.stringify(lines.all)};`);
    }
  }
}
await connection.close();
