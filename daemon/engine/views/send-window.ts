/**
 * What a view machine sends: control messages, own payloads within the window, acknowledgements
 * [corosync 5.4, 5.6]. An acknowledgement rides on a payload where one goes out; alone it goes when a safe message
 * waits for it, and otherwise late.
 */
import { Buffer } from 'node:buffer';
import type { SendOptions } from '../port.js';
import type { Multicast } from './ordered-transport.js';
import type { InstalledView } from './installed-view.js';
import { RETRY_DELAY, type ViewsOptions } from './ports.js';
import * as wire from './message.js';
import { type Fragment, SendBuffer } from './send-buffer.js';

export class SendWindow {
  readonly outgoing: SendBuffer;
  /** Times that the transport asked for patience. */
  tryAgain = 0;
  /** The view that is in force; null from its cut to the next. */
  private installed: InstalledView | null = null;
  /** The exchange that follows the view is over. */
  proceeding = false;
  /** Control messages in their order; they go before everything else. */
  private control: Buffer[] = [];
  private readonly head = Buffer.alloc(wire.DATA_HEAD_BYTES);
  /** Own DATA messages in the view. */
  private number = 0;
  /** What was last acknowledged, and the bytes delivered since. */
  private acknowledged = 0;
  private bytes = 0;
  private retryAt = Infinity;
  private ackAt = Infinity;
  private heartbeatAt = Infinity;
  private wantsDrain = false;
  /** Whether a client here is behind in its reading, and whether the others have that. */
  private isBehind = false;
  private isBehindTold = false;

  constructor(
    private readonly options: ViewsOptions,
    private readonly version: number,
    private readonly transport: (head: Buffer, body: Buffer | null) => Multicast,
  ) {
    this.outgoing = new SendBuffer(options.fragmentBytes);
  }

  /** When `tick` is to be called. */
  get dueAt(): number {
    return Math.min(this.retryAt, this.ackAt, this.heartbeatAt);
  }

  get hasControl(): boolean {
    return this.control.length > 0;
  }

  /** A view is in force. */
  begin(installed: InstalledView, now: number): void {
    this.installed = installed;
    this.proceeding = false;
    this.control = [];
    this.number = 0;
    this.acknowledged = 0;
    this.bytes = 0;
    this.isBehindTold = false;
    this.heartbeatAt = now + this.options.heartbeat;
  }

  /** A cut. @returns how many payloads will be sent again */
  end(): number {
    this.control = [];
    this.ackAt = Infinity;
    this.heartbeatAt = Infinity;
    if (!this.installed) return 0;
    this.installed = null;
    return this.outgoing.endView();
  }

  /** @returns false above the high-water mark */
  add(payload: Buffer, { safe = false, exchange = false }: SendOptions): boolean {
    this.outgoing.add(payload, safe, exchange);
    if (this.outgoing.queuedBytes <= this.options.highWater) return true;
    this.wantsDrain = true;
    return false;
  }

  /** Whether there is room again for the one who was told no. Says so once. */
  hasDrained(): boolean {
    if (!this.wantsDrain || this.outgoing.queuedBytes > this.options.highWater / 2) return false;
    this.wantsDrain = false;
    return true;
  }

  /** The next message tells it; an acknowledgement, if nothing else goes out. */
  tellBehind(isBehind: boolean): void {
    this.isBehind = isBehind;
  }

  exchangeDone(): void {
    this.proceeding = true;
  }

  /** A control message, which goes out once however often it is asked for before that. */
  queue(message: Buffer): void {
    if (!this.control.includes(message)) this.control.push(message);
  }

  /** A DATA message was delivered here. */
  delivered(bytes: number, isOwn: boolean): void {
    this.bytes += bytes;
    if (isOwn) this.outgoing.delivered();
  }

  tick(now: number): void {
    if (now >= this.heartbeatAt) this.acknowledge(now);
  }

  /** At the end of a turn: sends what may go, and the acknowledgement that nothing carried and that is due. */
  flush(now: number): void {
    const { installed } = this;
    if (this.pump(now) || !installed) return;
    const { index } = installed.stability;
    const hasNews = this.isBehind !== this.isBehindTold;
    if (index === this.acknowledged && !hasNews) return;
    const isDue =
      hasNews ||
      installed.hasSafeBehind(this.acknowledged) ||
      this.bytes >= this.options.ackBytes ||
      now >= this.ackAt;
    if (isDue) this.acknowledge(now);
    else if (this.ackAt === Infinity) this.ackAt = now + this.options.ackDelay;
  }

  /** Sends what may go. @returns whether a payload went out */
  pump(now: number): boolean {
    if (now < this.retryAt && this.retryAt !== Infinity) return false;
    this.retryAt = Infinity;
    for (let [first] = this.control; first; [first] = this.control) {
      if (!this.mcast(first, null, now)) return false;
      this.control.shift();
    }
    let went = false;
    while (this.installed && this.mayGo(this.installed)) {
      const fragment = this.outgoing.next(!this.proceeding);
      if (!fragment || !this.sendData(this.installed, fragment, now)) break;
      went = true;
    }
    return went;
  }

  private sendData(installed: InstalledView, fragment: Fragment, now: number): boolean {
    const { own, bytes, more } = fragment;
    const flags =
      this.flags |
      (own.safe ? wire.FLAG_SAFE : 0) |
      (own.exchange ? wire.FLAG_EXCHANGE : 0) |
      (more ? wire.FLAG_MORE : 0);
    const { tag } = installed.view.id;
    const ack = installed.acknowledged;
    wire.writeViewHead(this.head, {
      version: this.version,
      type: wire.Type.data,
      flags,
      tag,
      number: this.number + 1,
      ack,
    });
    if (!this.mcast(this.head, bytes, now)) return false;
    this.number++;
    this.outgoing.accepted(fragment);
    this.acknowledgedUpTo(installed.stability.index, now);
    return true;
  }

  private acknowledge(now: number): void {
    const { view, stability, acknowledged: ack } = this.installed as InstalledView;
    const { number, version } = this;
    wire.writeViewHead(this.head, {
      version,
      type: wire.Type.ack,
      flags: this.flags,
      tag: view.id.tag,
      number,
      ack,
    });
    if (this.mcast(this.head, null, now)) {
      this.acknowledgedUpTo(stability.index, now);
    } else {
      this.ackAt = Infinity;
      this.heartbeatAt = now + RETRY_DELAY;
    }
  }

  private get flags(): number {
    return this.isBehind ? wire.FLAG_BEHIND : 0;
  }

  private acknowledgedUpTo(index: number, now: number): void {
    this.acknowledged = index;
    this.isBehindTold = this.isBehind;
    this.bytes = 0;
    this.ackAt = Infinity;
    this.heartbeatAt = now + this.options.heartbeat;
  }

  /** Whether the window and the slowest member allow one more. */
  private mayGo({ stability, entries }: InstalledView): boolean {
    const { total, least, most } = this.options.inFlightBytes;
    if (stability.unstableBytes >= this.options.maxUnstableBytes) return false;
    const window = Math.max(least, Math.min(most, total / entries.length));
    return this.outgoing.inFlightBytes === 0 || this.outgoing.inFlightBytes < window;
  }

  private mcast(head: Buffer, body: Buffer | null, now: number): boolean {
    const answer = this.transport(head, body);
    if (answer === 'again') {
      this.tryAgain++;
      this.retryAt = now + RETRY_DELAY;
    }
    return answer === 'ok';
  }
}
