/** One client that joins and leaves as fast as it can write, and the members of the group that hear of it all. */
import { Buffer } from 'node:buffer';
import { dial } from '../../../lib/mailbox/dial.js';
import type { Transport } from '../../../lib/mailbox/transport.js';
import { encodeMessage, encodeRequest } from '../../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, LEAVE_MESS } from '../../../lib/wire/service.js';
import { groupName } from '../load/chunks.js';
import { FrameCounter } from '../load/frame-counter.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';

export interface StormPlan {
  readonly port: number;
  readonly members: number;
}

export interface StormRequest {
  readonly changes: number;
}

export interface StormAnswer {
  readonly seconds: number;
  /** Members whose connection the daemon has ended. */
  readonly cutOff: number;
}

const GROUP = groupName(0);

class Client {
  readonly counter = new FrameCounter();
  isCutOff = false;
  private told: () => void = () => undefined;

  private constructor(
    readonly socket: Transport,
    readonly name: string,
  ) {
    socket.on('data', (chunk: Buffer) => {
      this.counter.push(chunk);
      this.told();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isCutOff = true;
      this.told();
    });
    socket.resume();
  }

  static async open(port: number, membership: boolean): Promise<Client> {
    const client = await dial(
      { spreadName: `${port}@127.0.0.1`, membership },
      (socket, { accept }) => new Client(socket, accept.privateGroup),
    );
    if (!(client instanceof Client)) throw new Error(`connect answered ${client.code}`);
    return client;
  }

  async until(frames: number): Promise<void> {
    while (this.counter.frames < frames && !this.isCutOff) {
      await new Promise<void>((resolve) => {
        this.told = resolve;
      });
    }
  }
}

serve(async ({ port, members: count }: StormPlan) => {
  const members: Client[] = [];
  for (let i = 0; i < count; i++) {
    const member = await Client.open(port, true);
    member.socket.write(encodeRequest(JOIN_MESS, member.name, [GROUP]));
    await member.until(1);
    members.push(member);
  }
  const joiner = await Client.open(port, false);
  return async ({ changes }: StormRequest): Promise<StormAnswer> => {
    const requests = Array.from({ length: changes }, (_, i) =>
      encodeRequest(i % 2 === 0 ? JOIN_MESS : LEAVE_MESS, joiner.name, [GROUP]),
    );
    // Comes behind all of them in the order.
    requests.push(encodeMessage(AGREED_MESS, joiner.name, [joiner.name], 0, []));
    const start = now();
    const before = members.map(({ counter }) => counter.frames);
    const end = joiner.counter.frames + 1;
    joiner.socket.write(Buffer.concat(requests));
    await joiner.until(end);
    await Promise.all(members.map((member, i) => member.until((before[i] as number) + changes)));
    return { seconds: (now() - start) / 1e3, cutOff: members.filter(({ isCutOff }) => isCutOff).length };
  };
});
