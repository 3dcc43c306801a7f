/** Writes a recording: never a hole in it, and after a crash all but the last second. */
import type { Buffer } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';
import { Failure } from '../failure.js';
import { encodeHead, encodeRecord, RECORD_BYTES, type RecordingHead } from '../../recording/format.js';

/** Only its owner may read what others have said. */
const MODE = 0o600;
/** Milliseconds between two times that the disk is asked to keep everything. */
const SYNC_MS = 1_000;
/** Milliseconds that a write may take. */
const SLOW_MS = 5_000;

export class RecordingWriter {
  /** Bytes of whole records in the file. */
  bytes = 0;
  /** Frames in the file. */
  frames = 0;
  private synced = performance.now();
  private waiting: Buffer[] = [];
  private waitingBytes = 0;

  private constructor(
    private readonly file: FileHandle,
    private readonly path: string,
  ) {}

  /** @throws Failure when the file exists already, or cannot be made */
  static async create(path: string, head: RecordingHead): Promise<RecordingWriter> {
    let file: FileHandle;
    try {
      file = await open(path, 'wx', MODE);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why = code === 'EEXIST' ? 'it exists already' : message;
      throw new Failure(`${path} cannot be written: ${why}`, undefined, { cause: error });
    }
    const writer = new RecordingWriter(file, path);
    await writer.append([encodeHead(head)]);
    return writer;
  }

  /** How large the file is with one more frame. */
  sizeWith(frame: Buffer): number {
    return this.bytes + this.waitingBytes + RECORD_BYTES + frame.length;
  }

  /** Takes a frame, which `flush` writes. @param at milliseconds since the beginning */
  add(at: number, frame: Buffer): void {
    this.waiting.push(encodeRecord(at, frame));
    this.waitingBytes += RECORD_BYTES + frame.length;
  }

  /** @throws Failure when the disk is full or too slow: the file ends with its last whole record then */
  async flush(): Promise<void> {
    const records = this.waiting.splice(0);
    this.waitingBytes = 0;
    if (records.length === 0) return;
    await this.append(records);
    this.frames += records.length;
    if (performance.now() - this.synced < SYNC_MS) return;
    await this.file.datasync();
    this.synced = performance.now();
  }

  async close(): Promise<void> {
    await this.file.datasync().catch(() => undefined);
    await this.file.close();
  }

  private async append(pieces: readonly Buffer[]): Promise<void> {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in ${SLOW_MS / 1_000} s`)), SLOW_MS);
    });
    try {
      const { bytesWritten } = await Promise.race([this.file.writev([...pieces], this.bytes), late]);
      if (bytesWritten < length) throw new Error('the disk is full');
      this.bytes += length;
    } catch (error) {
      await this.file.truncate(this.bytes).catch(() => undefined);
      const { message } = error as Error;
      const text = `${this.path} cannot be written any more: ${message}; it has ${this.frames} frames`;
      throw new Failure(text, undefined, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}
