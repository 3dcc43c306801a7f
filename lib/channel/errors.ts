/**
 * What channels throw: one class per condition, with a word in `code`, a number in `errno`, and the code that MESSIP
 * gave where it had one [channels 19].
 */
import { keepNames } from '../errors.js';

const conditions = {
  TIMEOUT: { errno: -104, messip: -4, text: 'timed out' },
  ABORTED: { errno: -105, messip: null, text: 'aborted by the signal' },
  EXISTS: { errno: -110, messip: null, text: 'a channel with this name exists' },
  NOT_FOUND: { errno: -111, messip: null, text: 'no such channel' },
  BAD_NAME: {
    errno: -112,
    messip: null,
    text: 'expected a name of 1 to 47 bytes of UTF-8 without control characters and #',
  },
  NOT_OWNER: { errno: -113, messip: -1, text: 'the channel belongs to another connection' },
  HAS_CLIENTS: { errno: -114, messip: null, text: 'the channel has clients' },
  NOT_PRIMARY: { errno: -115, messip: null, text: 'this partition cannot assign names (not primary)' },
  ORPHANED: { errno: -116, messip: null, text: 'the owner of the name is in another part of the network' },
  NOT_ATTACHED: { errno: -117, messip: null, text: 'the channel is closed on this side' },
  SERVER_GONE: { errno: -120, messip: -1, text: 'the server has ended' },
  SERVER_UNREACHABLE: { errno: -121, messip: null, text: 'the server is in another part of the network' },
  CLIENT_GONE: { errno: -122, messip: null, text: 'the client has ended' },
  ALREADY_REPLIED: { errno: -123, messip: null, text: 'the request was already answered or dropped' },
  CHANNEL_FULL: { errno: -124, messip: null, text: 'the queue of the channel is full' },
  BUFFERING_OFF: { errno: -125, messip: null, text: 'the channel takes no posts' },
  BODY_TOO_LONG: { errno: -126, messip: null, text: 'the body is too long' },
  BAD_ARGUMENT: { errno: -127, messip: null, text: 'bad argument' },
  CONNECTION_CLOSED: { errno: -8, messip: null, text: 'the connection to the daemon is lost' },
  BUSY: { errno: -128, messip: null, text: 'another receiver is active on this channel' },
} as const;

/** The condition in one word. */
export type ChannelCode = keyof typeof conditions;

/** Any failure of a channel. */
export class ChannelError extends Error {
  /** What MESSIP answered in this case, or null where it had no code. */
  readonly messip: number | null;
  /**
   * Of a call to a channel with `ackReceipt`: whether the server's application is known to have taken the request.
   * Absent where the channel does not say, and of all other errors.
   */
  declare readonly received?: boolean | undefined;

  /** @param code one of `ChannelCode`, or the server's own word when it refused a request */
  constructor(
    readonly code: string,
    readonly errno: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
    this.messip = code in conditions ? conditions[code as ChannelCode].messip : null;
  }
}

const condition = (code: ChannelCode) =>
  class extends ChannelError {
    constructor(detail?: string, options?: ErrorOptions) {
      const { errno, text } = conditions[code];
      super(code, errno, `${text}${detail === undefined ? '' : `: ${detail}`} (${code})`, options);
    }
  };

