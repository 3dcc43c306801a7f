/** `ssp flood`: how much goes through a running daemon. */
import { Buffer } from 'node:buffer';
import { type Command, Option } from 'commander';
import type { Service } from '../../index.js';
import {
  AGREED_MESS,
  CAUSAL_MESS,
  FIFO_MESS,
  RELIABLE_MESS,
  SAFE_MESS,
  UNRELIABLE_MESS,
} from '../../wire/index.js';
import { MAX_REQUEST_BYTES, NAME_BYTES } from '../../wire/limits.js';
import type { Mailbox } from '../../mailbox/mailbox.js';
import { Failure, interruption, print } from '../failure.js';
import { lostFailure } from '../session.js';
import { duration, group as groupName, integer, jsonOption, serviceOption, verb } from '../values.js';
import { joinAll, openAll } from './connections.js';
import { floodJson, floodText, showProgress } from './report.js';
import { Flood, type FloodFlags, type FloodResult } from './run.js';

const MAX_BODY = MAX_REQUEST_BYTES - NAME_BYTES;
/** The services as a message carries them. */
const bits: Readonly<Record<Service, number>> = {
  unreliable: UNRELIABLE_MESS,
  reliable: RELIABLE_MESS,
  fifo: FIFO_MESS,
  causal: CAUSAL_MESS,
  agreed: AGREED_MESS,
  safe: SAFE_MESS,
};

const MAX_CONNECTIONS = 500;
const DEFAULT_MESSAGES = 500_000;
/** The daemon also drops a session that too many bytes wait for; large bodies get a smaller window. */
const BYTES_UNDER_WAY = 16 * 1024 * 1024;

export const floodCommand = (command: Command): Command =>
  verb(command, ['ssp flood', 'ssp flood --senders 4 --receivers 4 --size 1000 --seconds 5'], 'one')
    .option('--senders <n>', 'connections that send', integer(1, MAX_CONNECTIONS), 1)
    .option('--receivers <n>', 'connections in the group', integer(1, MAX_CONNECTIONS), 1)
    .option('--size <bytes>', 'size of the bodies', integer(0, MAX_BODY), 100)
    .option('-m, --messages <n>', 'messages to send, by all senders together', integer(1), DEFAULT_MESSAGES)
    .addOption(
      new Option('--seconds <time>', 'send for this long instead; a plain number is seconds')
        .argParser(duration('s'))
        .conflicts('messages'),
    )
    .addOption(serviceOption())
    .option(
      '--window <n>',
      'maximum of messages under way; the daemon drops a session with 1000 waiting',
      integer(1, 1_000_000),
      800,
    )
    .addOption(
      new Option('--group <group>', 'group to use')
        .argParser(groupName)
        .default(`flood-${process.pid}`, 'flood- and the number of this process'),
    )
    .addOption(jsonOption('the result as one JSON object'))
    .action(flood);

async function flood(given: FloodFlags): Promise<void> {
  const stop = interruption(true);
  const flags = { ...given, window: Math.min(given.window, Math.ceil(BYTES_UNDER_WAY / (given.size + 1))) };
  const { address, senders, receivers } = flags;
  const sending = await openAll(flags, senders, false, stop);
  let receiving: Mailbox[] = [];
  try {
    receiving = await openAll(flags, receivers, true, stop);
    await joinAll(receiving, flags.group, address, stop);
    const result = await measure(sending, receiving, flags, stop);
    await print(flags.json === true ? floodJson(flags, result) : floodText(flags, result), stop);
    if (!result.ordered) throw new Failure('the receivers did not get the same messages in the same order');
  } finally {
    await Promise.all([...sending, ...receiving].map((mailbox) => mailbox.disconnect()));
  }
  stop.throwIfAborted();
}

async function measure(
  sending: readonly Mailbox[],
  receiving: readonly Mailbox[],
  flags: FloodFlags,
  stop: AbortSignal,
): Promise<FloodResult> {
  const { address, size, seconds, window, group } = flags;
  const messages = seconds === undefined ? flags.messages : Infinity;
  const service = bits[flags.service];
  const run = new Flood(sending, receiving, {
    group,
    service,
    body: Buffer.alloc(size, 'x'),
    messages,
    window,
  });
  const start = performance.now();
  const done = showProgress(() => {
    const share = seconds === undefined ? run.arrived / messages : (performance.now() - start) / seconds;
    return { share, messages: run.arrived };
  });
  const end = (): void => run.stop();
  const timer = seconds === undefined ? undefined : setTimeout(end, seconds);
  stop.addEventListener('abort', end, { once: true });
  try {
    const result = await run.run();
    if (result === null) throw lostFailure(address);
    return result;
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', end);
    done();
  }
}
