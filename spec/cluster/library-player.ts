/** A recorded client that is played by our library: the requests of the recording as calls on a mailbox. */
import { Buffer } from 'node:buffer';
import { Mailbox } from '../../lib/mailbox/mailbox.js';
import { JOIN_MESS } from '../../lib/wire/service.js';
import {
  type Decoded,
  decodedOf,
  firstOf,
  framesOf,
  isDecodedFrame,
  type Trace,
} from '../support/recordings.js';
import { eventually } from '../support/wait.js';
import { type ClientLog, seenOf } from './client-log.js';

/** The marker of the byte order in service words [session 4.2]. */
const MARKER = 0x80000080;

export class LibraryPlayer {
  readonly seen: ClientLog[] = [];
  private mailbox: Mailbox | null = null;
  private readonly requests: Decoded[];

  constructor(
    readonly trace: Trace,
    private readonly address: string,
  ) {
    this.requests = decodedOf(trace, 'c2d').filter(
      (unit) => isDecodedFrame(unit) || unit.what === 'connect request',
    );
  }

  /** Number of the next chunk in the order of the recording; infinite when there is none. */
  get seq(): number {
    const [next] = this.requests;
    return next ? (this.trace.chunks[next.chunk]?.seq ?? Infinity) : Infinity;
  }

  /** Makes the next call, after everything that came before it in the recording. */
  async step(): Promise<void> {
    const request = this.requests.shift();
    if (!request) return;
    const due = framesOf(this.trace, 'd2c').filter(({ chunk }) => chunk < request.chunk).length;
    await this.sees(due);
    if (!isDecodedFrame(request)) await this.connect();
    else if (request.what === 'disconnect request') await this.mailbox?.disconnect();
    else await this.send(request.what === 'join request' ? JOIN_MESS : Number(request.type), request);
  }

  /** Resolves when so many messages were received. */
  async sees(count: number): Promise<void> {
    const what = `${this.trace.id}: message ${count}, ${this.seen.length} came`;
    await eventually(() => this.seen.length >= count, what, LIMIT);
  }

  end(): void {
    this.mailbox?.kill();
  }

  private async connect(): Promise<void> {
    const request = firstOf(this.trace, 'connect request');
    const mailbox = await Mailbox.open({
      spreadName: this.address,
      name: request?.name ?? '',
      membership: request?.membership_wanted ?? true,
    });
    if (typeof mailbox === 'number') throw new Error(`${this.trace.id}: connect answered ${mailbox}`);
    this.mailbox = mailbox;
    void this.receive(mailbox);
  }

  private async send(
    service: number,
    {
      groups,
      mess_type: type,
      data_text: text = '',
    }: { groups: readonly string[]; mess_type: number; data_text?: string },
  ): Promise<void> {
    await this.mailbox?.send(service & ~MARKER, groups, type, [Buffer.from(text, 'latin1')]);
  }

  private async receive(mailbox: Mailbox): Promise<void> {
    while (mailbox.state === 'open') {
      for (let arrival = mailbox.take(); arrival; arrival = mailbox.take()) this.seen.push(seenOf(arrival));
      await mailbox.wait();
    }
  }
}

const LIMIT = 20_000;
