import { EventEmitter, once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { connect } from 'ssp-toolkit';
import { lead } from 'ssp-toolkit/recipes';

const address = process.argv[2] ?? '4803@localhost';
const begins = new EventEmitter();

// The job of the leader. Pass the term to everything that the job changes.
async function job(name: string, term: number, signal: AbortSignal): Promise<string> {
  console.log(`${name} works`);
  begins.emit(name);
  try {
    await setTimeout(name === 'ann' ? 60_000 : 100, undefined, { signal });
    return `${name} has finished, with a term: ${term > 0}`;
  } finally {
    console.log(`${name} stops`);
  }
}

await using first = await connect({ address, name: 'ann' });
await using second = await connect({ address, name: 'bob' });

const retire = new AbortController();
let annBegins = once(begins, 'ann');
const ann = lead(first, 'jobs', ({ term, signal }) => job('ann', term, signal), { signal: retire.signal });
await annBegins;

annBegins = once(begins, 'ann');
const bob = lead(second, 'jobs', ({ term, signal }) => job('bob', term, signal));
await annBegins; // again: bob has joined

retire.abort();
const [, result] = await Promise.allSettled([ann, bob]);
console.log(result.status === 'fulfilled' && result.value);
