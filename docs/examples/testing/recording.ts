import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Connection } from 'ssp-toolkit';
import { type Machine, replicated } from 'ssp-toolkit/recipes';
import { cluster, replay } from 'ssp-toolkit/testing';

class Stock implements Machine<number, number> {
  readonly kind = 'stock';
  items = 0;

  reset(): void {
    this.items = 0;
  }
  apply(change: number): number {
    this.items += change;
    return this.items;
  }
  snapshot(): Uint8Array {
    return Buffer.from(String(this.items));
  }
  async restore(pieces: AsyncIterable<Buffer>): Promise<void> {
    let text = '';
    for await (const piece of pieces) text += piece.toString();
    this.items = Number(text);
  }
}

/** The program: puts ten items on stock, and says so. */
async function deliver(connection: Connection): Promise<void> {
  const news = await connection.join('news');
  await news.send('ten items come');
}

describe('a recording', () => {
  let folder: string;
  let path: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stock-'));
    path = join(folder, 'run.ssplog');
    await using c = await cluster(2, { time: 'virtual', seed: 7 });
    const ann = await c.connect(0, { name: 'ann' });
    c.record(path, ann);
    const stock = await replicated(ann, 'stock', new Stock());
    await deliver(ann);
    for (const change of [10, -3, -5, -4]) await stock.submit(change);
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  it('tells what a group was told', () => {
    const kinds = [...replay(path).group('news')].map(({ kind }) => kind);
    expect(kinds).to.deep.equal(['view', 'data']);
  });

  it('tells after which command there was too little', async () => {
    const run = await replay(path).machine(new Stock(), 'stock');
    const broken = await run.find((stock) => stock.items < 0);
    expect([broken?.command, broken?.sender, broken?.place]).to.deep.equal([-4, '#ann#d1', 4]);
    expect((await run.at(3)).items).to.equal(2);
  });

  it('tells whether the program still does what it did', async () => {
    await using played = await replay(path).connection('#ann#d1', { groups: ['news'] });
    await deliver(played.connection);
    await played.ended();
    expect(played.difference).to.equal(null);
  });
});
