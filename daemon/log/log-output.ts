/**
 * The daemon's log: JSON lines on standard error or in a file, easy to read when standard error is a terminal. A log
 * that cannot be written does not stop the daemon: lines are lost, and it continues.
 */
import { accessSync, closeSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import pino from 'pino';
import { SspError, keepNames } from '../../lib/errors.js';
import { NotRegularError, checkRegular, openRegular } from '../regular-file.js';
import type { LogLevel } from './logger.js';
import { terminalLine } from './terminal-lines.js';

const STANDARD_ERROR = 2;
/** Bytes of lines that a full disk or a stopped reader may make wait; lines beyond are lost. */
const MAX_UNWRITTEN = 1024 * 1024;

/** The log file cannot be had. One line, for the person who starts the daemon. */
export class LogError extends SspError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SSP_LOG', message, options);
  }
}

keepNames({ LogError });

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
  if (file !== null) create(file);
  const destination = pino.destination({
    dest: file ?? STANDARD_ERROR,
    sync: false,
    maxLength: MAX_UNWRITTEN,
  });
  // At the end of the process pino tries forever to write what waits: on a full disk the daemon would not end.
  const flushSync = destination.flushSync.bind(destination);
  let isBroken = false;
  destination.on('error', () => (isBroken = true));
  destination.on('write', () => (isBroken = false));
  destination.flushSync = () => (isBroken ? undefined : flushSync());
  const log = pino({ level }, file === null && process.stderr.isTTY ? readable(destination) : destination);
  return { log, reopen: () => file !== null && reopen(file, destination, log) };
}

/** Takes JSON lines, writes lines for a person. */
function readable(destination: ReturnType<typeof pino.destination>): pino.DestinationStream {
  const isColoured = process.stderr.hasColors();
  return { write: (json) => void destination.write(terminalLine(json, isColoured)) };
}

/** Lines stay in the old file when the new one cannot be had. */
function reopen(file: string, destination: ReturnType<typeof pino.destination>, log: pino.Logger): void {
  try {
    create(file);
    destination.reopen();
  } catch (error) {
    log.error({ error: (error as Error).message }, 'log file not reopened');
  }
}

/**
 * Whether the log can be written there. Nothing is changed: who asks may not be who will write.
 * @throws LogError
 */
export function checkLog(file: string | null): void {
  if (file === null) return;
  failingAsLog(file, () => {
    const isThere = checkRegular(file, true);
    // With the slash, only a folder is accepted.
    accessSync(isThere ? file : `${existingFolder(file)}/`, constants.W_OK);
  });
}

/** Its folder, or what there is of it: the rest is made at start. */
function existingFolder(file: string): string {
  const folder = dirname(file);
  return existsSync(folder) || folder === file ? folder : existingFolder(folder);
}

function create(file: string): void {
  const { O_APPEND, O_CREAT, O_WRONLY } = constants;
  failingAsLog(file, () => {
    mkdirSync(dirname(file), { recursive: true });
    closeSync(openRegular(file, O_WRONLY | O_APPEND | O_CREAT, 0o666));
  });
}

function failingAsLog(file: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = error instanceof NotRegularError || code === undefined ? message : code;
    throw new LogError(`cannot write the log ${file} (${reason})`, { cause: error });
  }
}
