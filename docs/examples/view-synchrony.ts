import { connect, ViewChangedError } from 'ssp-toolkit';

const address = process.argv[2] ?? '4803@localhost';
const viewSynchrony = true;

const ann = await connect({ address, name: 'ann' });
const bob = await connect({ address, name: 'bob' });
const cid = await connect({ address, name: 'cid' });
const sender = await ann.join('work', { viewSynchrony });
const worker = await bob.join('work', { viewSynchrony });

/** Splits ten jobs among the members that will get the message: those of this view, all of them and nobody else. */
async function share(): Promise<void> {
  const { id, members } = sender.view;
  const start = (place: number): number => Math.floor((10 * place) / members.length);
  const jobs = members.map((_, place) => start(place + 1) - start(place));
  try {
    await sender.send(JSON.stringify(jobs), { view: id });
  } catch (error) {
    if (!(error instanceof ViewChangedError)) throw error;
    await share(); // among other members
  }
}

const work = async (): Promise<void> => {
  let place = 0;
  for await (const event of worker) {
    if (event.kind === 'view') {
      place = event.myIndex;
      console.log(`bob is one of ${event.members.length}`);
    } else if (event.kind === 'data') {
      const jobs = JSON.parse(event.text) as number[];
      console.log(`bob does ${jobs[place]} of 10 jobs`);
      if (jobs.length === 3) return;
    }
  }
};
const working = work();

await share();
await cid.join('work', { viewSynchrony });
await share();
await working;
await Promise.all([ann.close(), bob.close(), cid.close()]);
