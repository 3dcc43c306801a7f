/** `ssp record`: writes what a member of groups is sent to a file, as it comes. */
import { type Command, Option } from 'commander';
import { refusalOf } from '../../client/reader.js';
import type { Mailbox } from '../../mailbox/mailbox.js';
import type { ReceivedMessage } from '../../mailbox/received-message.js';
import { withoutBody } from '../../recording/format.js';
import { JOIN_MESS } from '../../wire/index.js';
import { TOOLKIT_VERSION, versionText } from '../../wire/version.js';
import { Interrupted, interruption } from '../failure.js';
import { type Access, lostFailure } from '../session.js';
import { count as countText } from '../units.js';
import { duration, groups, nameOption, size, verb } from '../values.js';
import { openMailbox } from './mailbox.js';
import { RecordingWriter } from './writer.js';

interface Flags extends Access {
  readonly output: string;
  readonly for?: number;
  readonly max?: number;
  readonly bodies: boolean;
}

/** Bytes that are written at once, about. */
const CHUNK_BYTES = 256 * 1024;

export const recordCommand = (command: Command): Command =>
  verb(
    command,
    [
      'ssp record room lobby -o room.ssplog',
      'ssp record room -o room.ssplog --for 10m --max 1GB --no-bodies',
    ],
    'one',
  )
    .argument('<group...>', 'groups to join; their members see the recorder', groups)
    .addOption(nameOption())
    .addOption(new Option('-o, --output <file>', 'file to write, which must not exist').makeOptionMandatory())
    .option(
      '--for <time>',
      'end after this time, such as 30s or 10m (default: when interrupted)',
      duration('s'),
    )
    .option('--max <size>', 'end before the file is larger, such as 100MB or 1GB', size)
    .option('--no-bodies', 'keep lengths and hashes of message bodies instead of the bodies')
    .action(async (names: string[], flags: Flags) => {
      const stop = interruption(false);
      const mailbox = await openMailbox(flags, flags.name ?? `rec${process.pid % 100_000}`, stop);
      try {
        await record(mailbox, names, flags, stop);
      } finally {
        await mailbox.disconnect();
      }
    });

async function record(
  mailbox: Mailbox,
  names: readonly string[],
  flags: Flags,
  stop: AbortSignal,
): Promise<void> {
  const { privateGroup: id, daemonVersion } = mailbox;
  const writer = await RecordingWriter.create(flags.output, {
    daemon: id.split('#')[2] ?? '',
    id,
    groups: names,
    started: new Date().toISOString(),
    toolkit: versionText(TOOLKIT_VERSION),
    protocol: versionText(daemonVersion),
    bodies: flags.bodies,
  });
  const begin = performance.now();
  const ends = [stop, ...(flags.for === undefined ? [] : [AbortSignal.timeout(flags.for)])];
  const end = AbortSignal.any(ends);
  try {
    for (const name of names) void mailbox.send(JOIN_MESS, [name], 0, []);
    while (!end.aborted && (await burst(mailbox, writer, flags, begin))) await mailbox.wait(end);
  } finally {
    await writer.close();
    const { frames, bytes } = writer;
    process.stderr.write(`${countText(frames)} frames, ${countText(bytes)} bytes in ${flags.output}\n`);
  }
  if (stop.aborted && !(stop.reason instanceof Interrupted)) throw stop.reason;
  if (mailbox.state === 'lost') throw lostFailure(flags.address, mailbox.cause);
}

/** Writes what is there; what comes meanwhile waits, in the end at the daemon. @returns false at the end */
async function burst(
  mailbox: Mailbox,
  writer: RecordingWriter,
  { bodies, max = Infinity }: Flags,
  begin: number,
): Promise<boolean> {
  let waiting = 0;
  for (let arrival = mailbox.take(); arrival; arrival = mailbox.take()) {
    const refusal = refusalOf(arrival, mailbox);
    if (refusal) throw refusal;
    const frame = frameOf(arrival, bodies);
    waiting += frame.length;
    if (writer.sizeWith(frame) > max) {
      await writer.flush();
      return false;
    }
    writer.add(performance.now() - begin, frame);
    if (waiting < CHUNK_BYTES) continue;
    await writer.flush();
    waiting = 0;
  }
  await writer.flush();
  return mailbox.state === 'open' || mailbox.waiting > 0;
}

const frameOf = (arrival: ReceivedMessage, bodies: boolean): Buffer =>
  bodies || arrival.kind !== 'data'
    ? arrival.frameBytes
    : withoutBody(arrival.frameBytes, arrival.body.length);
