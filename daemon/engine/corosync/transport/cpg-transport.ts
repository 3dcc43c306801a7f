/** The group of daemons by libcpg through koffi, in the way measured best [corosync 2.3]. */
import { Buffer } from 'node:buffer';
import {
  type CpgAddress,
  type CpgEvent,
  type CpgTransport,
  MAX_CPG_MESSAGE,
  type Multicast,
} from '../../views/ordered-transport.js';
import { Collector } from './collector.js';
import { Connection } from './connection.js';
import { Dispatcher } from './dispatcher.js';
import { CsStatus, TransportError, lost } from './errors.js';
import { type CpgLibrary, type Iovec, loadCmapLibrary, loadLibrary } from './library.js';
import { Poll } from './poll.js';
import { Pulse } from './pulse.js';

/** Turns of the event loop that look again before a thread is set to wait, which costs more than they do together. */
const LOOKS = 4;

/** Milliseconds for Corosync to answer everything that opening, and that closing asks. */
const OPEN_LIMIT = 10_000;
const CLOSE_LIMIT = 1000;

interface Handlers {
  events(batch: readonly CpgEvent[], emptyAt: number): void;
  dead(error: Error): void;
}

export class KoffiCpgTransport implements CpgTransport {
  private state: 'new' | 'opening' | 'open' | 'lost' | 'closed' = 'new';
  private handlers: Handlers | null = null;
  private connection: Connection | null = null;
  private dispatcher: Dispatcher | null = null;
  private poll: Poll | null = null;
  private pulse: Pulse | null = null;
  /** Every message is put together here; the library copies it before it returns. */
  private room = Buffer.alloc(0);
  private iovec: Iovec = { base: 0n, length: 0 };
  /** Turns that may look in vain before the next wait. */
  private looks = 0;
  /** What is under way in the library. The connection is given back behind it. */
  private busy: Promise<unknown> = Promise.resolve();
  private closing: Promise<void> | null = null;

  /** @param library another file than the system's libcpg */
  constructor(private readonly library?: string) {}

  async open(group: string, handlers: Handlers): Promise<CpgAddress> {
    if (this.state !== 'new') throw new TypeError('a transport is opened once');
    this.state = 'opening';
    this.handlers = handlers;
    const opening = this.connect(group);
    this.busy = opening.catch(() => undefined);
    return await opening;
  }

  mcast(head: Buffer, body: Buffer | null): Multicast {
    const { connection, iovec, room } = this;
    if (!connection || this.state !== 'open') return 'dead';
    const length = head.length + (body?.length ?? 0);
    if (length > MAX_CPG_MESSAGE) throw new RangeError(`${length} bytes are more than one message holds`);
    head.copy(room);
    body?.copy(room, head.length);
    iovec.length = length;
    const status = connection.mcast(iovec);
    if (status === CsStatus.OK) return 'ok';
    if (status === CsStatus.TRY_AGAIN) return 'again';
    // The handler must not be called from inside a call of the handler's owner.
    setImmediate(() => this.lose(lost(status)));
    return 'dead';
  }

  async ask(begun: () => void): Promise<number> {
    const { pulse } = this;
    if (!pulse || this.state !== 'open') throw closedMeanwhile();
    return await pulse.ask(begun);
  }

  async close(): Promise<void> {
    this.closing ??= this.end();
    await this.closing;
  }

  private async connect(group: string): Promise<CpgAddress> {
    const library = await loadLibrary(this.library);
    this.checkStillWanted();
    const collector = new Collector(library);
    const connection = new Connection(library, group, collector);
    this.connection = connection;
    const limit = setTimeout(() => connection.interrupt(silent()), OPEN_LIMIT);
    try {
      const address = await connection.open();
      this.checkStillWanted();
      this.start(library, connection, collector);
      return address;
    } catch (error) {
      // Not when `close` has come in between: it gives the connection back itself.
      if (this.state === 'opening') {
        this.state = 'closed';
        this.connection = null;
        await bounded(connection, connection.release());
      }
      throw error;
    } finally {
      clearTimeout(limit);
    }
  }

  private checkStillWanted(): void {
    if (this.state === 'closed') throw closedMeanwhile();
  }

  private start(library: CpgLibrary, connection: Connection, collector: Collector): void {
    this.room = Buffer.allocUnsafeSlow(MAX_CPG_MESSAGE);
    this.iovec = { base: library.address(this.room), length: 0 };
    this.dispatcher = new Dispatcher(collector, () => connection.dispatch());
    this.poll = new Poll(library, connection.descriptor());
    this.pulse = new Pulse(library, async () => await loadCmapLibrary(this.library));
    this.state = 'open';
    setImmediate(() => this.turn(false));
  }

  /** Hands over what there is, up to the limits of a turn. */
  private turn(isBroken: boolean): void {
    const { dispatcher } = this;
    if (this.state !== 'open' || !dispatcher) return;
    const { status, batch, emptyAt, failure: missed } = dispatcher.turn();
    const failure = missed ?? whyLost(status, isBroken);
    if (batch.length > 0) this.looks = LOOKS;
    try {
      if (batch.length > 0 && !missed) this.handlers?.events(batch, emptyAt);
    } finally {
      if (failure) this.lose(failure);
      else if (status === CsStatus.OK || this.looks-- > 0) setImmediate(() => this.turn(isBroken));
      else if (this.state === 'open' && this.poll) this.busy = this.wait(this.poll);
    }
  }

  private async wait(poll: Poll): Promise<void> {
    const seen = await poll.wait();
    // Out of the promise: what a handler throws is an exception of the process and not a lost rejection.
    setImmediate(() => this.turn(seen === 'broken'));
  }

  private lose(error: Error): void {
    if (this.state !== 'open') return;
    this.state = 'lost';
    this.handlers?.dead(error);
    void this.close();
  }

  /** Bounded whatever Corosync does, because the process waits for it when it ends. */
  private async end(): Promise<void> {
    const { state, connection, pulse } = this;
    this.state = 'closed';
    const silenced = pulse?.close();
    if (state === 'opening') connection?.interrupt(closedMeanwhile());
    if (state === 'open' && connection) await bounded(connection, connection.leave());
    await this.busy;
    if (connection) await bounded(connection, connection.release());
    this.connection = null;
    await silenced;
  }
}

/** Corosync has so long to answer what the end of a connection asks. */
async function bounded(connection: Connection, answer: Promise<void>): Promise<void> {
  const limit = setTimeout(() => connection.interrupt(silent()), CLOSE_LIMIT);
  await answer;
  clearTimeout(limit);
}

/** Why nothing comes after this any more; null when more may come. */
function whyLost(status: number, isBroken: boolean): Error | null {
  if (status === CsStatus.OK) return null;
  if (status === CsStatus.TRY_AGAIN && !isBroken) return null;
  return lost(status === CsStatus.TRY_AGAIN ? CsStatus.LIBRARY : status);
}

const closedMeanwhile = (): TransportError =>
  new TransportError('ERR_SSP_COROSYNC_CLOSED', 'the transport was closed before it was open');

const silent = (): TransportError =>
  new TransportError('ERR_SSP_COROSYNC_BUSY', 'Corosync is running but does not answer: is it suspended?');
