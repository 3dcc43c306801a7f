import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import fc from 'fast-check';
import { Batcher, PACK_BYTES } from '../../daemon/core/batcher.js';
import { type Payload, QueueOrder } from './core-world.js';

/** Frames here are any bytes: the pack does not look into them. */
const frame = (size: number, fill: number): Buffer => Buffer.alloc(size, fill);

interface Piece {
  readonly bytes: Buffer;
  readonly safe: boolean;
}

/** Gives the pack frames that stand side by side in one chunk. */
function addChunk(pack: Batcher, pieces: readonly Piece[]): Buffer {
  const chunk = Buffer.concat(pieces.map(({ bytes }) => bytes));
  let at = 0;
  for (const { bytes, safe } of pieces) {
    pack.add(chunk, at, at + bytes.length, safe);
    at += bytes.length;
  }
  return chunk;
}

function packed(fill: (pack: Batcher) => void): Payload[] {
  const order = new QueueOrder();
  const pack = new Batcher(order);
  fill(pack);
  pack.flush();
  return order.take();
}

const inside = (payload: Buffer, chunk: Buffer): boolean =>
  payload.buffer === chunk.buffer &&
  payload.byteOffset >= chunk.byteOffset &&
  payload.byteOffset + payload.length <= chunk.byteOffset + chunk.length;

