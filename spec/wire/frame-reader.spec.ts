import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { FrameFault } from '../../lib/wire/fault.js';
import { FrameReader } from '../../lib/wire/frame-reader.js';
import { DATA_LENGTH_AT } from '../../lib/wire/header.js';
import { MAX_REQUEST_BYTES } from '../../lib/wire/limits.js';
import { encodeMessage } from '../../lib/wire/request.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { cutAt, inPieces } from './handshake-pair.js';

const message = (size: number, fill = 0x61): Buffer =>
  encodeMessage(AGREED_MESS, '#a#d', ['g'], 0, [Buffer.alloc(size, fill)]);

/** The header alone: a frame with neither names nor data. */
const bare = encodeMessage(AGREED_MESS, '#a#d', [], 0, []);

/** A reader that notes what it was told; the length of a frame stands in its data length. */
class Notes {
  readonly frames: string[] = [];
  readonly headers: string[] = [];
  /** Called with every header or frame. */
  onHeader: (count: number) => void = () => undefined;
  onFrame: (count: number) => void = () => undefined;

  readonly reader = new FrameReader({
    header: (bytes, at) => {
      this.headers.push(bytes.toString('hex', at, at + 48));
      this.onHeader(this.headers.length);
      return 48 + 32 * bytes.readInt32LE(at + 36) + bytes.readInt32LE(at + DATA_LENGTH_AT);
    },
    frame: (bytes, start, end) => {
      this.frames.push(bytes.toString('hex', start, end));
      this.onFrame(this.frames.length);
    },
  });

  push(...pieces: readonly Buffer[]): this {
    for (const piece of pieces) this.reader.push(piece);
    return this;
  }
}

const hexOf = (frames: readonly Buffer[]): string[] => frames.map((frame) => frame.toString('hex'));

/** Bytes that the process allocates for buffers while `act` runs, less what it had before. */
function bufferBytes(act: () => void): number {
  const before = process.memoryUsage().arrayBuffers;
  act();
  return process.memoryUsage().arrayBuffers - before;
}

/** A reader that has `have` bytes of a frame whose header announces `size` bytes of data. */
function announced(size: number, have: number): FrameReader {
  const reader = new FrameReader({ header: () => 48 + size, frame: () => undefined });
  reader.push(Buffer.alloc(have));
  return reader;
}

/** Lets the nth header be illegal. */
const faulty = (notes: Notes, nth: number): Notes => {
  notes.onHeader = (count) => {
    if (count === nth) throw new FrameFault('kind', 'planted');
  };
  return notes;
};