export class TimeoutError extends condition('TIMEOUT') {}
/** `cause` is the signal's reason. */
export class AbortedError extends condition('ABORTED') {}
export class ExistsError extends condition('EXISTS') {}
export class NotFoundError extends condition('NOT_FOUND') {}
export class BadNameError extends condition('BAD_NAME') {}
export class NotOwnerError extends condition('NOT_OWNER') {}
export class HasClientsError extends condition('HAS_CLIENTS') {
  constructor(
    /** How many. */
    readonly count: number,
  ) {
    super(`${count} of them`);
  }
}
export class NotPrimaryError extends condition('NOT_PRIMARY') {}
export class OrphanedError extends condition('ORPHANED') {}
export class NotAttachedError extends condition('NOT_ATTACHED') {}
export class ServerGoneError extends condition('SERVER_GONE') {
  constructor(
    /** Null when the server closed while it refused this request. */
    readonly reason: GoneReason | null,
    detail?: string,
  ) {
    super([detail, reason].filter(Boolean).join(', ') || undefined);
  }
}
export class ServerUnreachableError extends condition('SERVER_UNREACHABLE') {}
export class ClientGoneError extends condition('CLIENT_GONE') {}
export class AlreadyRepliedError extends condition('ALREADY_REPLIED') {}
export class ChannelFullError extends condition('CHANNEL_FULL') {}
export class BufferingOffError extends condition('BUFFERING_OFF') {}
export class BodyTooLongError extends condition('BODY_TOO_LONG') {}
export class BadArgumentError extends condition('BAD_ARGUMENT') {}
export class ConnectionLostError extends condition('CONNECTION_CLOSED') {}
export class BusyError extends condition('BUSY') {}
/** The server refused the request with a word of its own, which is the `code`. */
export class RefusedError extends ChannelError {
  constructor(code: string, text: string) {
    super(code, 0, text === '' ? `the server refused: ${code}` : `${text} (${code})`);
  }
}

keepNames({
  ChannelError,
  TimeoutError,
  AbortedError,
  ExistsError,
  NotFoundError,
  BadNameError,
  NotOwnerError,
  HasClientsError,
  NotPrimaryError,
  OrphanedError,
  NotAttachedError,
  ServerGoneError,
  ServerUnreachableError,
  ClientGoneError,
  AlreadyRepliedError,
  ChannelFullError,
  BufferingOffError,
  BodyTooLongError,
  BadArgumentError,
  ConnectionLostError,
  BusyError,
  RefusedError,
});

type Plain = Exclude<ChannelCode, 'HAS_CLIENTS' | 'SERVER_GONE'>;

const classes: Readonly<Record<Plain, new (detail?: string, options?: ErrorOptions) => ChannelError>> = {
  TIMEOUT: TimeoutError,
  ABORTED: AbortedError,
  EXISTS: ExistsError,
  NOT_FOUND: NotFoundError,
  BAD_NAME: BadNameError,
  NOT_OWNER: NotOwnerError,
  NOT_PRIMARY: NotPrimaryError,
  ORPHANED: OrphanedError,
  NOT_ATTACHED: NotAttachedError,
  SERVER_UNREACHABLE: ServerUnreachableError,
  CLIENT_GONE: ClientGoneError,
  ALREADY_REPLIED: AlreadyRepliedError,
  CHANNEL_FULL: ChannelFullError,
  BUFFERING_OFF: BufferingOffError,
  BODY_TOO_LONG: BodyTooLongError,
  BAD_ARGUMENT: BadArgumentError,
  CONNECTION_CLOSED: ConnectionLostError,
  BUSY: BusyError,
};

/** The error of a condition. */
export const channelError = (code: Plain, detail?: string, options?: ErrorOptions): ChannelError =>
  new classes[code](detail, options);

/** Why a command to the registry failed. @param name of the channel */
export const commandError = (code: ChannelCode, name: string): ChannelError =>
  code === 'HAS_CLIENTS' || code === 'SERVER_GONE' ? new BadArgumentError(code) : channelError(code, name);

/** The number that stands for the condition in a refusal. */
export const errnoOf = (code: ChannelCode): number => conditions[code].errno;

const byErrno = new Map<number, ChannelCode>(
  Object.entries(conditions).map(([code, { errno }]) => [errno, code as ChannelCode]),
);

/** What a refusal means to the one who asked. @param errno 0 for the server's own words */
export function refusalError(errno: number, code: string, text: string): ChannelError {
  const known = byErrno.get(errno);
  if (known === 'SERVER_GONE') return new ServerGoneError(null, text || undefined);
  if (known === undefined || known === 'HAS_CLIENTS') return new RefusedError(code, text);
  return channelError(known, text || undefined);
}

// Why somebody is not there any more.

/**
 * `released`: the channel was closed. `left`: the connection gave up its channels in order. `disconnect`: process or
 * connection ended. `network`: in another part of the network, and may come back. `conflict`: two parts of the network
 * gave away the same name, and the other owner keeps it. `taken-over`: the name was given away while its owner was
 * unreachable for long.
 */
export type GoneReason = 'released' | 'left' | 'disconnect' | 'network' | 'conflict' | 'taken-over';
