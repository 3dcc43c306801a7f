/**
 * What encryption costs: messages of 100 bytes per second from one member to another through a daemon, in a secure group
 * and in a plain one, next to what the cipher alone seals, and what the keys of an epoch seal and open.
 */
import { Buffer } from 'node:buffer';
import { bindingOf, readDataHeader } from '../../lib/secure/core/data.js';
import { EpochKeys } from '../../lib/secure/core/epoch-keys.js';
import { DATA_HEADER_BYTES } from '../../lib/secure/core/limits.js';
import { nodeProvider } from '../../lib/secure/node-provider.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { Load, Server } from '../bench/processes.js';
import type { MemberAnswer, MemberPlan, MemberRequest } from '../bench/programs/group-member.js';

export const THROUGHPUTS = ['cipher', 'seal', 'open', 'secure', 'plain'] as const;
export type Throughput = (typeof THROUGHPUTS)[number];

const BODY_BYTES = 100;
const GROUP = 'flow';
const SENDER = '#sender#bench';
/** Operations between two looks at the clock. */
const BATCH = 1_000;

/** How many a second, in about this time. */
function rateOf(seconds: number, act: () => void): number {
  const start = performance.now();
  let count = 0;
  for (; performance.now() - start < seconds * 1e3; count += BATCH) for (let i = 0; i < BATCH; i++) act();
  return (count / (performance.now() - start)) * 1e3;
}

/** The cipher with what a message of the group would give it. */
function cipherRate(seconds: number): number {
  const aad = bindingOf(Buffer.alloc(32, 1), SENDER, AGREED_MESS, [GROUP]);
  const [key, nonce] = [Buffer.alloc(32, 2), Buffer.alloc(12)];
  const plain = Buffer.alloc(2 + BODY_BYTES, 'x');
  let counter = 0;
  return rateOf(seconds, () => {
    nonce.writeUInt32LE(counter++, 4);
    nodeProvider.seal(key, nonce, aad, plain);
  });
}

const keys = (): EpochKeys => {
  const secret = { viewSecret: Buffer.alloc(32, 3), check: Buffer.alloc(32, 4), id: Buffer.alloc(32, 1) };
  const insiders = new Map([[SENDER, null]]);
  const options = { mode: 'group', group: GROUP, epoch: 0, self: SENDER, insiders, signer: null } as const;
  return new EpochKeys(nodeProvider, secret, options);
};

const message = {
  service: AGREED_MESS,
  groups: [GROUP],
  isControl: false,
  type: 0,
  body: Buffer.alloc(BODY_BYTES, 'x'),
} as const;

function sealRate(seconds: number): number {
  const sender = keys();
  return rateOf(seconds, () => void sender.seal(message));
}

function openRate(seconds: number): number {
  const receiver = keys();
  const { service, groups } = message;
  const sealed = keys().seal(message);
  const frame = { sender: SENDER, service, groups, body: sealed };
  const header = readDataHeader(frame, GROUP, 'group');
  if (!header || sealed.length < DATA_HEADER_BYTES) throw new Error('a message of another form');
  // The same one again is opened, and then refused for its counter.
  return rateOf(seconds, () => void receiver.open(frame, header));
}

/** Sender, receiver and daemon, each a process of its own. */
class Flow implements AsyncDisposable {
  private count = 20_000;

  private constructor(
    private readonly held: readonly AsyncDisposable[],
    private readonly sender: Load<MemberRequest, MemberAnswer>,
    private readonly receiver: Load<MemberRequest, MemberAnswer>,
  ) {}

  static async open(isSecure: boolean): Promise<Flow> {
    const server = await Server.daemon();
    const plan = { port: server.port, group: GROUP, isSecure, resumes: false };
    const receiver = await Load.start<MemberRequest, MemberAnswer>('group-member', {
      ...plan,
      name: 'receiver',
    } satisfies MemberPlan);
    const sender = await Load.start<MemberRequest, MemberAnswer>('group-member', {
      ...plan,
      name: 'sender',
    } satisfies MemberPlan);
    return new Flow([sender, receiver, server], sender, receiver);
  }

  /** The first run finds how many messages take that long. */
  async rate(seconds: number): Promise<number> {
    const { count: messages } = this;
    const [{ time: start }, { time: end }] = await Promise.all([
      this.sender.ask({ act: 'send', messages, bytes: BODY_BYTES }),
      this.receiver.ask({ act: 'receive', messages, bytes: BODY_BYTES }),
    ]);
    const rate = (messages / (end - start)) * 1e3;
    this.count = Math.max(1_000, Math.round(rate * seconds));
    return rate;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.held) await each[Symbol.asyncDispose]();
  }
}

/** All of them in turn, so that each meets the machine in the same mood. @returns of each the rates, in rising order */
export async function throughputs(runs: number, seconds: number): Promise<Record<Throughput, number[]>> {
  await using secure = await Flow.open(true);
  await using plain = await Flow.open(false);
  const measures: Record<Throughput, () => number | Promise<number>> = {
    cipher: () => cipherRate(seconds),
    seal: () => sealRate(seconds),
    open: () => openRate(seconds),
    secure: () => secure.rate(seconds),
    plain: () => plain.rate(seconds),
  };
  const rates: Record<Throughput, number[]> = { cipher: [], seal: [], open: [], secure: [], plain: [] };
  // The first two rounds warm up.
  for (let round = -2; round < runs; round++) {
    for (const name of round % 2 === 0 ? THROUGHPUTS : THROUGHPUTS.toReversed()) {
      const rate = await measures[name]();
      if (round >= 0) rates[name].push(rate);
    }
  }
  for (const name of THROUGHPUTS) rates[name].sort((a, b) => a - b);
  return rates;
}
