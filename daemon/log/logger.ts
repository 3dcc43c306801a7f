/** What the daemon writes its log to: the functions, and the levels that it can have. What it goes to is in `log-output`. */

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The part of pino's logger that the daemon uses, so that a program with a daemon inside can bring its own. */
export interface Logger {
  /** For a developer. */
  debug(fields: object, message: string): void;
  /** What happens in normal operation. */
  info(fields: object, message: string): void;
  /** Something that a person should look at. */
  warn(fields: object, message: string): void;
  /** Something failed. */
  error(fields: object, message: string): void;
}

const ignore = (): void => undefined;

export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
