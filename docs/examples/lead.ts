import { connect } from 'ssp-toolkit';
import { election, type Election } from 'ssp-toolkit/recipes';

const address = process.argv[2] ?? '4803@localhost';

// The job of the leader. Pass the term to everything that the job changes.
function job(name: string, term: number, signal: AbortSignal): void {
  console.log(`${name} works`);
  const timer = setInterval(() => console.log(`${name}, term ${term}`), 60_000);
  signal.addEventListener('abort', () => {
    clearInterval(timer);
    console.log(`${name} stops`);
  });
}

async function follow(name: string, worker: Election): Promise<void> {
  let stop = new AbortController();
  for await (const leadership of worker) {
    stop.abort(); // there is a new leader, or none
    if (!leadership?.isMe) continue;
    stop = new AbortController();
    job(name, leadership.term, stop.signal);
  }
}

await using first = await connect({ address, name: 'ann' });
await using second = await connect({ address, name: 'bob' });

const ann = await election(first, 'jobs');
const following = [follow('ann', ann)];
await ann.waitFor();

const bob = await election(second, 'jobs');
following.push(follow('bob', bob));
await bob.waitForLeader();
await ann.leave();
await bob.waitFor();
await bob.leave();
await Promise.all(following);