describe('core: pack', () => {
  it('sends nothing when there is nothing', () => {
    expect(packed(() => undefined)).to.deep.equal([]);
  });

  it('puts small frames of different sessions into one payload', () => {
    const sent = packed((pack) => {
      for (const fill of [1, 2, 3]) pack.add(frame(100, fill), 0, 100, false);
    });
    expect(sent.map(({ payload }) => payload)).to.deep.equal([
      Buffer.concat([frame(100, 1), frame(100, 2), frame(100, 3)]),
    ]);
  });

  it('sends in order whatever comes, each frame once, each payload safe or not as its frames are', () => {
    const piece = fc.record({
      size: fc.oneof(fc.integer({ min: 48, max: 300 }), fc.constantFrom(4096, 4097, 70_000)),
      safe: fc.boolean(),
    });
    const chunks = fc.array(fc.array(piece, { minLength: 1, maxLength: 6 }), { maxLength: 8 });
    const property = fc.property(chunks, (list) => {
      let count = 0;
      const pieces = list.map((chunk) =>
        chunk.map(({ size, safe }) => ({ bytes: frame(size, (count = (count + 1) % 251)), safe })),
      );
      const sent = packed((pack) => {
        for (const chunk of pieces) addChunk(pack, chunk);
      });
      const all = pieces.flat();
      expect(Buffer.concat(sent.map(({ payload }) => payload))).to.deep.equal(
        Buffer.concat(all.map(({ bytes }) => bytes)),
      );
      const safeOf = (items: readonly { readonly safe: boolean }[], sizes: readonly number[]): string =>
        items.map(({ safe }, i) => (safe ? 's' : 'n').repeat(sizes[i] as number)).join('');
      expect(
        safeOf(
          sent,
          sent.map(({ payload }) => payload.length),
        ) ===
          safeOf(
            all,
            all.map(({ bytes }) => bytes.length),
          ),
        'safe where its frames are safe',
      ).to.equal(true);
    });
    fc.assert(property, { numRuns: 60 });
  });

  it('cuts payloads only between frames', () => {
    const sent = packed((pack) => {
      for (let i = 0; i < 500; i++) pack.add(frame(1000, i % 250), 0, 1000, false);
    });
    expect(sent.length).to.be.greaterThan(1);
    expect(sent.map(({ payload }) => payload.length % 1000)).to.deep.equal(sent.map(() => 0));
  });

  it('lets a change between safe and not safe end a payload', () => {
    const sent = packed((pack) => {
      for (const safe of [false, false, true, true, false]) pack.add(frame(50, 1), 0, 50, safe);
    });
    expect(sent.map(({ payload, safe }) => [payload.length, safe])).to.deep.equal([
      [100, false],
      [100, true],
      [50, false],
    ]);
  });

  it('leaves out what stands between two long frames of one chunk', () => {
    const chunk = Buffer.concat([frame(5000, 1), frame(100, 9), frame(5000, 2)]);
    const sent = packed((pack) => {
      pack.add(chunk, 0, 5000, false);
      pack.add(chunk, 5100, 10_100, false);
    });
    expect(Buffer.concat(sent.map(({ payload }) => payload))).to.deep.equal(
      Buffer.concat([frame(5000, 1), frame(5000, 2)]),
    );
  });

  it('leaves frames that stand side by side where they are', () => {
    let chunk: Buffer = Buffer.alloc(0);
    const sent = packed((pack) => {
      chunk = addChunk(
        pack,
        [1, 2, 3, 4].map((fill) => ({ bytes: frame(100, fill), safe: false })),
      );
    });
    expect(sent.map(({ payload }) => [payload.length, inside(payload, chunk)])).to.deep.equal([
      [100, false],
      [300, true],
    ]);
  });

  it('copies a single small frame, so that its chunk can go', () => {
    let chunk: Buffer = Buffer.alloc(0);
    const [sent] = packed((pack) => {
      chunk = addChunk(pack, [{ bytes: frame(4096, 1), safe: false }]);
    });
    expect(sent && inside(sent.payload, chunk)).to.equal(false);
  });

  it('does not copy a long frame', () => {
    let chunk: Buffer = Buffer.alloc(0);
    const [sent] = packed((pack) => {
      chunk = addChunk(pack, [{ bytes: frame(4097, 1), safe: false }]);
    });
    expect(sent && inside(sent.payload, chunk)).to.equal(true);
  });

  it('does not take frames of one chunk for neighbours when others stand between them', () => {
    const chunk = Buffer.concat([frame(10, 1), frame(10, 2), frame(10, 3)]);
    const sent = packed((pack) => {
      pack.add(chunk, 0, 10, false);
      pack.add(chunk, 20, 30, false);
    });
    expect(sent.map(({ payload }) => [payload, inside(payload, chunk)])).to.deep.equal([
      [Buffer.concat([frame(10, 1), frame(10, 3)]), false],
    ]);
  });

  it('makes no payload of several frames longer than its bound', () => {
    const sent = packed((pack) => {
      addChunk(
        pack,
        Array.from({ length: 1000 }, (_, i) => ({ bytes: frame(700, i % 250), safe: false })),
      );
    });
    expect(Math.max(...sent.map(({ payload }) => payload.length))).to.be.within(PACK_BYTES - 700, PACK_BYTES);
  });

  it('makes one payload of a frame that is longer than the bound', () => {
    const sent = packed((pack) => pack.add(frame(144_000, 1), 0, 144_000, false));
    expect(sent.map(({ payload }) => payload.length)).to.deep.equal([144_000]);
  });

  it('never writes again over bytes it gave away', () => {
    const order = new QueueOrder();
    const pack = new Batcher(order);
    for (let round = 0; round < 300; round++) {
      pack.add(frame(1000, round % 250), 0, 1000, false);
      pack.flush();
    }
    const fills = order.take().map(({ payload }) => [payload[0], payload[999], payload.length]);
    expect(fills).to.deep.equal(Array.from({ length: 300 }, (_, round) => [round % 250, round % 250, 1000]));
  });

  it('is empty after a flush, and sends nothing twice', () => {
    const order = new QueueOrder();
    const pack = new Batcher(order);
    pack.add(frame(10, 1), 0, 10, false);
    expect(pack.isEmpty).to.equal(false);
    pack.flush();
    pack.flush();
    expect([pack.isEmpty, order.take().length]).to.deep.equal([true, 1]);
  });

  it('passes on whether the engine wants more', () => {
    const order = new QueueOrder();
    const pack = new Batcher(order);
    order.more = false;
    pack.add(frame(10, 1), 0, 10, false);
    expect(pack.flush()).to.equal(false);
  });

  it('gives everything away also when the engine wants no more', () => {
    const order = new QueueOrder();
    const pack = new Batcher(order);
    order.more = false;
    for (const safe of [false, true, false]) pack.add(frame(10, 1), 0, 10, safe);
    pack.flush();
    expect(order.take().length).to.equal(3);
  });
});
