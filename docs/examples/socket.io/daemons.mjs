// Three daemons of one cluster in this process, to try things on one machine. Commands: kill 0, start 0
import { createInterface } from 'node:readline';
import { cluster } from 'ssp-toolkit/testing';

const daemons = await cluster(3, { tcp: true });
console.log(`export SSP_ADDRESS=${[0, 1, 2].map((n) => daemons.address(n)).join(',')}`);

for await (const line of createInterface({ input: process.stdin })) {
  const [, verb, number] = /^(kill|start) ([0-2])$/.exec(line) ?? [];
  if (verb === 'kill') await daemons.kill(Number(number));
  else if (verb === 'start') await daemons.start(Number(number));
  console.log(verb ? `done: ${line}` : 'expected kill or start, and 0, 1 or 2');
}
await daemons[Symbol.asyncDispose]();
