/** Writes what one connection of a cluster is handed, in the format of `ssp record`. At once: a run in virtual time waits for no disk. */
import { Buffer } from 'node:buffer';
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import type { ConnectionEvent, ViewEvent } from '../../../lib/client/event.js';
import { RecordingError } from '../../../lib/recording/error.js';
import { frameOf, groupsOf } from '../../../lib/recording/events.js';
import { encodeHead, encodeRecord } from '../../../lib/recording/format.js';
import { PROTOCOL_VERSION } from '../../../lib/wire/handshake/connect-request.js';
import { TOOLKIT_VERSION, versionText } from '../../../lib/wire/version.js';
import type { ConnectionLog } from '../connection-log.js';

/** Time of the cluster. */
interface RunClock {
  now(): number;
  date(): number;
}

/** Only its owner may read what others have said. */
const MODE = 0o600;
/** Bytes that are written at once, about. */
const CHUNK_BYTES = 64 * 1024;

export class RunRecorder {
  private readonly file: number;
  private readonly begin: number;
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  /** Bytes of whole records in the file. */
  private written = 0;
  private isOpen = true;

  /** @throws RecordingError when the file cannot be made; one of before is replaced */
  constructor(
    private readonly path: string,
    private readonly log: ConnectionLog,
    private readonly clock: RunClock,
  ) {
    try {
      rmSync(path, { force: true });
      this.file = openSync(path, 'wx', MODE);
    } catch (error) {
      throw new RecordingError(`${path} cannot be written: ${(error as Error).message}`, { cause: error });
    }
    this.begin = clock.now();
    this.add(
      encodeHead({
        daemon: log.daemon,
        id: log.id,
        groups: [],
        started: new Date(clock.date()).toISOString(),
        toolkit: versionText(TOOLKIT_VERSION),
        protocol: versionText(PROTOCOL_VERSION),
        bodies: true,
      }),
    );
  }

  /** The view that the connection has of a group already: for readers, it joins with that. */
  present(view: ViewEvent): void {
    const { id } = this.log;
    const { group, id: view_, members } = view;
    const join = { kind: 'view', group, id: view_, members, cause: 'join', changed: id } as ViewEvent;
    this.take(join);
  }

  take(event: ConnectionEvent): void {
    // As the checkers, it knows nothing of groups that are not plain ones.
    if (!this.isOpen || groupsOf(event).some((group) => this.log.others.has(group))) return;
    const frame = frameOf(event);
    if (frame !== null) this.add(encodeRecord(this.clock.now() - this.begin, frame));
  }

  /** Writes what is left. */
  close(): void {
    if (!this.isOpen) return;
    this.flush();
    if (!this.isOpen) return;
    this.isOpen = false;
    closeSync(this.file);
  }

  private add(record: Buffer): void {
    this.waiting.push(record);
    this.waitingBytes += record.length;
    if (this.waitingBytes >= CHUNK_BYTES) this.flush();
  }

  private flush(): void {
    const bytes = Buffer.concat(this.waiting);
    this.waiting = [];
    this.waitingBytes = 0;
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.file, bytes, at);
      this.written += bytes.length;
    } catch (error) {
      // A test does not fail for it; the file ends with its last whole record.
      const text = `${this.path} cannot be written any more: ${(error as Error).message}`;
      process.emitWarning(text, 'SspRecordingWarning');
      this.isOpen = false;
      ftruncateSync(this.file, this.written);
      closeSync(this.file);
    }
  }
}
