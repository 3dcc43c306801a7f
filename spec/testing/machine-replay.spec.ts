/** A machine over a recording: the states that a replicated group went through, whoever recorded it. */
import { expect } from 'chai';
import * as z from 'zod';
import {
  type Cluster,
  cluster,
  type MachineReplay,
  RecordingError,
  replay,
} from '../../daemon/testing/index.js';
import type { Connection } from '../../lib/client/connection.js';
import { IllegalParamError } from '../../lib/errors.js';
import { type CommandInfo, type Machine, map, type Replicated, replicated } from '../../lib/recipes/index.js';
import { labelOf, termsOf } from '../../lib/recipes/core/replicated/label.js';
import { TemporaryDirectory } from '../support/temporary.js';

type Payment = { readonly to: string; readonly amount: number };

/** Accounts whose sum has to stay what was paid in. */
class Accounts implements Machine<Payment, number> {
  readonly kind: string = 'bank';
  accounts = new Map<string, number>();
  members: readonly string[] = [];

  reset(): void {
    this.accounts = new Map();
    this.members = [];
  }

  apply(payment: Payment, { index }: CommandInfo): number {
    if (payment.amount > 1000) throw new Error('too much');
    const sum = (this.accounts.get(payment.to) ?? 0) + payment.amount;
    this.accounts.set(payment.to, sum);
    // What is done to a command is nobody else's.
    Object.assign(payment, { amount: -1 });
    return index;
  }

  present(members: readonly string[]): void {
    this.members = members;
  }

  snapshot(): Uint8Array {
    return Buffer.from(JSON.stringify([...this.accounts]));
  }

  async restore(pieces: AsyncIterable<Buffer>): Promise<void> {
    const all: Buffer[] = [];
    for await (const piece of pieces) all.push(piece);
    this.accounts = new Map(JSON.parse(Buffer.concat(all).toString()) as [string, number][]);
  }

  get sum(): number {
    return [...this.accounts.values()].reduce((sum, each) => sum + each, 0);
  }
}

class Merging extends Accounts {
  merge(state: Buffer): void {
    for (const [name, amount] of JSON.parse(state.toString()) as [string, number][])
      this.accounts.set(`${name}'`, amount);
  }
}

const QUORUM = { quorum: 2 };

