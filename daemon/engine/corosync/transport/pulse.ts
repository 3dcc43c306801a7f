/**
 * A second connection to Corosync, by which it is asked for a sign of life: its table of settings, where it also says how
 * long its token timeout is. The answer comes from Corosync's own loop, which serves the group and the ring too. Each
 * request is made in a thread, because it waits for as long as Corosync hangs.
 */
import { TransportError } from './errors.js';
import { type CmapLibrary, type CpgLibrary, type Handle, loadCmapLibrary } from './library.js';
import { CsStatus } from './status.js';
import { connections, hangUp } from './stuck.js';

/** In milliseconds, with what `token_coefficient` adds for each node. */
const TOKEN_KEY = 'runtime.config.totem.token';

/** Milliseconds between two tries to end a question. */
const INTERRUPT_DELAY = 100;

/** Descriptors that belong to connections of this process. */
const known = new Set<number>();

export class Pulse {
  private handle: Handle | null = null;
  private descriptor: number | null = null;
  private isClosed = false;
  private busy: Promise<unknown> = Promise.resolve();

  /** @param path of libcpg, if it is not the system's */
  constructor(
    private readonly library: CpgLibrary,
    private readonly path?: string,
  ) {}

  /** As `CpgTransport.ask`. */
  async ask(begun: () => void): Promise<number> {
    const asking = this.question(begun);
    this.busy = asking.catch(() => undefined);
    return await asking;
  }

  /** Ends a question that waits, and gives the connection back. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.interrupt();
    // The thread of a question may not have come to its socket yet.
    const again = setInterval(() => this.interrupt(), INTERRUPT_DELAY);
    await this.busy;
    clearInterval(again);
    await this.release();
  }

  private interrupt(): void {
    const own = this.descriptor;
    const hanging =
      own === null ? connections(this.library, 'cmap').filter((each) => !known.has(each)) : [own];
    for (const descriptor of hanging) hangUp(this.library, descriptor);
  }

  private async release(): Promise<void> {
    const { handle, descriptor } = this;
    this.handle = null;
    this.descriptor = null;
    if (descriptor !== null) known.delete(descriptor);
    if (handle !== null) await (await loadCmapLibrary(this.path)).finalize(handle);
  }

  private async question(begun: () => void): Promise<number> {
    const cmap = await loadCmapLibrary(this.path);
    const answer = this.answer(cmap);
    answer.catch(() => undefined);
    // Threads are few and take their work in order: when this one was done, the question was begun.
    await this.library.poll(new Uint8Array(), 0, 0);
    begun();
    return await answer;
  }

  private async answer(cmap: CmapLibrary): Promise<number> {
    const handle = this.handle ?? (await this.open(cmap));
    const token: [number] = [0];
    const status = await cmap.getUint32(handle, TOKEN_KEY, token);
    if (this.isClosed) throw failed('cmap_get', status);
    if (status === CsStatus.LIBRARY) {
      await this.release();
      throw failed('cmap_get', status);
    }
    return status === CsStatus.OK ? token[0] : 0;
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
}

const failed = (call: string, status: number): TransportError =>
  new TransportError('FAILED', `Corosync cannot be asked for a sign of life (${call}: ${status})`, status);
