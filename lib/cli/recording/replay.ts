/** `ssp replay`: prints a recording as `ssp join` prints what arrives, or sends its messages again. */
import { type Command, Option } from 'commander';
import { RecordingError } from '../../recording/error.js';
import { eventsOf, groupsOf, type RecordedEvent, recordedGroups } from '../../recording/events.js';
import { RecordingReader } from '../../recording/reader.js';
import { eventJson, eventLine } from '../event-lines.js';
import { Failure, interruption, print } from '../failure.js';
import type { Access } from '../session.js';
import { printable } from '../text.js';
import { plural } from '../units.js';
import { address, duration, group, jsonOption, positive, verb } from '../values.js';
import { Resender } from './resend.js';

interface Flags extends Access {
  readonly from: number;
  readonly group?: string;
  readonly json?: boolean;
  readonly to?: string;
  readonly speed: number;
  readonly fast?: boolean;
}

export const replayCommand = (command: Command): Command =>
  verb(
    command,
    [
      'ssp replay room.ssplog',
      'ssp replay room.ssplog --group room --from 90s --json',
      'ssp replay room.ssplog --to 4803@localhost --speed 2',
    ],
    'one',
  )
    .argument('<file>', 'what ssp record has written')
    .option('--from <time>', 'leave out what came before, such as 90s after the beginning', duration('s'), 0)
    .option('-g, --group <group>', 'this group only', group)
    .addOption(jsonOption('one JSON object per line'))
    .addOption(new Option('--to <address>', 'send the messages to this daemon').argParser(address))
    .addOption(new Option('--speed <factor>', 'send this many times as fast').argParser(positive).default(1))
    .option('--fast', 'send without the time in between')
    .action(async (path: string, flags: Flags) => {
      const stop = interruption(true);
      using reader = reading(() => RecordingReader.open(path));
      const groups = reading(() => recordedGroups(path));
      if (flags.to === undefined) await show(reader, groups, flags, stop);
      else await resend(reader, groups, { ...flags, address: flags.to }, stop);
      if (reader.isTorn) process.stderr.write(`${path}: the last record was cut off\n`);
    });

/** The events that were asked for. @throws Failure */
function* eventsIn(reader: RecordingReader, { from, group: only }: Flags): Generator<RecordedEvent, void> {
  try {
    for (const each of eventsOf(reader))
      if (each.at >= from && (only === undefined || groupsOf(each.event).includes(only))) yield each;
  } catch (error) {
    throw failureOf(error);
  }
}

/** A file that is no good is the user's to mend. */
const failureOf = (error: unknown): unknown =>
  error instanceof RecordingError ? new Failure(error.message, undefined, { cause: error }) : error;

/** @throws Failure */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw failureOf(error);
  }
}

async function show(
  reader: RecordingReader,
  groups: readonly string[],
  flags: Flags,
  stop: AbortSignal,
): Promise<void> {
  const { id, started, daemon, bodies } = reader.head;
  const begin = new Date(started).getTime();
  if (flags.json !== true) {
    const what = bodies ? '' : ', hashes in place of bodies';
    const names = groups.map(printable).join(' ');
    await print(
      `-- ${names} at ${printable(daemon)}, from ${started} on, as ${printable(id)} saw it${what}`,
      stop,
    );
  }
  for (const { at, event } of eventsIn(reader, flags)) {
    stop.throwIfAborted();
    const time = new Date(begin + at);
    await print(flags.json ? eventJson(event, time, id) : eventLine(event, time, { me: id }), stop);
  }
}

async function resend(
  reader: RecordingReader,
  recorded: readonly string[],
  flags: Flags,
  stop: AbortSignal,
): Promise<void> {
  const { head } = reader;
  if (!head.bodies) throw new Failure('the recording has no bodies to send: it was made with --no-bodies');
  let [sent, views, others] = [0, 0, 0];
  await using resender = await Resender.open(flags, recorded, stop);
  let last: number | null = null;
  for (const { at, event } of eventsIn(reader, flags)) {
    if (event.kind === 'view') views++;
    if (event.kind !== 'data') continue;
    // What was sent to the recorder alone was for nobody else.
    const groups = event.groups.filter((each) => recorded.includes(each));
    if (groups.length === 0) {
      others++;
      continue;
    }
    if (flags.fast !== true) await resender.pause((at - (last ?? at)) / flags.speed);
    last = at;
    const { sender, body, type, service } = event;
    await resender.send({ sender, groups, body, type, service });
    sent++;
  }
  await resender.finished();
  const rest = others > 0 ? `, and ${plural(others, 'message')} to the recorder alone` : '';
  process.stderr.write(
    `${plural(sent, 'message')} sent; ${plural(views, 'view')} cannot be sent again${rest}\n`,
  );
}
