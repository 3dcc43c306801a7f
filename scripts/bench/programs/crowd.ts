/** Connections that are members of a group, or idle; and one that joins and leaves. */
import { Buffer } from 'node:buffer';
import { encodeRequest } from '../../../lib/wire/request.js';
import { JOIN_MESS, LEAVE_MESS } from '../../../lib/wire/service.js';
import { groupName } from '../load/chunks.js';
import { Crowd } from '../load/crowd.js';
import { ChangeCounter } from '../load/change-counter.js';
import { type Line, open } from '../load/line.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';

export interface CrowdPlan {
  readonly port: number;
  readonly connections: number;
  /** How many of these ask for membership messages. */
  readonly listening: number;
  /** Whether those get records instead of whole views. */
  readonly isCompact?: boolean;
  /** Joins and leaves of the churning connection that are under way. */
  readonly window?: number;
}

/**
 * - `enter`: all join.
 * - `exit`: all leave.
 * - `churn`: another connection joins and leaves that many times; all others are in the group.
 */
export type CrowdRequest =
  { readonly what: 'enter' | 'exit' } | { readonly what: 'churn'; readonly changes: number };

export interface CrowdAnswer {
  readonly seconds: number;
}

const WINDOW = 8;

/** Joins and leaves in turn; each is answered with one frame. */
class Churner {
  private readonly counter = new ChangeCounter();

  private sent = 0;

  constructor(
    private readonly line: Line,
    private readonly window: number,
  ) {}

  async run(changes: number): Promise<void> {
    const { counter, line } = this;
    const end = counter.changes + changes;
    await new Promise<void>((resolve) => {
      const fill = (): void => {
        const requests: Buffer[] = [];
        for (; this.sent < Math.min(end, counter.changes + this.window); this.sent++) {
          const service = this.sent % 2 === 0 ? JOIN_MESS : LEAVE_MESS;
          requests.push(encodeRequest(service, line.name, [groupName(0)]));
        }
        if (requests.length > 0) line.socket.write(Buffer.concat(requests));
      };
      const take = (chunk: Buffer): void => {
        counter.push(chunk);
        if (counter.changes < end) return fill();
        line.socket.off('data', take);
        resolve();
      };
      line.socket.on('data', take);
      fill();
    });
  }
}

serve(async ({ port, connections, listening, isCompact = false, window = WINDOW }: CrowdPlan) => {
  const crowd = await Crowd.open(port, connections, listening, isCompact);
  let churner: Churner | undefined;
  const ask = async (request: CrowdRequest): Promise<void> => {
    if (request.what === 'churn') {
      churner ??= new Churner(
        await open({ kind: 'daemon', port }, 'both', isCompact ? 'compact' : true),
        window,
      );
      await Promise.all([churner.run(request.changes), crowd.arrived(request.changes * listening)]);
    } else await crowd[request.what]();
  };
  return async (request: CrowdRequest): Promise<CrowdAnswer> => {
    const start = now();
    await ask(request);
    return { seconds: (now() - start) / 1e3 };
  };
});