describe('wire: frame reader', () => {
  const stream = [message(0), message(5, 1), bare, message(200, 2), message(1, 3)];
  const bytes = Buffer.concat(stream);

  it('finds the frames of one chunk', () => {
    expect(new Notes().push(bytes).frames).to.deep.equal(hexOf(stream));
  });

  it('finds the same frames whatever byte the stream is split at', () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(new Notes().push(...cutAt(bytes, [cut])).frames, `cut at ${cut}`).to.deep.equal(hexOf(stream));
    }
  });

  it('finds the same frames for every two splits near the header of a frame', () => {
    const short = Buffer.concat([message(3), message(2)]);
    for (let first = 0; first <= short.length; first++) {
      for (let second = first; second <= short.length; second += 3) {
        const { frames } = new Notes().push(...cutAt(short, [first, second]));
        expect(frames, `cut at ${first} and ${second}`).to.deep.equal(hexOf([message(3), message(2)]));
      }
    }
  });

  it('finds the same frames when bytes come one by one', () => {
    expect(new Notes().push(...inPieces(bytes, 1)).frames).to.deep.equal(hexOf(stream));
  });

  it('is not disturbed by empty chunks', () => {
    const pieces = inPieces(bytes, 20).flatMap((piece) => [Buffer.alloc(0), piece]);
    expect(new Notes().push(...pieces).frames).to.deep.equal(hexOf(stream));
  });

  it('shows every header once, whole, whatever the split', () => {
    const headers = hexOf(stream.map((frame) => frame.subarray(0, 48)));
    for (const size of [1, 17, 47, 48, 49, 1000]) {
      expect(new Notes().push(...inPieces(bytes, size)).headers, `pieces of ${size}`).to.deep.equal(headers);
    }
  });

  it('shows a header before the rest of its frame is here', () => {
    const notes = new Notes().push(message(5).subarray(0, 48));
    expect([notes.headers.length, notes.frames.length]).to.deep.equal([1, 0]);
  });

  it('does not show a header of 47 bytes', () => {
    expect(new Notes().push(message(5).subarray(0, 47)).headers).to.deep.equal([]);
  });

  it('hands a frame without data on with its last header byte', () => {
    const notes = new Notes().push(bare.subarray(0, 47));
    expect(notes.frames).to.deep.equal([]);
    expect(notes.push(bare.subarray(47)).frames).to.deep.equal(hexOf([bare]));
  });

  it('hands a frame on in place when it lies whole in the chunk', () => {
    let given: Buffer | null = null;
    const reader = new FrameReader({ header: () => 48, frame: (chunk) => void (given = chunk) });
    const chunk = Buffer.alloc(48);
    reader.push(chunk);
    expect(given).to.equal(chunk);
  });

  it('keeps no bytes of a chunk that the caller changes later', () => {
    const notes = new Notes();
    const chunk = Buffer.from(message(5).subarray(0, 60));
    notes.push(chunk);
    chunk.fill(0);
    expect(notes.push(message(5).subarray(60)).frames).to.deep.equal(hexOf([message(5)]));
  });

  for (const size of [143_920, 144_000]) {
    it(`gathers ${size} bytes of data from chunks of 64 KiB, 1460 bytes and odd sizes`, () => {
      const frames = [message(3), message(size, 7), message(4)];
      for (const piece of [65_536, 1460, 40_961]) {
        const notes = new Notes().push(...inPieces(Buffer.concat(frames), piece));
        expect(notes.frames.length, `pieces of ${piece}`).to.equal(3);
        expect(notes.frames[1] === frames[1]?.toString('hex'), `pieces of ${piece}`).to.equal(true);
      }
    });
  }

  it('counts the bytes of an incomplete frame', () => {
    const notes = new Notes().push(Buffer.concat([message(5), message(9).subarray(0, 50)]));
    expect(notes.reader.pending).to.equal(50);
  });

  it('counts nothing between frames', () => {
    expect(new Notes().push(...inPieces(bytes, 10)).reader.pending).to.equal(0);
  });

  describe('memory', () => {
    it('is not taken for a length that is only announced', () => {
      const readers: FrameReader[] = [];
      const used = bufferBytes(() => {
        for (let i = 0; i < 200; i++) readers.push(announced(MAX_REQUEST_BYTES, 48));
      });
      expect(readers.every(({ pending }) => pending === 48)).to.equal(true);
      expect(used).to.be.below(200 * 4096);
    });

    it('is at most twice what came, and one first buffer', () => {
      const readers: FrameReader[] = [];
      const used = bufferBytes(() => {
        for (let i = 0; i < 20; i++) {
          const reader = announced(MAX_REQUEST_BYTES, 48);
          const chunk = Buffer.alloc(500);
          for (let n = 0; n < 100; n++) reader.push(chunk);
          readers.push(reader);
        }
      });
      expect(readers.every(({ pending }) => pending === 50_048)).to.equal(true);
      // What was outgrown may wait for the collector: 1, 2, 4 ... make another such sum.
      expect(used).to.be.below(20 * (4 * 50_048 + 2048));
    });

    it('never outgrows the frame by more than its first buffer', () => {
      let given = 0;
      const reader = new FrameReader({ header: () => 5000, frame: (chunk) => void (given = chunk.length) });
      for (const piece of inPieces(Buffer.alloc(5000), 100)) reader.push(piece);
      expect(given).to.be.within(5000, 5000 + 1024);
    });

    it('is not taken for frames that come whole', () => {
      const chunk = Buffer.concat([message(5), message(9)]);
      const used = bufferBytes(() => {
        for (let i = 0; i < 200; i++) {
          let at = 0;
          new FrameReader({
            header: (frames, start) => 48 + 32 + frames.readInt32LE(start + DATA_LENGTH_AT),
            frame: (_bytes, _start, end) => void (at = end),
          }).push(chunk);
          expect(at).to.equal(chunk.length);
        }
      });
      expect(used).to.be.below(200 * 100);
    });

    it('is taken again only when the last piece of it is full', () => {
      const taken: number[] = [];
      const original = Reflect.get(Buffer, 'allocUnsafe');
      const reader = new FrameReader({ header: () => 5000, frame: () => undefined });
      try {
        Buffer.allocUnsafe = (size) => {
          taken.push(size);
          return original(size);
        };
        for (const piece of inPieces(Buffer.alloc(5000), 100)) reader.push(piece);
      } finally {
        Buffer.allocUnsafe = original;
      }
      expect(taken).to.deep.equal([1024, 2200, 4600, 5000]);
    });

    it('is given back when the reader is stopped', () => {
      const { reader } = new Notes().push(message(500).subarray(0, 300));
      reader.stop();
      expect(reader.pending).to.equal(0);
    });
  });

  describe('stopped', () => {
    it('inside a chunk hands on none of the frames behind', () => {
      const notes = new Notes();
      notes.onFrame = (count) => count === 2 && notes.reader.stop();
      expect(notes.push(bytes).frames).to.deep.equal(hexOf(stream.slice(0, 2)));
    });

    it('by a frame neither shows the next header nor keeps the bytes behind', () => {
      for (const behind of [message(5), message(5).subarray(0, 20)]) {
        const notes = new Notes();
        notes.onFrame = () => notes.reader.stop();
        notes.push(Buffer.concat([message(3), behind]));
        expect([notes.headers.length, notes.reader.pending]).to.deep.equal([1, 0]);
      }
    });

    it('by a frame that was gathered hands on none of the frames behind', () => {
      const notes = new Notes();
      notes.onFrame = () => notes.reader.stop();
      expect(notes.push(...cutAt(bytes, [10])).frames).to.deep.equal(hexOf(stream.slice(0, 1)));
    });

    it('keeps nothing of what comes later', () => {
      const notes = new Notes();
      notes.reader.stop();
      expect(notes.push(bytes, bytes.subarray(0, 20)).frames).to.deep.equal([]);
      expect(notes.reader.pending).to.equal(0);
    });

    it('by a header does not hand on its frame', () => {
      const notes = new Notes();
      notes.onHeader = () => notes.reader.stop();
      expect(notes.push(bytes).frames).to.deep.equal([]);
    });

    it('by a header does not keep the beginning of its frame', () => {
      const notes = new Notes();
      notes.onHeader = () => notes.reader.stop();
      expect(notes.push(message(500).subarray(0, 100)).reader.pending).to.equal(0);
    });

    it('by a header that was gathered does neither', () => {
      for (const size of [30, 60]) {
        const notes = new Notes();
        notes.onHeader = () => notes.reader.stop();
        notes.push(...inPieces(message(100), size));
        expect([notes.frames.length, notes.reader.pending], `pieces of ${size}`).to.deep.equal([0, 0]);
      }
    });
  });

  describe('after a fault', () => {
    it('whose name is that of its class', () => {
      expect(String(new FrameFault('kind', 'planted'))).to.equal('FrameFault: illegal frame: planted');
    });

    it('in a header lets the fault out', () => {
      expect(() => faulty(new Notes(), 1).push(bytes)).to.throw(FrameFault, 'planted');
    });

    it('in a header has handed on the frames before it', () => {
      const notes = faulty(new Notes(), 3);
      expect(() => notes.push(bytes)).to.throw(FrameFault);
      expect(notes.frames).to.deep.equal(hexOf(stream.slice(0, 2)));
    });

    it('in a gathered header holds no bytes', () => {
      const notes = faulty(new Notes(), 1);
      expect(() => notes.push(...inPieces(bytes, 20))).to.throw(FrameFault);
      expect(notes.reader.pending).to.equal(0);
    });

    it('takes no more bytes', () => {
      const notes = faulty(new Notes(), 1);
      expect(() => notes.push(bytes)).to.throw(FrameFault);
      expect(notes.push(bytes).frames).to.deep.equal([]);
    });

    it('in a frame takes no more bytes either', () => {
      const notes = new Notes();
      notes.onFrame = () => {
        throw new FrameFault('group-field', 'planted');
      };
      expect(() => notes.push(bytes)).to.throw(FrameFault, 'planted');
      expect(notes.push(bytes).frames).to.have.length(1);
    });
  });
});
