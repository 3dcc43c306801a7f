/** Reads a recording, record by record, up to its last whole one. Whoever reads decides when: nothing is read ahead. */
import { Buffer } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { RecordingError } from './error.js';
import { type FrameRecord, MAGIC, MAX_HEAD_BYTES, RECORD_BYTES, type RecordingHead } from './format.js';

const CHUNK_BYTES = 256 * 1024;
/** A longer frame does not exist. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;

export class RecordingReader implements Disposable {
  /** Whether the last record was cut off: the recorder was killed. Known when all records were read. */
  isTorn = false;
  private rest: Buffer = Buffer.alloc(0);
  private position = 0;

  private constructor(
    private readonly file: number,
    private readonly path: string,
    readonly head: RecordingHead,
  ) {}

  /** @throws RecordingError for a file that is not a recording, or one of another version */
  static open(path: string): RecordingReader {
    let file: number;
    try {
      file = openSync(path, 'r');
    } catch (error) {
      throw new RecordingError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
    }
    try {
      const bytes = Buffer.alloc(MAX_HEAD_BYTES);
      const count = readSync(file, bytes, 0, bytes.length, 0);
      const { head, end } = headOf(bytes.subarray(0, count), path);
      const reader = new RecordingReader(file, path, head);
      reader.rest = bytes.subarray(end, count);
      reader.position = count;
      return reader;
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /** @throws RecordingError for a record that is damaged in the middle of the file */
  *records(): Generator<FrameRecord, void> {
    for (let count = 1; ; count++) {
      if (!this.fill(RECORD_BYTES)) break;
      const length = this.rest.readUInt32LE(0);
      if (length > MAX_FRAME_BYTES) throw this.damaged(count);
      if (!this.fill(RECORD_BYTES + length)) break;
      const at = this.rest.readDoubleLE(4);
      const frame = this.rest.subarray(RECORD_BYTES, RECORD_BYTES + length);
      if (crc32(frame) !== this.rest.readUInt32LE(12)) throw this.damaged(count);
      this.rest = this.rest.subarray(RECORD_BYTES + length);
      yield { at, frame };
    }
    this.isTorn = this.rest.length > 0;
  }

  [Symbol.dispose](): void {
    closeSync(this.file);
  }

  /** @returns whether there are as many bytes */
  private fill(length: number): boolean {
    while (this.rest.length < length) {
      const chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, length - this.rest.length));
      const count = readSync(this.file, chunk, 0, chunk.length, this.position);
      if (count === 0) return false;
      this.position += count;
      this.rest = Buffer.concat([this.rest, chunk.subarray(0, count)]);
    }
    return true;
  }

  private damaged(count: number): RecordingError {
    return new RecordingError(`${this.path} is damaged: record ${count} is not what was written`);
  }
}

function headOf(bytes: Buffer, path: string): { readonly head: RecordingHead; readonly end: number } {
  const first = bytes.subarray(0, MAGIC.length).toString('latin1');
  if (first !== MAGIC) {
    const [, version] = /^SSPLOG (\S+)/.exec(first) ?? [];
    const why = version === undefined ? 'not a recording' : `a recording of version ${version}, expected 1`;
    throw new RecordingError(`${path} is ${why}`);
  }
  const end = bytes.indexOf('\n', MAGIC.length);
  try {
    const head = JSON.parse(bytes.toString('utf8', MAGIC.length, end)) as RecordingHead;
    if (end > 0 && typeof head.id === 'string' && Array.isArray(head.groups)) return { head, end: end + 1 };
  } catch {
    // As for one that says something else.
  }
  throw new RecordingError(`${path} is damaged: its first lines make no sense`);
}
