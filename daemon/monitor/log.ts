/**
 * The daemon's log: JSON lines on standard error or in a file, easy to read when standard error is a terminal. A log
 * that cannot be written is no reason to stop: lines are lost and the daemon goes on.
 */
import pino from 'pino';
import pretty from 'pino-pretty';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const STANDARD_ERROR = 2;
/** Bytes of lines that a full disk or a stopped reader may make wait; lines beyond are lost. */
const MAX_UNWRITTEN = 1024 * 1024;
const PRETTY_OPTIONS = { destination: STANDARD_ERROR, ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' };

/**
 * @param file appended to; null for standard error
 */
export function openLog(level: LogLevel, file: string | null): pino.Logger {
  if (file === null && process.stderr.isTTY) return pino({ level }, pretty(PRETTY_OPTIONS));
  const destination = pino.destination({
    dest: file ?? STANDARD_ERROR,
    sync: false,
    mkdir: true,
    maxLength: MAX_UNWRITTEN,
  });
  destination.on('error', () => undefined);
  return pino({ level }, destination);
}
