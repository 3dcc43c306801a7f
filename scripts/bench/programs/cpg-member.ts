/**
 * The yardstick of `cluster`: a process in a group of Corosync in the place of a daemon and its client. It sends with the
 * daemon's transport what a daemon would send for such a load, payloads of full frames, and receives what all send.
 */
import { Buffer } from 'node:buffer';
import { Fifo } from '../../../lib/util/fifo.js';
import { PACK_BYTES } from '../../../daemon/core/batcher.js';
import { KoffiCpgTransport } from '../../../daemon/engine/corosync/transport/cpg-transport.js';
import { DATA_HEAD_BYTES } from '../../../daemon/engine/views/message.js';
import type { CpgEvent } from '../../../daemon/engine/views/ordered-transport.js';
import { checkedOptions, RETRY_DELAY } from '../../../daemon/engine/views/ports.js';
import { frameBytes, framesPerChunk } from '../load/chunks.js';
import { Round, type RoundRequest } from '../load/round.js';
import { serve } from '../load/serve.js';

export interface CpgMemberPlan {
  /** Of Corosync. */
  readonly group: string;
  readonly members: number;
  readonly size: number;
  /** Messages of a member under way; there may be fewer, for a daemon limits the bytes. */
  readonly window: number;
}

/** What one multicast carries. */
interface Piece {
  readonly bytes: Buffer;
  /** Messages that end in it. */
  readonly messages: number;
  readonly isLast: boolean;
}

/** In the head: messages that end, and whether the sender ends the run. */
const MESSAGES_AT = 0;
const LAST_AT = 4;
const { fragmentBytes, inFlightBytes } = checkedOptions({});

class Member {
  private readonly round: Round;
  private readonly head = Buffer.alloc(DATA_HEAD_BYTES);
  private readonly frames: Buffer;
  private readonly maxInFlight: number;
  private readonly pieces = new Fifo<Piece>();
  private inFlight = 0;
  private isRetrying = false;
  private node = 0;
  private isWhole: () => void = () => undefined;

  constructor(
    private readonly transport: KoffiCpgTransport,
    private readonly plan: CpgMemberPlan,
  ) {
    const { total, least, most } = inFlightBytes;
    this.round = new Round(plan.members, plan.window);
    this.frames = Buffer.alloc(Math.max(PACK_BYTES, frameBytes(plan.size)), 'x');
    this.maxInFlight = Math.max(least, Math.min(most, total / plan.members));
  }

  /** Resolves when all members are there. */
  async open(): Promise<void> {
    const whole = new Promise<void>((resolve) => (this.isWhole = resolve));
    const { node } = await this.transport.open(this.plan.group, {
      events: (batch) => this.take(batch),
      dead: (error) => {
        throw error;
      },
    });
    this.node = node;
    await whole;
  }

  readonly run = ({ seconds }: RoundRequest): ReturnType<Round['run']> => this.round.run(seconds, this.fill);

  private readonly fill = (): void => {
    while (!this.isRetrying && this.inFlight < this.maxInFlight) {
      if (this.pieces.length === 0) this.make();
      const piece = this.pieces.peek();
      if (!piece || !this.send(piece)) return;
      this.pieces.shift();
      this.inFlight += piece.bytes.length;
    }
  };

  /** The next payload, in as many pieces as a daemon makes of it. */
  private make(): void {
    const { round, plan, pieces } = this;
    const messages = Math.min(round.free, framesPerChunk(plan.size));
    if (messages === 0) return;
    const isLast = round.isOver;
    round.sending(messages, isLast);
    const end = messages * frameBytes(plan.size);
    for (let at = 0; at < end; at += fragmentBytes) {
      const isEnd = at + fragmentBytes >= end;
      const bytes = this.frames.subarray(at, Math.min(end, at + fragmentBytes));
      pieces.push({ bytes, messages: isEnd ? messages : 0, isLast: isEnd && isLast });
    }
  }

  private send({ bytes, messages, isLast }: Piece): boolean {
    this.head.writeUInt32LE(messages, MESSAGES_AT);
    this.head[LAST_AT] = Number(isLast);
    const answer = this.transport.mcast(this.head, bytes);
    if (answer === 'again') {
      this.isRetrying = true;
      setTimeout(() => {
        this.isRetrying = false;
        this.fill();
      }, RETRY_DELAY);
    }
    return answer === 'ok';
  }

  private take(batch: readonly CpgEvent[]): void {
    for (const event of batch) {
      if (event.kind === 'confchg' && event.members.length === this.plan.members) this.isWhole();
      if (event.kind !== 'deliver') continue;
      const { data, node } = event;
      const isOwn = node === this.node;
      if (isOwn) this.inFlight -= data.length - DATA_HEAD_BYTES;
      this.round.arrived(data.readUInt32LE(MESSAGES_AT), isOwn, data[LAST_AT] === 1);
    }
    this.fill();
  }
}

serve(async (plan: CpgMemberPlan) => {
  const member = new Member(new KoffiCpgTransport(), plan);
  await member.open();
  return member.run;
});
