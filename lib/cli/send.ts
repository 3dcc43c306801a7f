/** `ssp send`: one message, or every line of standard input. */
import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import {
  type Connection,
  ConnectionClosedError,
  MessageTooLongError,
  type SendOptions,
  type Service,
} from '../index.js';
import { abortable } from '../util/deferred.js';
import { answered } from './echo.js';
import { Failure, USAGE_STATUS, interruption } from './failure.js';
import { joinUnread } from './join.js';
import { checkSecureFlags, type SecureFlags, secureFlagOptions, secureOf } from './secure-flags.js';
import { type Access, withConnection } from './session.js';
import { destinations, integer, nameOption, serviceOption, verb } from './values.js';

/** Messages handed to the connection before the kernel has taken the first. */
const UNDER_WAY = 256;

interface Flags extends Access, SecureFlags {
  readonly service: Service;
  readonly type: number;
}

export const sendCommand = (command: Command): Command => {
  verb(command, [
    'ssp send room "good morning"',
    'ssp send room,lobby - < lines.txt',
    "ssp send '#anna#host' 'to one connection only'",
    'ssp send vault secret --secure --identity bob.pem --allow keys.txt',
  ])
    .argument(
      '<group>',
      'group, or #name#daemon for one connection; several are separated by commas',
      destinations,
    )
    .argument('[text]', 'the message; "-" or nothing: the lines of standard input')
    .hook('preAction', checkSecureFlags)
    .addOption(nameOption())
    .addOption(serviceOption())
    .option('-t, --type <number>', 'application-defined message type', integer(-32_768, 32_767), 0)
    .action(async (names: string[], text: string | undefined, flags: Flags) => {
      if (text === undefined && process.stdin.isTTY) {
        throw new Failure('nothing to send: give a text, or - to type lines', USAGE_STATUS);
      }
      const stop = interruption(true);
      const options = { service: flags.service, type: flags.type };
      await withConnection(flags, stop, async (connection) => {
        const secure = secureOf(flags);
        // Only members of a secure group are heard.
        if (secure) await Promise.all(names.map((name) => joinUnread(connection, name, secure)));
        const mark = Buffer.from(randomUUID());
        const refused = firstRefusal(connection, mark);
        if (text === undefined || text === '-') await sendLines(connection, names, options, stop, refused);
        else await sendLine(connection, names, text, options);
        await confirmed(connection, mark, refused);
      });
    });
  for (const option of secureFlagOptions()) command.addOption(option);
  return command;
};

/** Milliseconds for the daemon to answer what was sent. */
const ANSWER_LIMIT_MS = 10_000;

/** Aborted when the daemon refuses a message other than the mark; the reason says which. */
function firstRefusal(connection: Connection, mark: Buffer): AbortSignal {
  const refusal = new AbortController();
  connection.on('reject', ({ body, error }) => {
    if (!body.equals(mark)) refusal.abort(error);
  });
  return refusal.signal;
}

/**
 * A message is refused later than it is sent.
 * @throws PermissionDeniedError, or Failure when the daemon does not answer in time
 */
async function confirmed(connection: Connection, mark: Buffer, refused: AbortSignal): Promise<void> {
  const limit = AbortSignal.timeout(ANSWER_LIMIT_MS);
  try {
    await abortable(answered(connection, mark), AbortSignal.any([refused, limit]));
  } catch (error) {
    throw limit.aborted ? new Failure('sent, but the daemon does not answer: it orders nothing now') : error;
  }
}

async function sendLines(
  connection: Connection,
  names: readonly string[],
  options: SendOptions,
  stop: AbortSignal,
  refused: AbortSignal,
): Promise<void> {
  // It ends the loop without an error, as the end of the input does.
  const close = (): void => void process.stdin.destroy();
  for (const signal of [stop, refused]) signal.addEventListener('abort', close, { once: true });
  connection.once('close', close);
  try {
    let sending: Promise<void>[] = [];
    for await (const line of linesOf(process.stdin)) {
      const sent = sendLine(connection, names, line, options);
      // Whether it failed is asked when the batch is full.
      sent.catch(() => undefined);
      sending.push(sent);
      if (sending.length < UNDER_WAY) continue;
      await Promise.all(sending);
      sending = [];
    }
    await Promise.all(sending);
    // The loss ends the lines, too; those that somebody was about to type are not sent.
    refused.throwIfAborted();
    if (!connection.open) throw new ConnectionClosedError();
  } finally {
    close();
  }
}

/** More than any message can have. */
const MAX_LINE_BYTES = 1024 * 1024;
const LF = 0x0a;
const CR = 0x0d;

const withoutCr = (line: Buffer): Buffer => (line.at(-1) === CR ? line.subarray(0, -1) : line);

/** The lines of a stream as they are, byte for byte: each ends at LF, or CR LF; the last one may have no end. */
async function* linesOf(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  let rest: Buffer[] = [];
  let held = 0;
  const whole = (end: Buffer): Buffer => {
    const line = rest.length === 0 ? end : Buffer.concat([...rest, end]);
    rest = [];
    held = 0;
    return line;
  };
  try {
    for await (const chunk of input) {
      let from = 0;
      for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, from)) {
        yield withoutCr(whole(chunk.subarray(from, at)));
        from = at + 1;
      }
      if (from === chunk.length) continue;
      rest.push(chunk.subarray(from));
      held += chunk.length - from;
      if (held > MAX_LINE_BYTES) throw new Failure(`a line is longer than ${MAX_LINE_BYTES} bytes`);
    }
  } catch (error) {
    // Nobody reads it any more.
    if ((error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE') return;
    throw error;
  }
  if (rest.length > 0) yield whole(Buffer.alloc(0));
}

async function sendLine(
  connection: Connection,
  names: readonly string[],
  text: string | Buffer,
  options: SendOptions,
): Promise<void> {
  try {
    await connection.send(names, text, options);
  } catch (error) {
    throw error instanceof MessageTooLongError ? new Failure(error.message) : error;
  }
}
