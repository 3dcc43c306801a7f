/** Connections that are members of a group, or idle; and one that joins and leaves. */
import { Buffer } from 'node:buffer';
import { encodeRequest } from '../../../lib/wire/request.js';
import { JOIN_MESS, LEAVE_MESS } from '../../../lib/wire/service.js';
import { groupName } from '../load/chunks.js';
import { Crowd } from '../load/crowd.js';
import { FrameCounter } from '../load/frame-counter.js';
import { type Line, open } from '../load/line.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';

export interface CrowdPlan {
  readonly port: number;
  readonly connections: number;
  /** Of these so many ask for membership messages. */
  readonly listening: number;
}

/**
 * - `enter`: all join.
 * - `exit`: all leave.
 * - `churn`: another connection joins and leaves so many times; all others are in the group.
 */
export type CrowdRequest =
  { readonly what: 'enter' | 'exit' } | { readonly what: 'churn'; readonly changes: number };

export interface CrowdAnswer {
  readonly seconds: number;
}

/** Joins and leaves that are under way. */
const WINDOW = 8;

/** Joins and leaves in turn; each is answered with one frame. */
class Churner {
  private readonly counter = new FrameCounter();

  private sent = 0;

  constructor(private readonly line: Line) {}

  async run(changes: number): Promise<void> {
    const { counter, line } = this;
    const end = counter.frames + changes;
    await new Promise<void>((resolve) => {
      const fill = (): void => {
        const requests: Buffer[] = [];
        for (; this.sent < Math.min(end, counter.frames + WINDOW); this.sent++) {
          const service = this.sent % 2 === 0 ? JOIN_MESS : LEAVE_MESS;
          requests.push(encodeRequest(service, line.name, [groupName(0)]));
        }
        if (requests.length > 0) line.socket.write(Buffer.concat(requests));
      };
      const take = (chunk: Buffer): void => {
        counter.push(chunk);
        if (counter.frames < end) return fill();
        line.socket.off('data', take);
        resolve();
      };
      line.socket.on('data', take);
      fill();
    });
  }
}

serve(async ({ port, connections, listening }: CrowdPlan) => {
  const crowd = await Crowd.open(port, connections, listening);
  let churner: Churner | undefined;
  const ask = async (request: CrowdRequest): Promise<void> => {
    if (request.what === 'churn') {
      churner ??= new Churner(await open({ kind: 'daemon', port }, 'both', true));
      await Promise.all([churner.run(request.changes), crowd.arrived(request.changes * listening)]);
    } else await crowd[request.what]();
  };
  return async (request: CrowdRequest): Promise<CrowdAnswer> => {
    const start = now();
    await ask(request);
    return { seconds: (now() - start) / 1e3 };
  };
});
