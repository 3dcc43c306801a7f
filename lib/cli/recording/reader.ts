/** Reads a recording, record by record, up to its last whole one. */
import { Buffer } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { Failure } from '../failure.js';
import { type FrameRecord, MAGIC, MAX_HEAD_BYTES, RECORD_BYTES, type RecordingHead } from './format.js';

const CHUNK_BYTES = 256 * 1024;
/** A longer frame does not exist. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;

export class RecordingReader implements AsyncDisposable {
  /** Whether the last record was cut off: the recorder was killed. */
  isTorn = false;
  private rest: Buffer = Buffer.alloc(0);

  private constructor(
    private readonly file: FileHandle,
    private readonly path: string,
    readonly head: RecordingHead,
  ) {}

  /** @throws Failure for a file that is no recording, or one of another version */
  static async open(path: string): Promise<RecordingReader> {
    let file: FileHandle;
    try {
      file = await open(path, 'r');
    } catch (error) {
      throw new Failure(`${path} cannot be read: ${(error as Error).message}`, undefined, { cause: error });
    }
    try {
      const bytes = Buffer.alloc(MAX_HEAD_BYTES);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
      const { head, end } = headOf(bytes.subarray(0, bytesRead), path);
      const reader = new RecordingReader(file, path, head);
      reader.rest = bytes.subarray(end, bytesRead);
      reader.position = bytesRead;
      return reader;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private position = 0;

  /** @throws Failure for a record that is damaged in the middle of the file */
  async *records(): AsyncGenerator<FrameRecord> {
    for (let count = 1; ; count++) {
      if (!(await this.fill(RECORD_BYTES))) break;
      const length = this.rest.readUInt32LE(0);
      if (length > MAX_FRAME_BYTES) throw this.damaged(count);
      if (!(await this.fill(RECORD_BYTES + length))) break;
      const at = this.rest.readDoubleLE(4);
      const frame = this.rest.subarray(RECORD_BYTES, RECORD_BYTES + length);
      if (crc32(frame) !== this.rest.readUInt32LE(12)) throw this.damaged(count);
      this.rest = this.rest.subarray(RECORD_BYTES + length);
      yield { at, frame };
    }
    this.isTorn = this.rest.length > 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file.close();
  }

  /** @returns whether there are as many bytes */
  private async fill(length: number): Promise<boolean> {
    while (this.rest.length < length) {
      const chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, length - this.rest.length));
      const { bytesRead } = await this.file.read(chunk, 0, chunk.length, this.position);
      if (bytesRead === 0) return false;
      this.position += bytesRead;
      this.rest = Buffer.concat([this.rest, chunk.subarray(0, bytesRead)]);
    }
    return true;
  }

  private damaged(count: number): Failure {
    return new Failure(`${this.path} is damaged: record ${count} is not what was written`);
  }
}

function headOf(bytes: Buffer, path: string): { readonly head: RecordingHead; readonly end: number } {
  const first = bytes.subarray(0, MAGIC.length).toString('latin1');
  if (first !== MAGIC) {
    const [, version] = /^SSPLOG (\S+)/.exec(first) ?? [];
    const why = version === undefined ? 'no recording' : `a recording of version ${version}, expected 1`;
    throw new Failure(`${path} is ${why}`);
  }
  const end = bytes.indexOf('\n', MAGIC.length);
  try {
    const head = JSON.parse(bytes.toString('utf8', MAGIC.length, end)) as RecordingHead;
    if (end > 0 && typeof head.id === 'string' && Array.isArray(head.groups)) return { head, end: end + 1 };
  } catch {
    // As for one that says something else.
  }
  throw new Failure(`${path} is damaged: its first lines make no sense`);
}
