/**
 * The daemon's log: JSON lines on standard error or in a file, easy to read when standard error is a terminal. A log
 * that cannot be written is no reason to stop: lines are lost and the daemon goes on.
 */
import { mkdirSync, openSync } from 'node:fs';
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

/**
 * @param file appended to; null for standard error
 * @throws LogError
 */
export function openLog(level: LogLevel, file: string | null): pino.Logger {
  if (file === null && process.stderr.isTTY) return pino({ level }, pretty(PRETTY_OPTIONS));
  const destination = pino.destination({
    dest: file === null ? STANDARD_ERROR : open(file),
    sync: false,
    maxLength: MAX_UNWRITTEN,
  });
  // At the end of the process pino tries for ever to write what waits: on a full disk the daemon would not end.
  const flushSync = destination.flushSync.bind(destination);
  let isBroken = false;
  destination.on('error', () => (isBroken = true));
  destination.on('write', () => (isBroken = false));
  destination.flushSync = () => (isBroken ? undefined : flushSync());
  return pino({ level }, destination);
}

function open(file: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true });
    return openSync(file, 'a');
  } catch (error) {
    throw new LogError(`cannot write the log ${file} (${(error as NodeJS.ErrnoException).code})`);
  }
}
