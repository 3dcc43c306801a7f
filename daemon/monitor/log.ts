/**
 * The daemon's log: JSON lines on standard error or in a file, easy to read when standard error is a terminal. A log
 * that cannot be written is no reason to stop: lines are lost and the daemon goes on.
 */
import { closeSync, constants, fstatSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import pino from 'pino';
import pretty from 'pino-pretty';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const STANDARD_ERROR = 2;
/** Bytes of lines that a full disk or a stopped reader may make wait; lines beyond are lost. */
const MAX_UNWRITTEN = 1024 * 1024;
const PRETTY_OPTIONS = { destination: STANDARD_ERROR, ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' };

/** The log file cannot be had. One line, for the person who starts the daemon. */
export class LogError extends Error {
  override readonly name = 'LogError';
}

export interface Log {
  readonly log: pino.Logger;
  /** Opens the file again, after a log rotation has moved it away. */
  readonly reopen: () => void;
}

/**
 * @param file appended to; null for standard error
 * @throws LogError
 */
export function openLog(level: LogLevel, file: string | null): Log {
  if (file === null && process.stderr.isTTY)
    return { log: pino({ level }, pretty(PRETTY_OPTIONS)), reopen: () => undefined };
  if (file !== null) checkFile(file);
  const destination = pino.destination({
    dest: file ?? STANDARD_ERROR,
    sync: false,
    maxLength: MAX_UNWRITTEN,
  });
  // At the end of the process pino tries for ever to write what waits: on a full disk the daemon would not end.
  const flushSync = destination.flushSync.bind(destination);
  let isBroken = false;
  destination.on('error', () => (isBroken = true));
  destination.on('write', () => (isBroken = false));
  destination.flushSync = () => (isBroken ? undefined : flushSync());
  return { log: pino({ level }, destination), reopen: () => file !== null && destination.reopen() };
}

/** Whether it can be written, and is not a pipe: one that nobody reads would hold the daemon up. */
function checkFile(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants;
    const descriptor = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o666);
    const isPipe = fstatSync(descriptor).isFIFO();
    closeSync(descriptor);
    if (isPipe) throw new LogError(`cannot write the log ${file} (a pipe)`);
  } catch (error) {
    if (error instanceof LogError) throw error;
    throw new LogError(`cannot write the log ${file} (${(error as NodeJS.ErrnoException).code})`);
  }
}
