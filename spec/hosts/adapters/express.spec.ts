/** The program of the guide to Express: instances with one state, of which one crashes, and whose daemon goes and comes back. */
import { expect } from 'chai';
import { eventually } from '../../support/wait.js';
import { HostProject } from './host-project.js';
import { type Instance, Instances } from './instances.js';

const put = async (instance: Instance, path: string): ReturnType<Instance['fetch']> =>
  await instance.fetch(`/seats/${path}`, { method: 'PUT' });
const seatsOf = async (instance: Instance): Promise<Record<string, string>> =>
  JSON.parse((await instance.fetch('/seats')).text) as Record<string, string>;
const hasSeats = async (instance: Instance, seats: Record<string, string>): Promise<void> => {
  await eventually(
    async () => JSON.stringify(await seatsOf(instance)) === JSON.stringify(seats),
    'the same seats',
  );
};

describe('hosts: Express', () => {
  let project: HostProject;
  let instances: Instances;
  let page: string;

  beforeEach(async () => {
    project = await HostProject.make({ express: 'express' });
    page = project.takeExample('express.mjs', 'express');
    instances = await Instances.start(project, 'express.mjs');
  });
  afterEach(async () => {
    await instances?.[Symbol.asyncDispose]();
    await project[Symbol.asyncDispose]();
  });

  it('gives each seat to one of two who ask two instances at the same moment', async () => {
    const { first, second } = instances;
    for (let seat = 1; seat <= 20; seat++) {
      const answers = await Promise.all([put(first, `${seat}/ann`), put(second, `${seat}/bob`)]);
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).to.deep.equal([201, 409]);
      expect(new Set(answers.map(({ text }) => text)).size).to.equal(1);
    }
    const seats = await seatsOf(first);
    expect(Object.keys(seats)).to.have.length(20);
    await hasSeats(second, seats);
    await first.stop();
    await second.stop();
  });

  it('answers as the page says, and refuses a seat that does not exist', async () => {
    const { first, second } = instances;
    const asked = [await put(first, '7/ann'), await put(second, '7/bob'), await second.fetch('/seats')];
    for (const { status, text } of asked) expect(page).to.include(`# ${status} ${text.trim()}\n`);
    expect(await put(first, '101/ann')).to.deep.equal({
      status: 404,
      text: 'expected a seat from 1 to 100\n',
    });
  });

  it('keeps the state when an instance crashes, and gives it to a new one', async () => {
    const { first, second } = instances;
    expect((await put(first, '7/ann')).status).to.equal(201);
    await first.program.signal('SIGKILL').end();
    const third = await instances.add();
    expect(await put(third, '7/cid')).to.deep.equal({ status: 409, text: 'ann\n' });
    expect((await put(third, '8/cid')).status).to.equal(201);
    await hasSeats(second, { 7: 'ann', 8: 'cid' });
  });

  it('reads on without a daemon, refuses changes, and has the same state when it is back', async () => {
    const { first, second } = instances;
    expect((await put(first, '7/ann')).status).to.equal(201);
    await hasSeats(second, { 7: 'ann' });
    await instances.daemons.kill(0, { wait: 'nothing' });
    await eventually(async () => (await second.fetch('/health')).status === 503, 'the loss');
    expect(await put(second, '8/bob')).to.deep.equal({ status: 503, text: 'ask again later\n' });
    expect(await seatsOf(second)).to.deep.equal({ 7: 'ann' });
    await instances.daemons.start(0, { wait: 'nothing' });
    for (const instance of [first, second])
      await eventually(async () => (await instance.fetch('/health')).status === 200, 'the return', 60_000);
    // The seat may be asked for again. Until both have found each other it still takes a while.
    await eventually(async () => (await put(second, '8/bob')).text === 'bob\n', 'the seat', 60_000);
    for (const instance of [first, second]) await hasSeats(instance, { 7: 'ann', 8: 'bob' });
  });
});
