import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { ConnectionClosedError, IllegalParamError, MessageTooLongError } from '../../../lib/errors.js';
import { type Machine, ReadOnlyError, type Replicated, replicated } from '../../../lib/recipes/index.js';
import { until } from '../../support/wait.js';
import { ClientWorld, failure } from '../../client/support.js';

/** A list of texts. */
class List implements Machine<string, number> {
  lines: string[] = [];

  reset(): void {
    this.lines = [];
  }

  apply(line: string): number {
    if (line === 'bad') throw new RangeError('a bad line');
    return this.lines.push(line);
  }

  snapshot(): Uint8Array {
    return Buffer.from(JSON.stringify(this.lines));
  }

  async restore(pieces: AsyncIterable<Buffer>): Promise<void> {
    const all: Buffer[] = [];
    for await (const piece of pieces) all.push(piece);
    this.lines = JSON.parse(Buffer.concat(all).toString()) as string[];
  }
}

async function join(
  house: ClientWorld,
  name: string,
  options = {},
): Promise<[List, Replicated<string, number>]> {
  const list = new List();
  return [list, await replicated(await house.connect(name), 'list', list, options)];
}

describe('replicated', () => {
  it('gives each submitter the result of its own command', async () => {
    await using house = await ClientWorld.start();
    const [first, a] = await join(house, 'a');
    const [second, b] = await join(house, 'b');
    const results = await Promise.all([a.submit('x'), b.submit('y'), a.submit('z')]);
    expect(results).to.have.members([1, 2, 3]);
    await until(() => second.lines.length === 3 && first.lines.length === 3, 'both to have all');
    expect(second.lines).to.deep.equal(first.lines);
  });

  it('throws what the machine throws, everywhere the same', async () => {
    await using house = await ClientWorld.start();
    const [list, a] = await join(house, 'a');
    expect(await failure(a.submit('bad'))).to.be.instanceOf(RangeError);
    await a.submit('good');
    expect(list.lines).to.deep.equal(['good']);
  });

  it('waits for the quorum, or refuses when that is wanted', async () => {
    await using house = await ClientWorld.start();
    const [, a] = await join(house, 'a', { quorum: 2 });
    const waits = a.submit('x');
    const [, b] = await join(house, 'b', { quorum: 2, whenReadOnly: 'reject' });
    expect(await failure(b.submit('y'))).to.be.instanceOf(ReadOnlyError);
    expect(await waits).to.equal(1);
    await b.writable();
    expect(await b.submit('y')).to.equal(2);
  });

  it('says how many are missing when it refuses', async () => {
    await using house = await ClientWorld.start();
    const [, a] = await join(house, 'a', { quorum: 2, whenReadOnly: 'reject' });
    const { message } = await failure(a.submit('x'));
    expect(message).to.match(/1 of the 2 members that are needed/);
    await a.leave();
    const [, b] = await join(house, 'b', { whenReadOnly: 'reject' });
    const [, c] = await join(house, 'c', { whenReadOnly: 'reject' });
    expect((await failure(c.submit('x'))).message).to.match(/does not have the state yet: wait for ready/);
    await b.submit('y');
  });

  it('gives a newcomer ten thousand lines while others go on, and all are equal', async () => {
    await using house = await ClientWorld.start();
    const [first, a] = await join(house, 'a');
    const all = Array.from({ length: 10_000 }, (_, index) => a.submit(`line ${index}`));
    const [second, b] = await join(house, 'b');
    await Promise.all(all);
    await b.ready();
    await b.submit('last');
    await until(() => first.lines.length === 10_001, 'all lines');
    expect(second.snapshot()).to.deep.equal(first.snapshot());
    expect(b.position).to.equal(10_001);
  });

  it('tries again when a state cannot be taken', async () => {
    await using house = await ClientWorld.start();
    const [, a] = await join(house, 'a');
    await a.submit('x');
    const list = new List();
    const restore = list.restore.bind(list);
    let tries = 0;
    list.restore = async (pieces) => {
      if (++tries === 1) throw new Error('not now');
      await restore(pieces);
    };
    const troubles: unknown[] = [];
    const b = await replicated(await house.connect('b'), 'list', list);
    b.on('snapshot-error', (error) => troubles.push((error as Error).message));
    await b.ready();
    expect(list.lines).to.deep.equal(['x']);
    expect(troubles).to.deep.equal(['not now']);
  });

  it('ends who waits when the connection is closed', async () => {
    await using house = await ClientWorld.start();
    const connection = await house.connect('a');
    const it = await replicated(connection, 'list', new List(), { quorum: 2 });
    const [submitting, waiting] = [failure(it.submit('x')), failure(it.writable())];
    await connection.close();
    expect(await submitting).to.be.instanceOf(ConnectionClosedError);
    expect(await waiting).to.be.instanceOf(ConnectionClosedError);
    expect(await failure(it.submit('x'))).to.be.instanceOf(ConnectionClosedError);
  });

  it('takes a command back that waits when its signal is aborted', async () => {
    await using house = await ClientWorld.start();
    const [list, a] = await join(house, 'a', { quorum: 2 });
    expect((await failure(a.submit('x', { signal: AbortSignal.timeout(20) }))).name).to.equal('TimeoutError');
    const [, b] = await join(house, 'b', { quorum: 2 });
    await b.submit('y');
    await until(() => list.lines.length > 0, 'the line');
    expect(list.lines).to.deep.equal(['y']);
  });

  it('refuses what cannot be', async () => {
    await using house = await ClientWorld.start();
    const connection = await house.connect('a');
    const merging = Object.assign(new List(), { merge: () => undefined });
    expect(await failure(replicated(connection, 'x', merging, { quorum: 2 }))).to.be.instanceOf(
      IllegalParamError,
    );
    expect(await failure(replicated(connection, 'x', new List(), { quorum: 0 }))).to.be.instanceOf(
      IllegalParamError,
    );
    const it = await replicated(connection, 'x', new List());
    expect(await failure(it.submit('x'.repeat(150_000)))).to.be.instanceOf(MessageTooLongError);
  });

  it('wants a quorum to be a majority of those it is said to be of', async () => {
    await using house = await ClientWorld.start();
    const connection = await house.connect('a');
    for (const options of [
      { maxMembers: 3 },
      { quorum: 2, maxMembers: 4 },
      { quorum: 3, maxMembers: 2 },
      { quorum: 2, maxMembers: 2.5 },
    ])
      expect(
        await failure(replicated(connection, 'list', new List(), options)),
        JSON.stringify(options),
      ).to.be.instanceOf(IllegalParamError);
    const [, a] = await join(house, 'b', { quorum: 1, maxMembers: 1 });
    expect(await a.submit('x')).to.equal(1);
  });

  it('says which member is the first of its view, over a leave and a loss', async () => {
    await using house = await ClientWorld.start();
    const [, a] = await join(house, 'a');
    const [, b] = await join(house, 'b');
    await Promise.all([a.ready(), b.ready()]);
    const firsts = (): boolean[] => [a.isFirst, b.isFirst];
    await until(() => firsts().filter(Boolean).length === 1 && a.isFirst, 'one first member');
    expect(firsts()).to.deep.equal([true, false]);
    await a.leave();
    await until(() => b.isFirst, 'the next one');
    expect(firsts()).to.deep.equal([false, true]);
  });
});
