/** One handle of the library: had, used, and given back, also when Corosync has stopped answering. */
import { Buffer } from 'node:buffer';
import { setTimeout as pause } from 'node:timers/promises';
import type { CpgAddress } from '../../views/ordered-transport.js';
import type { Collector } from './collector.js';
import {
  CsStatus,
  DELIVER_INITIAL_RING,
  DISPATCH_ONE_NONBLOCKING,
  MODEL_V1,
  TYPE_AGREED,
  TransportError,
  refusal,
} from './errors.js';
import type { CpgLibrary, Handle, Iovec, Registered } from './library.js';
import { connections, shutdownSocket } from './request-timeout.js';

/** Milliseconds between two tries of a request that was answered "try again". */
const PAUSE = 20;

/** Descriptors that belong to connections of this process: none of those that hang while they are being made. */
const known = new Set<number>();

export class Connection {
  private handle: Handle | null = null;
  private descriptorOf: number | null = null;
  private interruption: TransportError | null = null;
  private readonly callbacks: Registered;

  constructor(
    private readonly library: CpgLibrary,
    private readonly group: string,
    collector: Collector,
  ) {
    this.callbacks = library.register(collector.callbacks);
  }

  /** @throws TransportError; `release` is due then too */
  async open(): Promise<CpgAddress> {
    const { library } = this;
    const { deliver, confchg, ring } = this.callbacks;
    const data = { model: MODEL_V1, deliver, confchg, ring, flags: DELIVER_INITIAL_RING };
    const handle: [Handle] = [0];
    await this.ask('cpg_model_initialize', async () => await library.initialize(handle, MODEL_V1, data));
    [this.handle] = handle;
    this.descriptorOf = this.descriptor();
    known.add(this.descriptorOf);
    const node: [number] = [0];
    await this.ask('cpg_local_get', async () => await library.localGet(handle[0], node));
    await this.ask('cpg_join', async () => await library.join(handle[0], this.name()));
    return { node: node[0], pid: process.pid };
  }

  /** To be polled, and not to be read. */
  descriptor(): number {
    const descriptor: [number] = [-1];
    const status = this.library.fdGet(this.handle ?? 0, descriptor);
    if (status !== CsStatus.OK) throw refusal('cpg_fd_get', status);
    return descriptor[0];
  }

  /** One event, if there is one. */
  dispatch(): number {
    return this.library.dispatch(this.handle ?? 0, DISPATCH_ONE_NONBLOCKING);
  }

  mcast(iovec: Iovec): number {
    return this.library.mcast(this.handle ?? 0, TYPE_AGREED, iovec, 1);
  }

  /** Makes a request that waits for an answer end with an error, which is this one. */
  interrupt(reason: TransportError): void {
    this.interruption ??= reason;
    const own = this.descriptorOf;
    const hanging =
      own === null ? connections(this.library, 'cpg').filter((each) => !known.has(each)) : [own];
    for (const descriptor of hanging) shutdownSocket(this.library, descriptor);
  }

  /** Leaves the group. The others see it at once, and so does a poll of the descriptor. */
  async leave(): Promise<void> {
    if (this.handle !== null && !this.interruption) await this.library.leave(this.handle, this.name());
  }

  /** Frees everything. Nothing else may be under way. */
  async release(): Promise<void> {
    if (this.handle !== null) await this.library.finalize(this.handle);
    this.handle = null;
    if (this.descriptorOf !== null) known.delete(this.descriptorOf);
    this.callbacks.unregister();
  }

  private name(): { length: number; value: string } {
    return { length: Buffer.byteLength(this.group), value: this.group };
  }

  /** Asks until the answer is another than "try again". */
  private async ask(call: string, request: () => Promise<number>): Promise<void> {
    for (;;) {
      const status = await request();
      if (this.interruption) throw this.interruption;
      if (status === CsStatus.OK) return;
      if (status !== CsStatus.TRY_AGAIN) throw refusal(call, status);
      await pause(PAUSE);
      if (this.interruption) throw this.interruption;
    }
  }
}
