/**
 * A secure mailbox `#a#d1` on a scripted daemon, which plays the group `g` and its other member `#b#d2` besides. Frames are
 * written by hand; the other member's key is agreed by a machine of its own.
 */
import { Buffer } from 'node:buffer';
import { secureAt } from '../../lib/ssp/secure-table.js';
import type { SecureSession } from '../../lib/ssp/secure-session.js';
import {
  type SecureMailboxOptions,
  SSP_connect,
  SSP_join,
  SSP_kill,
  SSP_receive,
} from '../../lib/ssp/index.js';
import type { Authorization } from '../../lib/secure/core/agreement.js';
import { SECURE_TYPE } from '../../lib/secure/core/limits.js';
import { SecureMachine } from '../../lib/secure/core/machine.js';
import type { SecureFrame, SecureSink } from '../../lib/secure/core/port.js';
import { nodeProvider, pairOf } from '../../lib/secure/node-provider.js';
import { identityOf, secureOf } from '../secure/identities.js';
import { FakeDaemon, type FakeSession, within } from '../support/fake-daemon.js';
import { frame, viewFrame } from '../support/fake-daemon-frames.js';
import { roomy } from './receiving.js';
import { V } from './vectors.js';

const A = '#a#d1';
const B = '#b#d2';
const JOIN_BYTES = 80;
const HEADER_BYTES = 48;
const NAME_BYTES = 32;
const AGREED = 0x10;
const FIFO = 0x04;
const REGULAR = 0x3f;
const FLUSH_OK = -32_768;
const FLUSH_RECV = -32_767;
const CONFIRM_FLAG = 2;

const open: SecurePeer[] = [];

/** Ends all of them; for `afterEach`. */
export async function endPeers(): Promise<void> {
  for (const peer of open.splice(0)) await peer.end();
}

export class SecurePeer implements SecureSink {
  readonly machine: SecureMachine;
  /** The last message that `#b#d2` made. */
  private made: Buffer = Buffer.alloc(0);
  /** Whether what it makes goes out. */
  private isSending = true;
  private gone = 0;
  /** Its CONFIRM, which a spec sends where it wants. */
  confirm: Buffer = Buffer.alloc(0);

  private constructor(
    private readonly daemon: FakeDaemon,
    private readonly session: FakeSession,
    readonly mbox: number,
  ) {
    this.machine = new SecureMachine(
      nodeProvider,
      {
        group: 'g',
        self: B,
        mode: 'group',
        identity: pairOf(identityOf('b').privateKey),
        credential: Buffer.alloc(0),
        ownNotAfter: Infinity,
        isManual: false,
        rejoins: false,
        sealAfterMs: 60_000,
        rekeyAfterMs: Infinity,
        stalledAfterMs: Infinity,
      },
      this,
    );
  }

  /**
   * Both are in the secure view V, of which the mailbox has received the membership.
   * @param withholds whether the CONFIRM of the other member is left to the spec
   */
  static async start(options: Partial<SecureMailboxOptions> = {}, withholds = false): Promise<SecurePeer> {
    const daemon = await FakeDaemon.start();
    const secure: SecureMailboxOptions = { ...secureOf('a', 'a', 'b'), sealAfterMs: 60_000, ...options };
    const { mbox } = await SSP_connect(daemon.spreadName, 'a', { secure });
    const peer = new SecurePeer(daemon, await daemon.session(), mbox);
    open.push(peer);
    await SSP_join(mbox, 'g');
    await peer.agree();
    if (!withholds) await peer.session.send(peer.confirm);
    return peer;
  }

  /** A message of `#b#d2` in the secure view, not sent. */
  encrypted(text: string, type: number): Buffer {
    this.isSending = false;
    this.machine.send(AGREED, type, Buffer.from(text));
    this.isSending = true;
    return this.made;
  }

  /** Sends frames, and waits until this number of messages can be received. */
  async send(frames: readonly Buffer[], waiting: number): Promise<void> {
    const mailbox = secureAt(this.mbox) as SecureSession;
    await this.session.send(...frames);
    await within(
      this.until(() => mailbox.waiting === waiting),
      `${waiting} messages`,
    );
  }

  async end(): Promise<void> {
    SSP_kill(this.mbox);
    await this.daemon.stop();
  }

  // The daemon, and the flush layer of the other member.

  private async agree(): Promise<void> {
    await this.session.bytesFrom(JOIN_BYTES);
    this.gone = JOIN_BYTES;
    const members = [A, B];
    await this.session.send(viewFrame({ group: 'g', cause: 0x100, members, id: V, sets: [[A]] }));
    const received = SSP_receive(this.mbox, roomy());
    await within(
      this.until(() => this.relay() && this.machine.state === 'secure' && this.machine.confirmed.has(A)),
      'the key',
    );
    await within(received, 'the view');
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  }

  /** What the mailbox sends has its place in the order of the group. */
  private relay(): true {
    for (let request = this.next(); request; request = this.next()) {
      const { bytes, message } = request;
      if ((message.service & REGULAR) === 0) continue;
      void this.session.send(bytes);
      if (message.type === FLUSH_OK) this.flushed(message.body);
      else if (message.type === SECURE_TYPE) this.machine.data(message, 0);
    }
    return true;
  }

  /** The view of the flush layer is installed at both. */
  private flushed(id: Uint8Array): void {
    const body = Buffer.from(id);
    const control = { type: FIFO, name: B, groups: ['g'], data: body };
    void this.session.send(frame({ ...control, messType: FLUSH_OK }));
    void this.session.send(frame({ ...control, messType: FLUSH_RECV }));
    const view = { id: [...V] as [number, number, number], members: [A, B], changed: A, cameWithMe: [B] };
    this.machine.flushedView({ ...view, cause: 'join' }, 0);
    this.machine.settle(0);
  }

  private next(): { readonly bytes: Buffer; readonly message: SecureFrame } | null {
    const rest = this.session.received.subarray(this.gone);
    if (rest.length < HEADER_BYTES) return null;
    const count = rest.readInt32LE(36);
    const bodyAt = HEADER_BYTES + NAME_BYTES * count;
    const end = bodyAt + rest.readInt32LE(44);
    if (rest.length < end) return null;
    this.gone += end;
    const service = rest.readInt32LE(0) & ~0x80000080;
    const type = (((rest.readInt32LE(40) >> 8) & 0xffff) << 16) >> 16;
    const body = rest.subarray(bodyAt, end);
    const message = { sender: A, service, groups: ['g'], type, body };
    return { bytes: Buffer.from(rest.subarray(0, end)), message };
  }

  // The port of its machine.

  maySend(): boolean {
    return true;
  }

  transmit(service: number, _receivers: readonly string[] | null, body: Uint8Array): void {
    this.made = frame({
      type: service,
      name: B,
      groups: ['g'],
      messType: SECURE_TYPE,
      data: Buffer.from(body),
    });
    const isConfirm = body[1] === 3 && body[3] === CONFIRM_FLAG;
    if (isConfirm) this.confirm = this.made;
    if (!this.isSending || isConfirm) return;
    void this.session.send(this.made);
    const copy = { sender: B, service, groups: ['g'], type: SECURE_TYPE, body };
    // Its own copy comes after what is being handled.
    queueMicrotask(() => this.machine.data(copy, 0));
  }

  authorize(): Authorization {
    return { isAllowed: true, notAfter: Infinity };
  }

  clock(): number {
    return Math.floor(Date.now() / 1000);
  }

  flush(): void {}

  rejoin(): void {}

  deliver(): void {}

  drop(): void {}
}