describe('testing: the machine of a recording', () => {
  let folder: TemporaryDirectory;
  let c: Cluster;

  beforeEach(async () => {
    folder = await TemporaryDirectory.make();
    c = await cluster(3, { time: 'virtual', seed: 1 });
  });
  afterEach(async () => {
    await c[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  const file = (name: string): string => folder.file(`${name}.ssplog`);

  async function recorded(daemon: number, name: string): Promise<Connection> {
    const connection = await c.connect(daemon, { name });
    c.record(file(name), connection);
    return connection;
  }

  /** The bank at a connection. */
  async function bank(
    connection: Connection,
    options: { readonly quorum?: number } = QUORUM,
    machine = new Accounts(),
  ): Promise<{ readonly machine: Accounts; readonly at: Replicated<Payment, number> }> {
    const at = await replicated(connection, 'bank', machine, options);
    return { machine, at };
  }

  const replayOf = async (
    name: string,
    machine = new Accounts(),
  ): Promise<MachineReplay<Payment, number, Accounts>> => await replay(file(name)).machine(machine, 'bank');

  /** What is left of the cluster is written. */
  const end = async (): Promise<void> => await c[Symbol.asyncDispose]();

  const stateOf = (machine: Accounts): string => machine.snapshot().toString();

  it('goes through the states of the member, and ends in the bytes of the last one', async () => {
    const banks = [];
    for (const [i, name] of ['ann', 'bob', 'cid'].entries()) banks.push(await bank(await recorded(i, name)));
    const [a, b, d] = banks as [(typeof banks)[0], (typeof banks)[0], (typeof banks)[0]];
    const states: string[] = ['[]'];
    for (let i = 1; i <= 20; i++) {
      await (i % 2 ? a : b).at.submit({ to: `n${i % 3}`, amount: i });
      states.push(stateOf(i % 2 ? a.machine : b.machine));
    }
    await a.at.submit({ to: 'n0', amount: 1001 }).catch(() => undefined);
    states.push(states.at(-1) as string);
    await c.partition([[0], [1, 2]]);
    await b.at.submit({ to: 'apart', amount: 1 });
    states.push(stateOf(b.machine));
    await c.heal();
    await a.at.writable();
    await a.at.submit({ to: 'again', amount: 1 });
    states.push(stateOf(a.machine));
    await c.settled();
    const live = [a, b, d].map(({ machine }) => stateOf(machine));
    await end();

    // Those of the majority have gone through all of them.
    for (const name of ['bob', 'cid']) {
      const run = await replayOf(name);
      expect(run.length).to.equal(23);
      for (const place of [23, 0, 7, 8, 22, 3])
        expect(stateOf(await run.at(place)), `${name} at ${place}`).to.equal(states[place]);
      expect(run.commands.slice(0, 2)).to.deep.equal([
        { ...run.commands[0], place: 1, sender: '#ann#d1', index: 0, command: { to: 'n1', amount: 1 } },
        { ...run.commands[1], place: 2, sender: '#bob#d2', index: 1, command: { to: 'n2', amount: 2 } },
      ]);
      expect(run.commands[21]?.atMs).to.be.above(2400);
      expect(stateOf(await run.at(run.length))).to.equal(live[1]);
    }
    // The one that was cut off was given the state, with what it had missed.
    const run = await replayOf('ann');
    expect(run.length).to.equal(22);
    expect(run.commands.at(-1)).to.include({ place: 22, index: 22 });
    expect(stateOf(await run.at(21))).to.equal(states[22]);
    expect(stateOf(await run.at(22))).to.equal(live[0]);
  });

  it('finds the command after which something is so', async () => {
    const { at } = await bank(await recorded(0, 'ann'), {});
    for (let i = 1; i <= 50; i++) await at.submit({ to: 'n', amount: i === 37 ? -500 : 10 });
    await end();
    const run = await replayOf('ann');
    let looks = 0;
    const broken = await run.find((machine) => {
      looks++;
      return machine.sum < 0;
    });
    expect(broken).to.deep.include({ place: 37, index: 36, sender: '#ann#d1' });
    expect(broken?.command).to.deep.equal({ to: 'n', amount: -500 });
    expect(looks).to.be.below(10);
    expect(await run.find(() => true)).to.equal(null);
    expect(await run.find(() => false)).to.equal(null);
    const machine = await run.at(36);
    expect([machine.sum, machine.members]).to.deep.equal([360, ['#ann#d1']]);
    const error: unknown = await run.at(51).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(IllegalParamError);
    expect((error as Error).message).to.include('at: expected a place from 0 to 50, got 51');
  });

  it('begins with the state that a late member was given', async () => {
    const { at } = await bank(await c.connect(0));
    const other = await bank(await c.connect(1));
    await other.at.ready();
    for (let i = 0; i < 5; i++) await at.submit({ to: 'n', amount: 1 });
    const late = await bank(await recorded(2, 'late'));
    await late.at.ready();
    await at.submit({ to: 'n', amount: 10 });
    await c.settled();
    await end();
    const run = await replayOf('late');
    expect(run.length).to.equal(1);
    expect((await run.at(0)).sum).to.equal(5);
    expect((await run.at(1)).sum).to.equal(15);
    expect(run.commands[0]?.index).to.equal(5);
  });

  it('is known to a member that replicates nothing, as long as it sees one that has it from the beginning', async () => {
    const recorder = await recorded(0, 'rec');
    (await recorder.join('bank')).on('event', () => undefined);
    const banks = [];
    for (let i = 0; i < 3; i++) banks.push(await bank(await c.connect(i, { name: `n${i}` })));
    const [a, b] = banks as [(typeof banks)[0], (typeof banks)[0]];
    for (let i = 0; i < 5; i++) await a.at.submit({ to: 'n', amount: 1 });
    await a.at.leave();
    await b.at.submit({ to: 'n', amount: 10 });
    await c.settled();
    const live = stateOf(b.machine);
    await end();
    const run = await replayOf('rec');
    expect(run.length).to.equal(6);
    expect(stateOf(await run.at(6))).to.equal(live);
  });

  it('takes in merges, and states that won', async () => {
    const banks = [];
    for (let i = 0; i < 3; i++) banks.push(await bank(await recorded(i, `n${i}`), {}, new Merging()));
    const [a, b] = banks as [(typeof banks)[0], (typeof banks)[0]];
    for (const { at } of banks) await at.ready();
    await a.at.submit({ to: 'x', amount: 1 });
    await c.settled();
    await c.partition([[0], [1, 2]]);
    await a.at.submit({ to: 'left', amount: 2 });
    await b.at.submit({ to: 'right', amount: 3 });
    await c.heal();
    await c.until(() => a.machine.accounts.has("left'") && b.machine.accounts.has("left'"), 'the merge');
    await c.settled();
    const live = stateOf(b.machine);
    await end();
    for (const name of ['n0', 'n1', 'n2']) {
      const run = await replayOf(name, new Merging());
      expect(stateOf(await run.at(run.length)), name).to.equal(live);
    }
  });

  it('checks commands as the replicas did, with their schema', async () => {
    const schema = z.object({ to: z.string(), amount: z.number() });
    const machine = new Accounts();
    const at = await replicated(await recorded(0, 'ann'), 'bank', machine, { ...QUORUM, schema });
    const other = await c.connect(1);
    await replicated(other, 'bank', new Accounts(), { ...QUORUM, schema });
    for (let i = 1; i <= 3; i++) await at.submit({ to: 'n', amount: i });
    const last = stateOf(machine);
    await end();

    const run = await replay(file('ann')).machine(new Accounts(), 'bank', { schema });
    expect(run.length).to.equal(3);
    expect(stateOf(await run.at(3))).to.equal(last);
    const without: unknown = await replayOf('ann').catch((reason: unknown) => reason);
    expect(without).to.be.instanceOf(RecordingError);
    expect((without as Error).message).to.equal(
      'the group bank holds a bank of checked commands with a quorum of 2 of 3, and the machine is a bank',
    );
  });

  it('says why there is none', async () => {
    const ann = await recorded(0, 'ann');
    (await ann.join('empty')).on('event', () => undefined);
    const settings = await map(ann, 'settings', QUORUM);
    await bank(await c.connect(1), {});
    await c.settled();
    // It sees the states of others, and none from the beginning.
    const rec = await recorded(2, 'rec');
    (await rec.join('bank')).on('event', () => undefined);
    await bank(await c.connect(2), {});
    await c.settled();
    await settings.leave();
    await end();

    const recording = replay(file('ann'));
    const messageOf = async (call: Promise<unknown>): Promise<string> => {
      const error: unknown = await call.catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(RecordingError);
      return (error as Error).message.replace(folder.path, '');
    };
    expect(await messageOf(recording.machine(new Accounts(), 'bank'))).to.equal(
      'expected a group of the recording, empty settings, got bank',
    );
    expect(await messageOf(recording.machine(new Accounts(), 'empty'))).to.equal(
      '/ann.ssplog has no replicated state in the group empty',
    );
    expect(await messageOf(recording.machine(new Accounts(), 'settings'))).to.equal(
      'the group settings holds a map with a quorum of 2 of 3, and the machine is a bank',
    );
    expect(await messageOf(replayOf('rec', new Merging()))).to.equal(
      'the group bank holds a bank without a quorum, and the machine is a bank that merges',
    );
    expect(await messageOf(replayOf('rec'))).to.equal(
      '/rec.ssplog does not have the beginning of the state of bank',
    );
    const none: unknown = await recording.machine({} as Accounts, 'bank').catch((reason: unknown) => reason);
    expect(none).to.be.instanceOf(IllegalParamError);
  });

  it('reads the words that members compare', () => {
    for (const terms of [
      { kind: 'bank', isChecked: false, quorum: null, maxMembers: undefined, merges: false },
      { kind: 'bank', isChecked: true, quorum: null, maxMembers: undefined, merges: true },
      { kind: 'a bank without a quorum', isChecked: false, quorum: 3, maxMembers: 5, merges: false },
    ])
      expect(termsOf(labelOf(terms))).to.deep.equal(terms);
    expect(termsOf('something else')).to.equal(null);
  });
});
