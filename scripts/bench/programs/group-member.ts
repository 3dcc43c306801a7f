/** A member of a group that sends to it with the client API, or counts what another one sends. */
import { Buffer } from 'node:buffer';
import { connect, type Group } from '../../../lib/index.js';
import { generateIdentity } from '../../../lib/secure/index.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';

export interface MemberPlan {
  readonly port: number;
  readonly name: string;
  readonly group: string;
  readonly isSecure: boolean;
  /** Whether its connection comes back when it is lost; every request has a number then. */
  readonly resumes: boolean;
}

export interface MemberRequest {
  readonly act: 'send' | 'receive';
  readonly messages: number;
  readonly bytes: number;
}

export interface MemberAnswer {
  /** When the first message was sent, or the last one received. */
  readonly time: number;
}

/** Bytes of bodies that are given to the library before its promise is awaited. */
const BATCH_BYTES = 64 * 1024;
/** Batches under way. */
const BATCHES = 4;
const MEMBERS = 2;

/** The other member sends to both. */
async function together(group: Group): Promise<void> {
  while (group.members.length < MEMBERS) await new Promise((resolve) => setImmediate(resolve));
}

async function send(group: Group, { messages, bytes }: MemberRequest): Promise<MemberAnswer> {
  await together(group);
  const batch = Math.max(1, Math.floor(BATCH_BYTES / Math.max(100, bytes)));
  const body = Buffer.alloc(bytes, 'x');
  const underWay: Promise<void>[] = [];
  const start = now();
  for (let sent = 0; sent < messages;) {
    const end = Math.min(messages, sent + batch);
    let last: Promise<void> | undefined;
    for (; sent < end; sent++) last = group.send(body, { selfDiscard: true });
    if (last) underWay.push(last);
    if (underWay.length > BATCHES || sent === messages) await underWay.shift();
    else await Promise.resolve();
  }
  await Promise.all(underWay);
  return { time: start };
}

serve(async ({ port, name, group, isSecure, resumes }: MemberPlan) => {
  const address = `${port}@127.0.0.1`;
  const connection = await connect(resumes ? { addresses: [address], name } : { address, name });
  const secure = { identity: generateIdentity(), authorize: (): boolean => true };
  const joined = await connection.join(group, isSecure ? { secure } : {});
  let received = 0;
  let arrived: (() => void) | null = null;
  joined.on('data', () => {
    received++;
    arrived?.();
  });
  const receive = async ({ messages }: MemberRequest): Promise<MemberAnswer> => {
    await new Promise<void>((resolve) => {
      arrived = () => {
        if (received === messages) resolve();
      };
      arrived();
    });
    arrived = null;
    received = 0;
    return { time: now() };
  };
  return async (request: MemberRequest): Promise<MemberAnswer> =>
    request.act === 'send' ? await send(joined, request) : await receive(request);
});
