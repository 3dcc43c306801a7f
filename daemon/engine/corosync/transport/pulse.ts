/**
 * A second connection to Corosync, by which it is asked for a sign of life: its table of settings, where it also says how
 * long its token timeout is. The answer comes from Corosync's own loop, which serves the group and the ring too. Each
 * request is made in a thread, because it waits for as long as Corosync hangs.
 *
 * While rings change one behind the other, Corosync serves no request, and lives. It still lets in who knocks.
 */
import { DEFAULT_TOKEN } from '../watchdog.js';
import { CsStatus, TransportError } from './errors.js';
import type { CmapLibrary, CpgLibrary, Handle } from './library.js';
import { connections, shutdownSocket } from './request-timeout.js';

/** In milliseconds, with what `token_coefficient` adds for each node. */
const TOKEN_KEY = 'runtime.config.totem.token';

/** An answer that takes this part of a token timeout is late. */
const LATE = 1 / 4;
/** Milliseconds between two tries to end a question. */
const INTERRUPT_DELAY = 100;

/** Descriptors that belong to connections of this process. */
const known = new Set<number>();

export class Pulse {
  private handle: Handle | null = null;
  private descriptor: number | null = null;
  private token = 0;
  private isClosed = false;
  /** Requests under way. */
  private question: Promise<void> | null = null;
  private knocking: Promise<void> | null = null;

  constructor(
    private readonly library: Pick<CpgLibrary, 'poll' | 'shutdown' | 'getpeername'>,
    private readonly load: () => Promise<CmapLibrary>,
  ) {}

  /** As `CpgTransport.ask`. */
  async ask(begun: () => void): Promise<number> {
    const cmap = await this.load();
    if (this.isClosed) throw failed('cmap_get', CsStatus.LIBRARY);
    const isAsking = this.question !== null;
    const question = (this.question ??= this.read(cmap).finally(() => (this.question = null)));
    question.catch(() => undefined);
    if (!isAsking && (await this.isInTime(question))) return this.token;
    const knock = this.knock(cmap).catch(() => question);
    // Threads are few and take their work in order: when this one was done, the others were begun.
    await this.library.poll(new Uint8Array(), 0, 0);
    begun();
    await Promise.race([question, knock]);
    return this.token;
  }

  /** Ends the requests under way, and gives the connection back. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.interrupt();
    // The thread of a request may not have come to its socket yet.
    const again = setInterval(() => this.interrupt(), INTERRUPT_DELAY);
    await Promise.allSettled([this.question, this.knocking]);
    clearInterval(again);
    await this.release();
  }

  private async isInTime(question: Promise<void>): Promise<boolean> {
    return await new Promise((resolve, reject) => {
      const limit = setTimeout(() => resolve(false), LATE * (this.token || DEFAULT_TOKEN));
      question.then(() => resolve(true), reject).finally(() => clearTimeout(limit));
    });
  }

  private interrupt(): void {
    const { descriptor, library } = this;
    const unknown = connections(library, 'cmap').filter((each) => !known.has(each));
    for (const each of descriptor === null ? unknown : [...unknown, descriptor])
      shutdownSocket(library, each);
  }

  private async release(): Promise<void> {
    const { handle, descriptor } = this;
    this.handle = null;
    this.descriptor = null;
    if (descriptor !== null) known.delete(descriptor);
    if (handle !== null) await (await this.load()).finalize(handle);
  }

  private async read(cmap: CmapLibrary): Promise<void> {
    const handle = this.handle ?? (await this.open(cmap));
    const token: [number] = [0];
    const status = await cmap.getUint32(handle, TOKEN_KEY, token);
    if (this.isClosed) throw failed('cmap_get', status);
    if (status === CsStatus.LIBRARY) {
      await this.release();
      throw failed('cmap_get', status);
    }
    // Said by the library, which looks into the memory that it shares with Corosync.
    if (status === CsStatus.TRY_AGAIN) await this.knock(cmap);
    if (status === CsStatus.OK && token[0] > 0) [this.token] = token;
  }

  private async open(cmap: CmapLibrary): Promise<Handle> {
    if (this.isClosed) throw failed('cmap_initialize', CsStatus.LIBRARY);
    const handle: [Handle] = [0];
    const status = await cmap.initialize(handle);
    if (status !== CsStatus.OK) throw failed('cmap_initialize', status);
    [this.handle] = handle;
    const descriptor: [number] = [-1];
    cmap.fdGet(handle[0], descriptor);
    [this.descriptor] = descriptor;
    known.add(descriptor[0]);
    return handle[0];
  }

  /** Resolves when Corosync lets in another connection, which is given back at once. */
  private async knock(cmap: CmapLibrary): Promise<void> {
    if (this.isClosed) throw failed('cmap_initialize', CsStatus.LIBRARY);
    this.knocking ??= this.enter(cmap).finally(() => (this.knocking = null));
    await this.knocking;
  }

  private async enter(cmap: CmapLibrary): Promise<void> {
    const handle: [Handle] = [0];
    const status = await cmap.initialize(handle);
    if (status !== CsStatus.OK) throw failed('cmap_initialize', status);
    await cmap.finalize(handle[0]);
  }
}

const failed = (call: string, status: number): TransportError =>
  new TransportError(
    'ERR_SSP_COROSYNC_FAILED',
    `Corosync cannot be asked for a sign of life (${call}: ${status})`,
    status,
  );
