/**
 * Sends to its group and receives what all send, frame by frame with a write each and a window of messages under way: a
 * program that keeps some messages on their way, and whose library gathers nothing.
 */
import { Buffer } from 'node:buffer';
import { encodeMessage } from '../../../lib/wire/request.js';
import { AGREED_MESS } from '../../../lib/wire/service.js';
import { frameBytes } from '../load/chunks.js';
import { join } from '../load/join.js';
import { type Line, open, type Target } from '../load/line.js';
import { Round, type RoundRequest } from '../load/round.js';
import { serve } from '../load/serve.js';

export interface WindowClientPlan {
  readonly target: Target;
  readonly size: number;
  readonly window: number;
  readonly clients: number;
  /** Its place among them, from 0. */
  readonly index: number;
}

const GROUP = 'window';
/** In the last byte of a body: the place of the sender, and whether this is its last message of the run. */
const LAST = 0x80;

class WindowClient {
  private readonly round: Round;
  private readonly usual: Buffer;
  private readonly last: Buffer;
  /** Bytes of the stream so far, less whole frames. */
  private at = 0;

  constructor(
    private readonly line: Line,
    private readonly plan: WindowClientPlan,
  ) {
    this.round = new Round(plan.clients, plan.window);
    this.usual = this.frame(plan.index);
    this.last = this.frame(plan.index | LAST);
    line.socket.on('data', (chunk: Buffer) => this.take(chunk));
    line.socket.resume();
  }

  readonly run = ({ seconds }: RoundRequest): ReturnType<Round['run']> => this.round.run(seconds, this.fill);

  private frame(mark: number): Buffer {
    const body = Buffer.alloc(this.plan.size, 'x');
    body[body.length - 1] = mark;
    return encodeMessage(AGREED_MESS, this.line.name, [GROUP], 0, [body]);
  }

  private readonly fill = (): void => {
    const { round, line } = this;
    const isLast = round.isOver;
    while (round.free > 0) {
      round.sending(1, isLast);
      line.socket.write(isLast ? this.last : this.usual);
    }
  };

  private take(chunk: Buffer): void {
    const { round, plan } = this;
    const length = frameBytes(plan.size);
    for (let mark = length - 1 - this.at; mark < chunk.length; mark += length) {
      const byte = chunk[mark] as number;
      round.arrived(1, (byte & ~LAST) === plan.index, (byte & LAST) !== 0);
    }
    this.at = (this.at + chunk.length) % length;
    this.fill();
  }
}

serve(async (plan: WindowClientPlan) => {
  const line = await open(plan.target, 'both');
  await join(line, [GROUP]);
  return new WindowClient(line, plan).run;
});
